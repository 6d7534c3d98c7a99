//! From blocks to files: parts without a break, each whole or absent.

use std::path::PathBuf;
use std::time::SystemTime;

use anyhow::Context;
use monitor_core::microphone::{Limits, Microphone};

use super::name;
use super::terminal::Level;
use crate::capture::meter::{Clipping, Measured, Meter};
use crate::capture::wav_writer::{MOST_SAMPLES, WavFormat, write_file};
use crate::capture::{Block, CaptureConfig, ChannelChoice, Mono, Reader, StreamSpec};

/// A part shorter than a window of the classifier is of no use.
const SHORTEST: f64 = monitor_core::window::SECONDS;

/// Most samples of a part, 32 MB: it is kept in memory until it is whole, so that a slow disk cannot tear it. Then the next
/// part begins, without a sample between them lost.
const HELD: u64 = 8_000_000;

/// Divides captured sound into parts and writes them.
pub(super) struct Recorder {
    recording: PathBuf,
    channel: ChannelChoice,
    mono: Mono,
    wanted: f64,
    part_seconds: f64,
    taken: f64,
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
    pub(super) fn new(folder: PathBuf, config: &CaptureConfig, seconds: f64, part_seconds: f64) -> Self {
        Self {
            recording: name::recording(&folder, SystemTime::now()),
            channel: config.channel,
            mono: Mono::new(config.channel),
            wanted: seconds,
            part_seconds: if part_seconds > 0.0 { part_seconds } else { f64::INFINITY },
            taken: 0.0,
            left_out: 0.0,
            spec: None,
            held: Vec::new(),
            meter: Meter::default(),
            moment: Meter::default(),
            clipping: Clipping::default(),
            microphone: Microphone::new(Limits::default()),
            faults: 0,
            files: Vec::new(),
        }
    }

    /// Whether the requested duration is complete.
    pub(super) fn done(&self) -> bool {
        self.taken >= self.wanted
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
            self.spec = Some(block.spec);
        }
        let rate = f64::from(block.spec.rate);
        let samples = self.mono.decode(block)?;
        let wanted = ((self.wanted - self.taken) * rate).ceil().max(0.0) as usize;
        let samples = &samples[..samples.len().min(wanted)];
        self.held.extend_from_slice(samples);
        self.meter.push(samples);
        self.moment.push(samples);
        self.clipping.push(block);
        // Samples that are no numbers have been replaced by zeros: they show as silence.
        self.faults |= self.microphone.push(samples, 0, block.spec.rate);
        self.taken += samples.len() as f64 / rate;
        let moment = self.moment.measured();
        if moment.samples as f64 >= rate / 10.0 {
            self.moment = Meter::default();
            let clipped = self.clipping.clipped();
            show(&Level { now: moment, seconds: self.taken, wanted: self.wanted, clipped });
        }
        if self.held.len() as f64 >= self.part_seconds * rate || self.held.len() as u64 >= HELD.min(MOST_SAMPLES) {
            self.finish()?;
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
            self.taken -= seconds;
            self.left_out += seconds;
            return Ok(());
        }
        let path = name::part(&self.recording, self.files.len() as u32);
        let format = WavFormat::exact_for(&spec, self.channel.into());
        write_file(&path, format, spec.rate, held.chunks(4096)).with_context(|| {
            format!("{} cannot be written: is there space, may this user write there?", path.display())
        })?;
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
