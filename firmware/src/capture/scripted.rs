//! A sound device that follows a script, on a clock that only the script advances: plays every fault without hardware and
//! without waiting. For tests only.
//!
//! Its samples count up by one per frame *along the clock*: frames that it did not record are missing from the count. If
//! the script's times are whole frames, every sample must therefore equal the number that capture assigns to its frame.

use core::sync::atomic::Ordering::Relaxed;
use core::time::Duration;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use monitor_core::pcm::SampleFormat;
use nix::errno::Errno;

use super::pcm::{Clock, Pcm, PcmError, PcmState, Source, StreamSpec};
use super::status::CaptureStatus;

/// A call of the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// [`Source::open`].
    Open,
    /// [`Pcm::wait`].
    Wait,
    /// [`Pcm::available`].
    Available,
    /// [`Pcm::read`].
    Read,
    /// [`Pcm::start`].
    Start,
    /// [`Pcm::stop`].
    Stop,
    /// [`Pcm::prepare`].
    Prepare,
    /// [`Pcm::resume`].
    Resume,
}

/// What happens next. One or more are used up by each wait.
#[derive(Debug, Clone, Copy)]
pub enum Step {
    /// Records this many frames in real time; ends the wait.
    Frames(u64),
    /// Makes this many frames available at once; ends the wait.
    Burst(u64),
    /// Delivers nothing until the wait times out.
    Nothing,
    /// Ends the wait at once without frames.
    Spurious,
    /// The wait fails.
    WaitFails(Errno),
    /// The next such call fails; calls fail in the order of these steps.
    Fails(Call, Errno),
    /// The next read returns only this many frames.
    ShortRead(u64),
    /// The device is in this state from now on, until it is started.
    State(PcmState),
    /// Advances the clock by this time without recording; not while frames are waiting to be read.
    Pass(Duration),
    /// The device has this specification when it is reopened.
    Respec(StreamSpec),
    /// Runs a function on the capture thread.
    Do(fn()),
}

struct World {
    now: Duration,
    spec: StreamSpec,
    steps: VecDeque<Step>,
    failures: VecDeque<(Call, Errno)>,
    log: Vec<Call>,
    state: PcmState,
    /// Frames waiting, and the number of the first of them.
    waiting: u64,
    next: u64,
    origin: Option<Duration>,
    short: Option<u64>,
    buffer: Vec<u8>,
    status: Arc<CaptureStatus>,
}

/// The source, the device and the clock of one script: clones are the same one.
#[derive(Clone)]
pub struct Scripted(Arc<Mutex<World>>);

/// Calls the log has room for.
const LOG: usize = 100_000;

impl Scripted {
    /// A device with `spec` (S16 or S32) that follows `steps` and requests capture to stop after the last one.
    #[must_use]
    pub fn new(spec: StreamSpec, steps: impl IntoIterator<Item = Step>, status: &Arc<CaptureStatus>) -> Self {
        Self(Arc::new(Mutex::new(World {
            now: Duration::from_secs(100),
            spec,
            steps: steps.into_iter().collect(),
            failures: VecDeque::with_capacity(64),
            log: Vec::with_capacity(LOG),
            state: PcmState::Prepared,
            waiting: 0,
            next: 0,
            origin: None,
            short: None,
            buffer: Vec::with_capacity(1 << 20),
            status: Arc::clone(status),
        })))
    }

    /// The calls so far, except [`Call::Wait`], [`Call::Available`] and [`Call::Read`].
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        let asks = [Call::Wait, Call::Available, Call::Read];
        self.world().log.iter().copied().filter(|call| !asks.contains(call)).collect()
    }

    /// The number of calls of the device.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.world().log.len()
    }

    /// How much of the script's time has passed.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.world().now - Duration::from_secs(100)
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl World {
    /// Logs the call, and returns its scripted failure, if any.
    fn called(&mut self, call: Call) -> Result<(), PcmError> {
        if self.log.len() < LOG {
            self.log.push(call);
        }
        match self.failures.front() {
            Some(&(failing, errno)) if failing == call => {
                self.failures.pop_front();
                Err(PcmError::new("scripted", errno))
            }
            _ => Ok(()),
        }
    }
}

impl Source for Scripted {
    type Pcm = Self;

    fn open(&mut self) -> Result<Self, PcmError> {
        let mut world = self.world();
        world.called(Call::Open)?;
        world.state = PcmState::Prepared;
        world.waiting = 0;
        drop(world);
        Ok(self.clone())
    }
}

impl Clock for Scripted {
    fn now(&self) -> Duration {
        self.world().now
    }

    fn sleep(&self, time: Duration) {
        self.world().now += time;
    }
}

impl Pcm for Scripted {
    fn spec(&self) -> StreamSpec {
        self.world().spec
    }

    fn wait(&mut self, timeout: Duration) -> Result<bool, PcmError> {
        let mut guard = self.world();
        let world = &mut *guard;
        world.called(Call::Wait)?;
        loop {
            match world.steps.pop_front() {
                Some(Step::Frames(frames)) => {
                    let time = world.spec.duration(frames);
                    world.now += time;
                    world.waiting += frames;
                    return Ok(true);
                }
                Some(Step::Burst(frames)) => {
                    world.waiting += frames;
                    return Ok(true);
                }
                Some(Step::Nothing) => {
                    world.now += timeout;
                    return Ok(false);
                }
                Some(Step::Spurious) => return Ok(true),
                Some(Step::WaitFails(errno)) => return Err(PcmError::new("scripted wait", errno)),
                Some(Step::Fails(call, errno)) => world.failures.push_back((call, errno)),
                Some(Step::ShortRead(frames)) => world.short = Some(frames),
                Some(Step::State(state)) => world.state = state,
                Some(Step::Pass(time)) => {
                    world.now += time;
                    world.next += world.spec.frames(time);
                }
                Some(Step::Respec(spec)) => world.spec = spec,
                Some(Step::Do(action)) => action(),
                None => {
                    world.status.stop.store(true, Relaxed);
                    return Ok(false);
                }
            }
        }
    }

    fn available(&mut self) -> Result<usize, PcmError> {
        let mut world = self.world();
        world.called(Call::Available)?;
        Ok(world.waiting as usize)
    }

    fn read(&mut self, frames: usize, sink: &mut dyn FnMut(&[u8])) -> Result<usize, PcmError> {
        let mut guard = self.world();
        let world = &mut *guard;
        let short = world.short.take().unwrap_or(u64::MAX);
        let frames = (frames as u64).min(world.waiting).min(short);
        world.buffer.clear();
        for frame in world.next..world.next + frames {
            for _ in 0..world.spec.channels {
                match world.spec.format {
                    SampleFormat::S16 => world.buffer.extend_from_slice(&(frame as i16).to_le_bytes()),
                    _ => world.buffer.extend_from_slice(&(frame as i32).to_le_bytes()),
                }
            }
        }
        sink(&world.buffer);
        // As in ALSA the failure comes last: with the frames already seen.
        world.called(Call::Read)?;
        world.next += frames;
        world.waiting -= frames;
        Ok(frames as usize)
    }

    fn start(&mut self) -> Result<(), PcmError> {
        let mut world = self.world();
        world.called(Call::Start)?;
        world.state = PcmState::Running;
        world.waiting = 0;
        let now = world.now;
        let origin = *world.origin.get_or_insert(now);
        world.next = world.spec.frames(now - origin);
        Ok(())
    }

    fn stop(&mut self) -> Result<(), PcmError> {
        self.world().called(Call::Stop)
    }

    fn prepare(&mut self) -> Result<(), PcmError> {
        let mut world = self.world();
        world.called(Call::Prepare)?;
        world.state = PcmState::Prepared;
        Ok(())
    }

    fn resume(&mut self) -> Result<(), PcmError> {
        let mut world = self.world();
        world.called(Call::Resume)?;
        // Awake again, where the clock is.
        world.state = PcmState::Running;
        world.waiting = 0;
        let now = world.now;
        world.next = world.origin.map_or(0, |origin| world.spec.frames(now - origin));
        Ok(())
    }

    fn state(&mut self) -> PcmState {
        self.world().state
    }
}
