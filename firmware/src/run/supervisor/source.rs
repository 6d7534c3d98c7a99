//! The sound's side: whoever puts sound into the chain.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use anyhow::Context;

use super::{Input, Options, STACK};
use crate::capture::{self, Capture, CaptureStatus, ring};
use crate::config::Config;
use crate::outputs::warn;
use crate::run::file_sound::channel;
use crate::run::player::play;
use crate::run::{FileSound, Progress, Sound};

/// The sound's side: whoever puts sound into the chain.
pub struct Source {
    pub status: Arc<CaptureStatus>,
    /// No more sound will come.
    pub ended: Arc<AtomicBool>,
    pub capture: Option<Capture>,
}

/// Opens the sound.
///
/// # Errors
/// When there is no device, recording or thread to begin with.
pub fn open(options: &Options, config: &Config, progress: &Arc<Progress>) -> anyhow::Result<(Source, Sound)> {
    let ended = Arc::new(AtomicBool::new(false));
    let channel = channel(&config.capture);
    let file = match &options.input {
        Input::Device => {
            let (capture, reader) = capture::start(&config.capture)?;
            let status = capture.status();
            if let Some(warning) = status.real_time().and_then(crate::rt::RealTime::warning) {
                warn(warning);
            }
            let sound = Sound::ring(reader, Arc::clone(&status), Arc::clone(&ended), channel);
            return Ok((Source { status, ended, capture: Some(capture) }, sound));
        }
        Input::Wav(path) => FileSound::wav(path, &config.capture)?,
        Input::Stdin => FileSound::stdin(&config.capture, progress),
    };
    let status = Arc::new(CaptureStatus::default());
    let source = Source { status: Arc::clone(&status), ended: Arc::clone(&ended), capture: None };
    if !options.realtime {
        return Ok((source, Sound::file(file, status)));
    }
    let backlog = Duration::from_millis(config.capture.backlog_ms.into());
    let (writer, reader) = ring::ring(config.capture.ring_kib as usize * 1024, backlog, Arc::clone(&status));
    let sound = Sound::ring(reader, Arc::clone(&status), Arc::clone(&ended), channel);
    let progress = Arc::clone(progress);
    let thread = std::thread::Builder::new().name("player".into()).stack_size(STACK);
    thread.spawn(move || play(file, writer, &status, &ended, &progress)).context("no thread for the recording")?;
    Ok((source, sound))
}
