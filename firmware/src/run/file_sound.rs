//! Sound from a WAV file or from standard input instead of a device, in mono at its own rate.

use std::fs::File;
use std::io::{BufReader, Cursor, Read};
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use anyhow::Context;
use monitor_core::pcm::{Channel, Decoder, SampleFormat};
use monitor_model::wav::{self, WavReader};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::Progress;
use crate::capture::{CaptureConfig, ChannelChoice, FormatChoice};

/// Where the samples come from.
pub struct FileSound {
    source: Source,
}

enum Source {
    File(WavReader<BufReader<File>>),
    /// Not looked at yet: that may take as long as it takes somebody to write to it.
    Stdin(Interruptible, Box<CaptureConfig>),
    Stream(WavReader<Box<dyn Read + Send>>),
    Raw {
        input: Box<dyn Read + Send>,
        rate: u32,
        decoder: Decoder,
        bytes: Vec<u8>,
    },
}

impl FileSound {
    /// A WAV file of any form that training takes.
    ///
    /// # Errors
    /// When it cannot be read or is of no such form.
    pub fn wav(path: &Path, config: &CaptureConfig) -> anyhow::Result<Self> {
        let reader = WavReader::open_channel(path, channel(config)).with_context(|| path.display().to_string())?;
        Ok(Self { source: Source::File(reader) })
    }

    /// Standard input: a WAV stream if it begins like one, else raw frames as `[capture]` describes them (S16 unless the
    /// format says otherwise). Ends early when `progress.stop` is set.
    pub fn stdin(config: &CaptureConfig, progress: &Arc<Progress>) -> Self {
        let input = Interruptible { stdin: std::io::stdin(), progress: Arc::clone(progress) };
        Self { source: Source::Stdin(input, Box::new(config.clone())) }
    }

    /// Samples per second. Standard input is looked at for it, and waited for.
    ///
    /// # Errors
    /// When standard input cannot be read, or is of no form that is known.
    pub fn rate(&mut self) -> anyhow::Result<u32> {
        if let Source::Stdin(input, config) = &mut self.source {
            let input = Interruptible { stdin: std::io::stdin(), progress: Arc::clone(&input.progress) };
            self.source = look_at(input, config)?;
        }
        Ok(match &self.source {
            Source::File(reader) => reader.rate_hz(),
            Source::Stream(reader) => reader.rate_hz(),
            Source::Raw { rate, .. } => *rate,
            // Has just been replaced.
            Source::Stdin(_, config) => config.rate,
        })
    }

    /// Samples so far that were no numbers and were replaced by 0.
    pub fn replaced(&self) -> u64 {
        match &self.source {
            Source::File(reader) => reader.replaced(),
            Source::Stream(reader) => reader.replaced(),
            Source::Raw { decoder, .. } => decoder.replaced(),
            Source::Stdin(..) => 0,
        }
    }

    /// Fills `out`, unless the sound ends before; returns how many samples there are.
    ///
    /// # Errors
    /// When the file cannot be read on.
    pub fn read(&mut self, out: &mut [f32]) -> anyhow::Result<usize> {
        match &mut self.source {
            Source::File(reader) => fill(out, |rest| reader.read(rest)),
            Source::Stream(reader) => fill(out, |rest| reader.read(rest)),
            Source::Stdin(..) => self.rate().and_then(|_| self.read(out)),
            Source::Raw { input, decoder, bytes, .. } => {
                bytes.resize(out.len() * decoder.frame_bytes(), 0);
                let mut done = 0;
                while done < bytes.len() {
                    match input.read(&mut bytes[done..]) {
                        Ok(0) => break,
                        Ok(read) => done += read,
                        Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                        Err(error) => return Err(error).context("standard input cannot be read on"),
                    }
                }
                Ok(decoder.decode(&bytes[..done], out))
            }
        }
    }
}

/// A WAV stream, or raw frames.
fn look_at(mut input: Interruptible, config: &CaptureConfig) -> anyhow::Result<Source> {
    let mut first = Vec::new();
    (&mut input).take(4).read_to_end(&mut first).context("standard input cannot be read")?;
    let is_wav = first == b"RIFF";
    let input: Box<dyn Read + Send> = Box::new(Cursor::new(first).chain(input));
    if is_wav {
        return Ok(Source::Stream(WavReader::new_channel(input, channel(config)).context("standard input")?));
    }
    let format = match config.format {
        FormatChoice::Auto | FormatChoice::S16 => SampleFormat::S16,
        FormatChoice::S24 => SampleFormat::S24In32,
        FormatChoice::S24Packed => SampleFormat::S24,
        FormatChoice::S32 => SampleFormat::S32,
        FormatChoice::F32 => SampleFormat::F32,
    };
    let decoder = Decoder::new(format, config.channels, channel(config)).context("capture.channel")?;
    Ok(Source::Raw { input, rate: config.rate, decoder, bytes: Vec::new() })
}

/// Reads on until `out` is full or nothing comes.
fn fill(out: &mut [f32], mut read: impl FnMut(&mut [f32]) -> Result<usize, wav::Error>) -> anyhow::Result<usize> {
    let mut done = 0;
    while done < out.len() {
        match read(&mut out[done..]).context("the recording cannot be read on")? {
            0 => break,
            count => done += count,
        }
    }
    Ok(done)
}

/// Which channel of several the configuration wants.
pub fn channel(config: &CaptureConfig) -> Channel {
    match config.channel {
        ChannelChoice::Average => Channel::Average,
        ChannelChoice::Pick(channel) => Channel::Pick(channel),
    }
}

/// Standard input that ends when it is told to, even while nothing comes.
struct Interruptible {
    stdin: std::io::Stdin,
    progress: Arc<Progress>,
}

impl Read for Interruptible {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        loop {
            if self.progress.stop.load(Relaxed) {
                return Ok(0);
            }
            let mut polled = [PollFd::new(self.stdin.as_fd(), PollFlags::POLLIN)];
            if poll(&mut polled, PollTimeout::from(100u16)).unwrap_or(0) > 0 {
                // The lock's buffer is passed by: what it held, poll would not see.
                return nix::unistd::read(self.stdin.as_fd(), out).map_err(std::io::Error::from);
            }
        }
    }
}
