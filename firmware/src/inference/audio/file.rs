//! Sound from a WAV file or from standard input instead of a device, in mono at its own rate.

use std::fs::{File, OpenOptions};
use std::io::{BufReader, Cursor, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use monitor_core::pcm::{Decoder, SampleFormat};
use monitor_model::file_kind::{FIRST_BYTES, FileKind};
use monitor_model::names::shown;
use monitor_model::wav::{self, WavReader};
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::capture::{CaptureConfig, FormatChoice};
use crate::inference::Progress;
use crate::system::messages::warn;

/// Where the samples come from.
pub struct AudioFile {
    source: Source,
}

enum Source {
    File(WavReader<BufReader<File>>),
    /// Not read yet, since a read may wait for the writer of the pipe.
    Stdin(Interruptible, Box<CaptureConfig>),
    Stream(WavReader<Box<dyn Read + Send>>),
    Raw {
        input: Box<dyn Read + Send>,
        rate: u32,
        decoder: Decoder,
        bytes: Vec<u8>,
    },
}

impl AudioFile {
    /// A WAV file of any form that training takes, or a FIFO through which one comes. Remarks on the file are printed.
    ///
    /// # Errors
    /// When it cannot be read or is of no such form, and when nothing comes through a FIFO within [`FIFO_WAIT`].
    pub fn wav(path: &Path, config: &CaptureConfig) -> anyhow::Result<Self> {
        let context = || shown(path);
        let is_fifo = std::fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_fifo());
        let reader = if is_fifo {
            let input = BufReader::new(open_fifo(path, FIFO_WAIT).with_context(context)?);
            WavReader::new_channel(input, config.channel.into()).with_context(context)?
        } else {
            WavReader::open_channel(path, config.channel.into()).with_context(context)?
        };
        for remark in reader.remarks() {
            warn(format!("{}: {remark}", shown(path)));
        }
        Ok(Self { source: Source::File(reader) })
    }

    /// Standard input: a WAV stream if it begins like one, else raw frames as `[capture]` describes them (S16 unless the
    /// configuration sets a format). What begins like another file is refused. Ends early when `progress.control.stop` is set.
    pub(crate) fn stdin(config: &CaptureConfig, progress: &Arc<Progress>) -> Self {
        let input = Interruptible { stdin: std::io::stdin(), progress: Arc::clone(progress) };
        Self { source: Source::Stdin(input, Box::new(config.clone())) }
    }

    /// Samples per second. The first bytes of standard input are waited for.
    ///
    /// # Errors
    /// When standard input cannot be read, or is of no form that is known.
    pub(crate) fn rate(&mut self) -> anyhow::Result<u32> {
        if let Source::Stdin(input, config) = &mut self.source {
            let input = Interruptible { stdin: std::io::stdin(), progress: Arc::clone(&input.progress) };
            self.source = detect(input, config)?;
        }
        Ok(match &self.source {
            Source::File(reader) => reader.rate_hz(),
            Source::Stream(reader) => reader.rate_hz(),
            Source::Raw { rate, .. } => *rate,
            // Has just been replaced.
            Source::Stdin(_, config) => config.rate,
        })
    }

    /// Samples so far that were not finite and were replaced by 0.
    pub(crate) fn replaced(&self) -> u64 {
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
    pub(crate) fn read(&mut self, out: &mut [f32]) -> anyhow::Result<usize> {
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

/// Longest wait for the first bytes from a FIFO.
const FIFO_WAIT: Duration = Duration::from_secs(10);

/// Opens a FIFO for reading once a program has written to it. Opened as a file it would wait for a writer for ever.
fn open_fifo(path: &Path, wait: Duration) -> anyhow::Result<File> {
    let file = OpenOptions::new().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(path)?;
    let milliseconds = PollTimeout::try_from(wait).unwrap_or(PollTimeout::MAX);
    // A writer that has ended, too, is an event; its reader then finds an empty file.
    let ready = poll(&mut [PollFd::new(file.as_fd(), PollFlags::POLLIN)], milliseconds)?;
    ensure!(
        ready > 0,
        "no program has written to this FIFO for {:.0} s; start the program that writes the recording first, or give a file",
        wait.as_secs_f32()
    );
    fcntl(&file, FcntlArg::F_SETFL(OFlag::empty()))?;
    Ok(file)
}

/// First bytes that are read to identify standard input: 64 bytes are 1 ms of sound or less.
const FIRST: u64 = 64;

/// A WAV stream, or raw frames.
fn detect(mut input: Interruptible, config: &CaptureConfig) -> anyhow::Result<Source> {
    let mut first = Vec::new();
    (&mut input).take(FIRST).read_to_end(&mut first).context("standard input cannot be read")?;
    // Only MPEG frames need more to be told from samples.
    if let [0xff, (0xe0..), ..] = first[..] {
        (&mut input)
            .take(FIRST_BYTES as u64 - FIRST)
            .read_to_end(&mut first)
            .context("standard input cannot be read")?;
    }
    let kind = FileKind::from_stream(&first);
    let input: Box<dyn Read + Send> = Box::new(Cursor::new(first).chain(input));
    if !matches!(kind, FileKind::Unknown | FileKind::Empty) {
        // Refuses what is no WAV.
        return Ok(Source::Stream(WavReader::new_channel(input, config.channel.into()).context("standard input")?));
    }
    let format = match config.format {
        FormatChoice::Auto | FormatChoice::S16 => SampleFormat::S16,
        FormatChoice::S24 => SampleFormat::S24In32,
        FormatChoice::S24Packed => SampleFormat::S24,
        FormatChoice::S32 => SampleFormat::S32,
        FormatChoice::F32 => SampleFormat::F32,
    };
    let decoder = Decoder::new(format, config.channels, config.channel.into()).context("capture.channel")?;
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

/// Standard input that ends when a stop is requested, even while nothing comes.
struct Interruptible {
    stdin: std::io::Stdin,
    progress: Arc<Progress>,
}

impl Read for Interruptible {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        loop {
            if self.progress.control.is_stopped() {
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

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_fifo_without_a_writer_is_refused_and_one_with_a_writer_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fifo.wav");
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let error = open_fifo(&path, Duration::from_millis(50)).unwrap_err().to_string();
        assert!(error.contains("no program has written to this FIFO"), "{error}");
        let writer = std::thread::spawn({
            let path = path.clone();
            // Waits for the reader, and writes more than a pipe holds.
            move || File::create(path).unwrap().write_all(&[7; 200_000])
        });
        let mut bytes = Vec::new();
        open_fifo(&path, Duration::from_secs(10)).unwrap().read_to_end(&mut bytes).unwrap();
        writer.join().unwrap().unwrap();
        assert_eq!(bytes.len(), 200_000);
    }
}
