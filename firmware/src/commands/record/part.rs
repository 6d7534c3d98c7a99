//! From blocks to files: parts without a break, each whole or absent.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Context;
use monitor_core::microphone::{Limits, Microphone};
use monitor_model::atomic_file;

use super::name;
use super::terminal::Level;
use crate::capture::meter::{Clipping, Measured, Meter};
use crate::capture::wav_writer::{MOST_SAMPLES, WavFormat, write_file};
use crate::capture::{Block, CaptureConfig, ChannelChoice, Mono, Reader, StreamSpec};

/// A part shorter than a window of the classifier is of no use.
pub(super) const SHORTEST: f64 = monitor_core::window::SECONDS;

/// Most samples of a part, 32 MB: it is kept in memory until it is whole, so that a slow disk cannot tear it. Then the next
/// part begins, without a sample between them lost.
const HELD: u64 = 8_000_000;

/// `seconds` in samples at `rate`.
fn samples(seconds: f64, rate: u32) -> u64 {
    (seconds * f64::from(rate)).round() as u64
}

fn unwritable(path: &Path) -> String {
    format!("{} cannot be written: is there space, may this user write there?", path.display())
}

/// Divides captured sound into parts and writes them.
pub(super) struct Recorder {
    recording: PathBuf,
    channel: ChannelChoice,
    mono: Mono,
    wanted: f64,
    part_seconds: f64,
    /// Seconds that were taken before the device's rate changed last.
    earlier: f64,
    /// Samples that were taken since. Counted, because a sum of seconds is off by a sample after some minutes.
    taken: u64,
    left_out: f64,
    spec: Option<StreamSpec>,
    held: Vec<f32>,
    meter: Meter,
    moment: Meter,
    clipping: Clipping,
    microphone: Microphone,
    faults: u8,
    files: Vec<(PathBuf, f64)>,
}

impl Recorder {
    /// A recorder of `seconds` of sound into `folder`.
    ///
    /// # Errors
    /// If the folder cannot be written to: the first part may be complete minutes later.
    pub(super) fn new(folder: &Path, config: &CaptureConfig, seconds: f64, part_seconds: f64) -> anyhow::Result<Self> {
        let recording = name::recording(folder, SystemTime::now());
        let first = name::part(&recording, 0);
        atomic_file::check(&first).with_context(|| unwritable(&first))?;
        Ok(Self {
            recording,
            channel: config.channel,
            mono: Mono::new(config.channel),
            wanted: seconds,
            part_seconds: if part_seconds > 0.0 { part_seconds } else { f64::INFINITY },
            earlier: 0.0,
            taken: 0,
            left_out: 0.0,
            spec: None,
            held: Vec::new(),
            meter: Meter::default(),
            moment: Meter::default(),
            clipping: Clipping::default(),
            microphone: Microphone::new(Limits::default()),
            faults: 0,
            files: Vec::new(),
        })
    }

    /// Whether the requested duration is complete.
    pub(super) fn done(&self) -> bool {
        self.spec.is_some_and(|spec| self.missing(spec.rate) == 0)
    }

    /// Samples at `rate` that the requested duration still needs.
    fn missing(&self, rate: u32) -> u64 {
        samples(self.wanted - self.earlier, rate).saturating_sub(self.taken)
    }

    /// Seconds of sound so far.
    fn seconds(&self) -> f64 {
        self.earlier + self.spec.map_or(0.0, |spec| self.taken as f64 / f64::from(spec.rate))
    }

    /// Reads all blocks in the ring; calls `show` with the level ten times per second of sound.
    pub(super) fn take(&mut self, reader: &mut Reader, show: &mut dyn FnMut(&Level)) -> anyhow::Result<()> {
        while !self.done() {
            let Some(block) = reader.read() else { break };
            self.block(&block, show)?;
        }
        Ok(())
    }

    fn block(&mut self, block: &Block<'_>, show: &mut dyn FnMut(&Level)) -> anyhow::Result<()> {
        if block.lost_before > 0 || self.spec != Some(block.spec) {
            self.finish()?;
            (self.earlier, self.taken) = (self.seconds(), 0);
            self.spec = Some(block.spec);
        }
        let rate = block.spec.rate;
        let missing = usize::try_from(self.missing(rate)).unwrap_or(usize::MAX);
        let samples = self.mono.decode(block)?;
        let samples = &samples[..samples.len().min(missing)];
        self.held.extend_from_slice(samples);
        self.meter.push(samples);
        self.moment.push(samples);
        self.clipping.push(block);
        // Samples that are no numbers have been replaced by zeros: they show as silence.
        self.faults |= self.microphone.push(samples, 0, rate);
        self.taken += samples.len() as u64;
        let moment = self.moment.measured();
        if moment.samples as f64 >= f64::from(rate) / 10.0 {
            self.moment = Meter::default();
            let clipped = self.clipping.clipped();
            show(&Level { now: moment, seconds: self.seconds(), wanted: self.wanted, clipped });
        }
        self.finish_whole_parts(rate)
    }

    /// Writes the parts that are complete. A block may be of any length, so a part ends within one.
    fn finish_whole_parts(&mut self, rate: u32) -> anyhow::Result<()> {
        let length = samples(self.part_seconds, rate).clamp(1, HELD.min(MOST_SAMPLES)) as usize;
        while self.held.len() >= length {
            let next = self.held.split_off(length);
            self.finish()?;
            self.held = next;
        }
        Ok(())
    }

    /// Writes the part that is being held, if it is of any length.
    pub(super) fn finish(&mut self) -> anyhow::Result<()> {
        let held = core::mem::take(&mut self.held);
        let Some(spec) = self.spec else { return Ok(()) };
        let seconds = held.len() as f64 / f64::from(spec.rate);
        if seconds < SHORTEST {
            // Missing from the recording: record that much more, unless it is the end.
            self.taken -= held.len() as u64;
            self.left_out += seconds;
            return Ok(());
        }
        let path = name::part(&self.recording, self.files.len() as u32);
        let format = WavFormat::exact_for(&spec, self.channel.into());
        write_file(&path, format, spec.rate, held.chunks(4096)).with_context(|| unwritable(&path))?;
        self.files.push((path, seconds));
        Ok(())
    }

    /// Seconds of sound that came in pieces too short to be of use.
    pub(super) fn left_out(&self) -> f64 {
        self.left_out
    }

    /// The files so far, with their lengths in seconds.
    pub(super) fn files(&self) -> &[(PathBuf, f64)] {
        &self.files
    }

    /// Clipped samples, on all channels.
    pub(super) fn clipped(&self) -> u64 {
        self.clipping.clipped()
    }

    /// The faults of the microphone so far, as bits of [`monitor_core::microphone`].
    pub(super) fn faults(&self) -> u8 {
        self.faults
    }

    /// The whole recording's level.
    pub(super) fn measured(&self) -> Measured {
        self.meter.measured()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use monitor_core::pcm::SampleFormat;

    use super::*;

    fn spec(rate: u32) -> StreamSpec {
        StreamSpec { format: SampleFormat::S16, channels: 1, rate, period_frames: 160, buffer_frames: 1600 }
    }

    /// Takes blocks of `frames` samples each, of which the second comes after lost sound; the lengths of the parts, in samples.
    fn parts(rate: u32, seconds: f64, part_seconds: f64, frames: usize, lost: u64) -> (Vec<u64>, Recorder) {
        let folder = tempfile::tempdir().unwrap();
        let mut recorder = Recorder::new(folder.path(), &CaptureConfig::default(), seconds, part_seconds).unwrap();
        let bytes = vec![1; 2 * frames];
        for number in 0.. {
            if recorder.done() {
                break;
            }
            let lost_before = if number == 1 { lost } else { 0 };
            let block =
                Block { spec: spec(rate), first_frame: 0, lost_before, recorded: Duration::ZERO, bytes: &bytes };
            recorder.block(&block, &mut |_| {}).unwrap();
        }
        recorder.finish().unwrap();
        let length = |(path, _): &(PathBuf, f64)| (std::fs::metadata(path).unwrap().len() - 44) / 2;
        (recorder.files().iter().map(length).collect(), recorder)
    }

    #[test]
    fn parts_are_of_the_requested_length_whatever_the_length_of_the_blocks() {
        for frames in [1, 160, 161, 4097, 16_000, 40_001] {
            let (lengths, recorder) = parts(16_000, 3.0, 1.0, frames, 0);
            assert_eq!(lengths, [16_000; 3], "blocks of {frames} frames");
            assert_eq!(recorder.left_out(), 0.0);
        }
    }

    #[test]
    fn a_recording_has_the_requested_number_of_samples_after_many_blocks() {
        // A hundred thousand sums of 7 / 44100 are not that many samples in seconds.
        let (lengths, recorder) = parts(44_100, 20.1, 5.0, 7, 0);
        assert_eq!(lengths, [220_500, 220_500, 220_500, 220_500]);
        assert!((recorder.left_out() - 0.1).abs() < 1e-9);
    }

    #[test]
    fn a_piece_too_short_before_lost_sound_is_recorded_again() {
        let (lengths, recorder) = parts(16_000, 2.0, 1.0, 160, 5);
        assert_eq!(lengths, [16_000; 2]);
        assert!((recorder.left_out() - 0.01).abs() < 1e-9);
    }
}
