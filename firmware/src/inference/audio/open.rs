//! Opens the sound that the command line and the configuration name, and starts what produces it.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use anyhow::Context;

use super::player::play;
use super::{AudioFile, AudioInput, PlayedSource};
use crate::capture::{self, Capture, CaptureConfig, CaptureStatus};
use crate::inference::Progress;
use crate::reporting::audio_tee::tee;
use crate::system::messages::warn;
use crate::system::real_time::RealTime;

/// Stack of the player's thread.
const STACK: usize = 512 * 1024;

/// Where the sound comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Input {
    /// The sound device.
    Device,
    /// A WAV file.
    Wav(PathBuf),
    /// Standard input.
    Stdin,
}

/// What produces the sound.
pub(crate) struct Producer {
    pub(crate) status: Arc<CaptureStatus>,
    /// No more sound will come.
    pub(crate) ended: Arc<AtomicBool>,
    pub(crate) capture: Option<Capture>,
}

/// Opens the sound. `realtime`: a recording is played at its own pace.
///
/// # Errors
/// When there is no recording or thread to begin with. An absent device is waited for.
pub(crate) fn open(
    input: &Input,
    realtime: bool,
    config: &CaptureConfig,
    progress: &Arc<Progress>,
) -> anyhow::Result<(Producer, AudioInput)> {
    let ended = Arc::new(AtomicBool::new(false));
    let file = match input {
        Input::Device => {
            let (capture, reader) = capture::start(config)?;
            let status = capture.status();
            if let Some(warning) = status.real_time().and_then(RealTime::warning) {
                warn(warning);
            }
            let sound = AudioInput::ring(reader, Arc::clone(&status), Arc::clone(&ended), config.channel.into());
            return Ok((Producer { status, ended, capture: Some(capture) }, sound));
        }
        Input::Wav(path) => AudioFile::wav(path, config)?,
        Input::Stdin => AudioFile::stdin(config, progress),
    };
    let status = Arc::new(CaptureStatus::default());
    let producer = Producer { status: Arc::clone(&status), ended: Arc::clone(&ended), capture: None };
    if !realtime {
        return Ok((producer, AudioInput::file(file, status)));
    }
    let backlog = Duration::from_millis(config.backlog_ms.into());
    let (writer, reader) = tee(config.ring_kib as usize * 1024 / size_of::<f32>());
    let played = PlayedSource { reader, status: Arc::clone(&status), ended: Arc::clone(&ended), backlog };
    let sound = AudioInput::played(played);
    let progress = Arc::clone(progress);
    let thread = std::thread::Builder::new().name("player".into()).stack_size(STACK);
    thread.spawn(move || play(file, writer, &status, &ended, &progress)).context("no thread for the recording")?;
    Ok((producer, sound))
}
