//! Capture: from the sound device to a lock-free ring; every lost sample is counted.
//!
//! [`start`] starts a thread, under SCHED_FIFO with its memory locked where the system allows, that only copies raw frames
//! from the device ([`pcm`]) into the [`ring`], stamps ([`timeline`]) and counts ([`counters`]) them. Decoding, mixing and
//! resampling are left to the reader. The table in [`recovery`] gives the remedy for each error; an absent device is reopened
//! without limit. Lost frames are counted in front of the next block, wherever they were lost.
//!
//! Cost at 48 kHz mono: a hundred wake-ups a second, each a poll and a copy of a kilobyte; 2 MiB of ring by default.

pub mod alsa_pcm;
pub mod capture_loop;
pub(crate) mod config;
pub(crate) mod counters;
pub(crate) mod meter;
pub(crate) mod mono;
pub mod pcm;
pub(crate) mod recovery;
pub mod ring;
pub mod scripted;
pub(crate) mod status;
pub(crate) mod timeline;
pub(crate) mod wav_writer;

use core::sync::atomic::Ordering::Relaxed;
use core::time::Duration;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

pub use config::{CaptureConfig, ChannelChoice, FormatChoice};
pub use counters::CounterValues;
pub use mono::Mono;
pub use pcm::{Clock, Pcm, PcmError, Source, StreamSpec, SystemClock};
pub use ring::{Block, Reader};
pub use status::{CaptureStatus, DeviceState};

use crate::setting::InvalidSetting;
use crate::system::real_time::{RealTime, Wanted};

/// Stack of the capture thread, in bytes; libasound parses its configuration on it whenever a device is opened.
const STACK: usize = 512 * 1024;

/// Capture at work. Dropping it stops it.
pub struct Capture {
    status: Arc<CaptureStatus>,
    thread: Option<JoinHandle<()>>,
}

/// Why capture could not be started. An absent device is no reason: capture waits for it.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A value of the configuration; fatal until it is changed.
    #[error("{0}")]
    Config(#[from] InvalidSetting),
    /// The thread cannot be started; may be transient.
    #[error("no thread for capture: {0}; is the number of threads or memory limited?")]
    Thread(std::io::Error),
}

/// Starts to capture from the ALSA device that `config` names. When it returns, the thread has asked for its privileges:
/// [`CaptureStatus::real_time`] has the result, which the caller reports once.
///
/// # Errors
/// If `config` is out of range or the thread cannot be started. Capture waits for an absent device.
pub fn start(config: &CaptureConfig) -> Result<(Capture, Reader), StartError> {
    start_with(config, alsa_pcm::AlsaSource::new(config), SystemClock)
}

/// As [`start`], from any source and by any clock.
///
/// # Errors
/// As [`start`].
pub fn start_with<S, C>(config: &CaptureConfig, source: S, clock: C) -> Result<(Capture, Reader), StartError>
where
    S: Source + Send + 'static,
    C: Clock + Send + 'static,
{
    config.validate()?;
    let status = Arc::new(CaptureStatus::default());
    let backlog = Duration::from_millis(config.backlog_ms.into());
    let (writer, reader) = ring::ring(config.ring_kib as usize * 1024, backlog, Arc::clone(&status));
    let mut capture = capture_loop::CaptureLoop::new(config, source, clock, writer, Arc::clone(&status));
    let (ready, started) = mpsc::channel();
    let thread = {
        let status = Arc::clone(&status);
        let wanted = Wanted { lock_memory: config.lock_memory, cpu: config.cpu, priority: config.priority };
        std::thread::Builder::new().name("capture".into()).stack_size(STACK).spawn(move || {
            let _ = status.real_time.set(RealTime::acquire(wanted));
            let _ = ready.send(());
            drop(ready);
            capture.run();
        })
    }
    .map_err(StartError::Thread)?;
    let _ = started.recv();
    Ok((Capture { status, thread: Some(thread) }, reader))
}

impl Capture {
    /// The shared status, which outlives capture.
    #[must_use]
    pub fn status(&self) -> Arc<CaptureStatus> {
        Arc::clone(&self.status)
    }

    /// Stops within a tenth of a second, unless the driver hangs. What is in the ring can still be read.
    pub fn stop(mut self) -> CounterValues {
        self.end();
        self.status.counters.values()
    }

    /// Asks it to stop, without waiting.
    pub fn request_stop(&self) {
        self.status.stop.store(true, Relaxed);
    }

    fn end(&mut self) {
        self.status.stop.store(true, Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic of the thread is not reported here; the counters are valid in any case.
            let _ = thread.join();
        }
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        self.end();
    }
}
