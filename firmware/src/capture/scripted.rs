//! A sound device that does what a script says, on a clock that only the script moves: every fault, without hardware and
//! without waiting. For tests; nothing in the program makes one.
//!
//! Its sound counts up by one a frame *along the clock*: frames that it was not there to record are missing from the count.
//! So, as long as the script's times are whole frames, every sample must equal the number that capture gives its frame.

use core::sync::atomic::Ordering::Relaxed;
use core::time::Duration;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use monitor_core::pcm::SampleFormat;
use nix::errno::Errno;

use super::pcm::{Clock, Pcm, PcmError, PcmState, Source, StreamSpec};
use super::status::CaptureStatus;

/// Which call of the device.
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
    /// So many frames are recorded, in the time that takes; ends the wait.
    Frames(u64),
    /// So many frames are there at once, in no time; ends the wait.
    Burst(u64),
    /// Nothing comes until the wait gives up.
    Nothing,
    /// The wait ends at once although nothing is there.
    Spurious,
    /// The wait fails.
    WaitFails(Errno),
    /// The next such call fails; calls fail in the order of these steps.
    Fails(Call, Errno),
    /// The next read gives only so many frames.
    ShortRead(u64),
    /// The device is in this state from now on, until it is started.
    State(PcmState),
    /// So much time passes, in which nothing is recorded; not while frames wait to be read.
    Pass(Duration),
    /// The device, opened again, gives this.
    Respec(StreamSpec),
    /// Something is done on the capture thread.
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
    /// A device that gives `spec`, S16 or S32, and follows `steps`; after the last it tells capture to stop.
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

    /// The calls so far, but for the ones that only ask ([`Call::Wait`], [`Call::Available`], [`Call::Read`]).
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        let asks = [Call::Wait, Call::Available, Call::Read];
        self.world().log.iter().copied().filter(|call| !asks.contains(call)).collect()
    }

    /// How often the device was asked anything.
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
    /// Notes the call, and fails it if its time has come.
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
