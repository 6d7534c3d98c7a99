//! From blocks of sound and candidates to clips of the queue.

use std::io;
use std::time::{Duration, Instant};

use super::Config;
use super::entry::{Entry, Facts};
use super::folder;
use super::label::SHORTEST_S;
use super::queue::Decision;
use super::spectrum::Spectrum;
use super::watch::Watch;
use crate::capture::wav_writer::write_file;
use crate::reporting::audio_tee::{BlockInfo, MAX_BLOCK};
use crate::reporting::{Item, Privacy, Snapshot, TeachShare};
use crate::sinks::clips::name::{plain, time};
use crate::sinks::clips::preroll::Preroll;
use crate::sinks::clips::sound_format::SoundFormat;
use crate::sinks::speech::SpeechDetector;
use crate::system::messages::warn;

/// Seconds of a clip before a candidate, at most: what has raised a warning or an alarm, or made the device unsure.
const BEFORE_S: f32 = 3.0;

/// A candidate whose sound is not complete.
struct Pending {
    facts: Facts,
    /// The part of the clip's name after its number.
    rest: String,
    /// Samples that are still to come.
    left: usize,
    /// When it is complete though they have not come: a device that is gone gives none.
    end: Instant,
}

/// Keeps the newest seconds and makes clips of candidates.
pub(super) struct Collector {
    config: Config,
    share: TeachShare,
    privacy: Privacy,
    watch: Watch,
    sound_format: Option<SoundFormat>,
    sound: Preroll,
    pending: Option<Pending>,
    /// When the last candidate of each reason was taken.
    last: [Option<Instant>; 3],
    warned: bool,
}

impl Collector {
    /// One without any sound.
    pub(super) fn new(config: Config, share: TeachShare, privacy: Privacy) -> Self {
        let (watch, sound) = (Watch::default(), Preroll::new(1));
        let mut own = Self {
            config,
            share,
            privacy,
            watch,
            sound_format: None,
            sound,
            pending: None,
            last: [None; 3],
            warned: false,
        };
        let prepared = folder::prepare(&own.config.folder, &own.share);
        prepared.err().into_iter().for_each(|error| own.warn(&error));
        own
    }

    /// Takes sound. A clip has no joint in it: where sound was lost, it ends, or begins.
    pub(super) fn block(&mut self, block: BlockInfo, samples: &[f32]) {
        if block.lost_before > 0 {
            self.finish();
            self.sound.clear();
        }
        let sound_format = SoundFormat::of(block);
        if self.sound_format != Some(sound_format) {
            self.finish();
            self.sound_format = Some(sound_format);
            self.sound = Preroll::new(sound_format.count(self.config.clip_s) + MAX_BLOCK);
        }
        self.sound.push(samples);
        if let Some(pending) = &mut self.pending {
            pending.left = pending.left.saturating_sub(samples.len());
        }
        self.poll();
    }

    /// Takes an event. A candidate that is more urgent than the pending one takes over its clip.
    pub(super) fn event(&mut self, item: &Item, now: &Snapshot) {
        let Some(facts) = self.watch.event(item, now, &self.config) else { return self.poll() };
        let last = &mut self.last[facts.reason as usize];
        let is_due = last.is_none_or(|last| last.elapsed() >= Duration::from_secs_f32(self.config.pause_s));
        let is_urgent = self.pending.as_ref().is_none_or(|pending| pending.facts.reason < facts.reason);
        if let (true, true, Some(sound_format)) = (is_due, is_urgent, self.sound_format) {
            *last = Some(Instant::now());
            let state = facts.state.as_deref().unwrap_or("unknown");
            // Names of files in an archive have at most 100 bytes.
            let state = plain(state).replace(|c: char| !c.is_ascii(), "-");
            let rest = format!("{}_{state}_{}", facts.reason.name(), time(item.time_us));
            let after_s = self.config.clip_s - BEFORE_S.min(self.config.clip_s / 2.0);
            let (left, end) = (sound_format.count(after_s), Instant::now() + Duration::from_secs_f32(after_s + 2.0));
            let before = self.pending.take();
            let left = before.as_ref().map_or(left, |pending| pending.left);
            let end = before.map_or(end, |pending| pending.end);
            self.pending = Some(Pending { facts, rest, left, end });
        }
        self.poll();
    }

    /// Queues the candidate if all of its sound is there, or nothing more comes.
    pub(super) fn poll(&mut self) {
        if self.pending.as_ref().is_some_and(|pending| pending.left == 0 || Instant::now() >= pending.end) {
            self.finish();
        }
    }

    /// Queues the candidate as far as its sound has come.
    fn finish(&mut self) {
        let (Some(pending), Some(sound)) = (self.pending.take(), self.sound_format) else { return };
        match self.queue(pending, sound) {
            Ok(()) => self.warned = false,
            Err(error) => self.warn(&error),
        }
    }

    fn queue(&self, pending: Pending, sound: SoundFormat) -> io::Result<()> {
        let parts = self.sound.newest(sound.count(self.config.clip_s) - pending.left);
        let count = parts[0].len() + parts[1].len();
        let seconds = count as f64 / f64::from(sound.rate_hz);
        if seconds < SHORTEST_S {
            return Ok(());
        }
        // What people said next to the machine is nothing to learn from.
        if self.privacy.mutes() && SpeechDetector::find(sound.rate_hz, parts).map_err(io::Error::other)? {
            self.privacy.count_teach();
            return Ok(());
        }
        let spectrum = Spectrum::new(sound.rate_hz, parts).map_err(io::Error::other)?;
        // To the millisecond that has come.
        let seconds = (seconds * 1000.0) as u64 as f64 / 1000.0;
        let entry = Entry { facts: pending.facts, seconds, spectrum, parts: Vec::new() };
        let added = folder::add(&self.config, &self.share, &entry, (sound.bytes(count), &pending.rest), |path| {
            write_file(path, sound.format, sound.rate_hz, parts.into_iter().flat_map(|part| part.chunks(4096)))
        });
        added.map(|_: Decision| ())
    }

    /// Reports an error of the folder, once until it is gone.
    fn warn(&mut self, error: &io::Error) {
        if !std::mem::replace(&mut self.warned, true) {
            warn(format!("teach {}: {error}; listening goes on", self.config.folder.display()));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::atomic::Ordering::Relaxed;

    use monitor_wire::{Alarm, AlarmCause, Warning};

    use super::super::entry::{self, Reason};
    use super::super::spectrum::tests::noise;
    use super::*;
    use crate::capture::wav_writer::WavFormat;
    use crate::reporting::Event;

    fn push(collector: &mut Collector, samples: &[f32], lost_before: u64) {
        for (place, block) in samples.chunks(80).enumerate() {
            let lost_before = if place == 0 { lost_before } else { 0 };
            collector.block(BlockInfo { rate_hz: 8000, lost_before, non_finite: 0, format: WavFormat::S16 }, block);
        }
    }

    fn event(collector: &mut Collector, reason: Reason) {
        let event = match reason {
            Reason::Alarm => Event::Alarm(Alarm { active: true, cause: AlarmCause::Anomaly as u8, ..Alarm::default() }),
            _ => Event::Warning(Warning { active: true, ..Warning::default() }),
        };
        collector.event(&Item { sequence: 0, time_us: 7_000_000, event }, &Snapshot::default());
    }

    fn collector(folder: &Path) -> Collector {
        let config = Config { folder: folder.into(), clip_s: 2.0, pause_s: 0.0, reserve_mib: 0, ..Config::default() };
        Collector::new(config, TeachShare::default(), Privacy::default())
    }

    #[test]
    fn a_clip_is_the_sound_around_its_event_and_a_more_urgent_event_takes_it_over() {
        let folder = tempfile::tempdir().unwrap();
        let mut own = collector(folder.path());
        push(&mut own, &noise(1, 0, 0.3, 24_000), 0);
        event(&mut own, Reason::Warning);
        push(&mut own, &noise(2, 0, 0.3, 4000), 0);
        event(&mut own, Reason::Alarm);
        event(&mut own, Reason::Warning);
        assert!(entry::list(folder.path()).unwrap().is_empty());
        push(&mut own, &noise(3, 0, 0.3, 4000), 0);
        let [one] = &entry::list(folder.path()).unwrap()[..] else { panic!("one clip") };
        assert!(one.clip.starts_with("000001_alarm_unknown_") && one.bytes > 32_000, "{one:?}");
        assert_eq!((one.entry.facts.reason, one.entry.seconds), (Reason::Alarm, 2.0));
        // The same sound again.
        event(&mut own, Reason::Alarm);
        push(&mut own, &noise(4, 0, 0.3, 8000), 0);
        assert_eq!(own.share.counters.similar.load(Relaxed), 1);
        event(&mut own, Reason::Warning);
        push(&mut own, &noise(5, 6, 0.3, 16_000), 0);
        assert_eq!(entry::list(folder.path()).unwrap().len(), 2);
    }

    #[test]
    fn a_clip_ends_at_a_gap_and_what_is_too_short_for_the_classifier_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let mut own = collector(folder.path());
        push(&mut own, &noise(1, 0, 0.3, 9000), 0);
        event(&mut own, Reason::Warning);
        push(&mut own, &noise(2, 0, 0.3, 4000), 10);
        assert_eq!(entry::list(folder.path()).unwrap()[0].entry.seconds, 1.0);
        event(&mut own, Reason::Alarm);
        push(&mut own, &noise(2, 8, 0.3, 4000), 10);
        assert_eq!(entry::list(folder.path()).unwrap().len(), 1);
    }

    #[test]
    fn after_a_candidate_there_is_a_pause_for_its_kind() {
        let folder = tempfile::tempdir().unwrap();
        let mut own = collector(folder.path());
        own.config.pause_s = 1000.0;
        for (seed, smooth) in [(1, 0), (2, 8)] {
            push(&mut own, &noise(seed, smooth, 0.3, 16_000), 0);
            event(&mut own, Reason::Warning);
            push(&mut own, &noise(seed + 9, smooth, 0.3, 8000), 0);
        }
        assert_eq!(entry::list(folder.path()).unwrap().len(), 1);
        event(&mut own, Reason::Alarm);
        push(&mut own, &noise(7, 8, 0.3, 8000), 0);
        assert_eq!(entry::list(folder.path()).unwrap().len(), 2);
    }

    #[test]
    fn a_folder_that_cannot_be_written_costs_the_clip_only() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("teach");
        std::fs::write(&place, "").unwrap();
        let mut own = collector(&place);
        assert!(own.warned);
        std::fs::remove_file(&place).unwrap();
        push(&mut own, &noise(1, 0, 0.3, 16_000), 0);
        event(&mut own, Reason::Warning);
        push(&mut own, &noise(2, 0, 0.3, 8000), 0);
        assert!(!own.warned && entry::list(&place).unwrap().len() == 1);
    }
}
