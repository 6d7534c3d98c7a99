//! From blocks of sound and alarms to clips.

use std::io::Error;
use std::time::{Duration, Instant};

use monitor_model::atomic_file;
use monitor_model::line::cause_name;
use monitor_wire::{Alarm, Explanation};

use super::Config;
use super::name::{plain, time};
use super::picture::Picture;
use super::preroll::Preroll;
use super::sound_format::SoundFormat;
use super::store::{PICTURE, SOUND, room};
use crate::capture::wav_writer::write_file;
use crate::reporting::audio_tee::{BlockInfo, MAX_BLOCK};
use crate::reporting::clip_queue::Clip;
use crate::reporting::{ClipQueue, Event, Item, Privacy, Snapshot};
use crate::sinks::speech::SpeechDetector;
use crate::system::messages::warn;

/// A clip shorter than a window of the classifier, in seconds, is of no use.
const SHORTEST_S: f32 = monitor_core::window::SECONDS as f32;

/// An alarm whose clip is not finished.
struct Pending {
    cause: &'static str,
    explanation: Explanation,
    /// When its alarms were raised: the times of their events.
    alarms: Vec<u64>,
    /// The part of the clip's name after its number.
    rest: String,
    /// Samples that are still to come.
    left: usize,
    /// When it is finished though they have not come: a device that is gone gives none.
    end: Instant,
}

/// Keeps the newest seconds and writes clips.
pub(super) struct Recorder {
    config: Config,
    sound_format: Option<SoundFormat>,
    sound: Preroll,
    pending: Option<Pending>,
    /// When the last clip was finished.
    last: Option<Instant>,
    refused: bool,
    clips: ClipQueue,
    privacy: Privacy,
}

impl Recorder {
    /// One without any sound; it adds each clip that it writes to `clips`.
    pub(super) fn new(config: Config, clips: ClipQueue, privacy: Privacy) -> Self {
        let sound = Preroll::new(1);
        Self { config, sound_format: None, sound, pending: None, last: None, refused: false, clips, privacy }
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
            let seconds = self.config.before_s + self.config.after_s;
            // And a block: a clip ends with one.
            self.sound = Preroll::new(sound_format.count(seconds) + MAX_BLOCK);
        }
        self.sound.push(samples);
        if let Some(pending) = &mut self.pending {
            pending.left = pending.left.saturating_sub(samples.len());
        }
        self.poll();
    }

    /// Takes an event: a raised alarm begins a clip, unless one is pending, or the pause after the last is not over.
    pub(super) fn event(&mut self, item: &Item, now: &Snapshot) {
        if let Event::Alarm(alarm) = &item.event
            && alarm.active
        {
            self.raised(item.time_us, alarm, now);
        }
        self.poll();
    }

    fn raised(&mut self, time_us: u64, alarm: &Alarm, now: &Snapshot) {
        let pause = Duration::from_secs_f32(self.config.pause_s);
        if let Some(pending) = &mut self.pending {
            pending.alarms.push(time_us);
        } else if let Some(sound_format) = self.sound_format
            && self.last.is_none_or(|last| last.elapsed() >= pause)
        {
            let cause = cause_name(alarm.cause);
            let explanation = alarm.explanation;
            let state = plain(&now.name(alarm.state));
            let rest = format!("{cause}_{state}{}_{}", first_band(&explanation), time(time_us));
            let end = Instant::now() + Duration::from_secs_f32(self.config.after_s + 2.0);
            let left = sound_format.count(self.config.after_s);
            self.pending = Some(Pending { cause, explanation, alarms: vec![time_us], rest, left, end });
        } else {
            self.clips.settle(time_us, None);
        }
    }

    /// Writes the clip if all of it is there, or nothing more comes.
    pub(super) fn poll(&mut self) {
        if self.pending.as_ref().is_some_and(|pending| pending.left == 0 || Instant::now() >= pending.end) {
            self.finish();
        }
    }

    /// Writes the clip as far as it has come.
    pub(super) fn finish(&mut self) {
        let (Some(pending), Some(sound)) = (self.pending.take(), self.sound_format) else { return };
        self.last = Some(Instant::now());
        let file = self.store(&pending, sound);
        pending.alarms.into_iter().for_each(|alarm| self.clips.settle(alarm, file.clone()));
    }

    /// Writes a clip as far as it has come, if that is long enough; returns its name.
    fn store(&mut self, pending: &Pending, sound: SoundFormat) -> Option<String> {
        let wanted = sound.count(self.config.before_s + self.config.after_s) - pending.left;
        let parts = self.sound.newest(wanted);
        if parts[0].len() + parts[1].len() < sound.count(SHORTEST_S) {
            return None;
        }
        match self.write(&pending.rest, sound, parts) {
            Ok(Some(file)) => {
                self.refused = false;
                let clip = Clip { file: file.clone(), cause: pending.cause, explanation: pending.explanation };
                self.clips.push(clip);
                Some(file)
            }
            refused => {
                let why = match refused {
                    Err(error) => error.to_string(),
                    Ok(_) => "there is no room for one within max_mib, with reserve_mib left free".into(),
                };
                if !std::mem::replace(&mut self.refused, true) {
                    warn(format!("clips {}: {why}; listening goes on", self.config.folder.display()));
                }
                None
            }
        }
    }

    /// The file's name; `None` where there was no room.
    ///
    /// The folder is read each time: people remove clips, and the card may have been replaced.
    fn write(&self, rest: &str, sound: SoundFormat, parts: [&[f32]; 2]) -> std::io::Result<Option<String>> {
        const MIB: u64 = 1024 * 1024;
        let (most, reserve) = (u64::from(self.config.max_mib) * MIB, u64::from(self.config.reserve_mib) * MIB);
        let room = |bytes, kind| room(&self.config.folder, most, reserve, bytes, &format!("{rest}{kind}"));
        let pieces = || parts.into_iter().flat_map(|part| part.chunks(4096));
        let speaks = self.privacy.mutes() && SpeechDetector::find(sound.rate_hz, pieces()).map_err(Error::other)?;
        let path = if speaks {
            // No finer: speech could be made of it again.
            let picture = Picture::coarse(sound.rate_hz, pieces()).map_err(Error::other)?.png()?;
            let Some(path) = room(picture.len() as u64, PICTURE)? else { return Ok(None) };
            atomic_file::write(&path, &picture)?;
            self.privacy.count_clip();
            path
        } else {
            let Some(path) = room(sound.bytes(parts[0].len() + parts[1].len()), SOUND)? else { return Ok(None) };
            write_file(&path, sound.format, sound.rate_hz, pieces())?;
            path
        };
        Ok(path.file_name().map(|name| name.to_string_lossy().into_owned()))
    }
}

/// The band that moved most as part of a file's name: `_56-112Hz`; empty if none is named.
fn first_band(explanation: &Explanation) -> String {
    explanation.named_bands().next().map_or(String::new(), |band| format!("_{}-{}Hz", band.from_hz, band.to_hz))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use monitor_model::wav::WavReader;
    use monitor_wire::BandChange;

    use super::*;
    use crate::capture::wav_writer::WavFormat;

    /// Ten milliseconds of sound a block, whose samples count up.
    fn push(recorder: &mut Recorder, blocks: std::ops::Range<i16>, lost_before: u64) {
        for place in blocks.clone() {
            let sample = |k| f32::from((i32::from(place) * 80 + k - 17_600) as i16) / 32_768.0;
            let samples: Vec<f32> = (0..80).map(sample).collect();
            let lost_before = if place == blocks.start { lost_before } else { 0 };
            recorder.block(BlockInfo { rate_hz: 8000, lost_before, non_finite: 0, format: WavFormat::S16 }, &samples);
        }
    }

    fn explanation() -> Explanation {
        let band = BandChange { from_hz: 56, to_hz: 112, tenths_db: 87 };
        Explanation { bands: [band, BandChange::default(), BandChange::default()], ..Explanation::default() }
    }

    fn alarm(recorder: &mut Recorder) {
        let alarm = Alarm { active: true, cause: 1, explanation: explanation(), ..Alarm::default() };
        let item = Item { sequence: 0, time_us: 7_000_000, event: Event::Alarm(alarm) };
        recorder.event(&item, &Snapshot::default());
    }

    /// Where each clip begins in that sound, and its length, in milliseconds.
    fn clips(folder: &Path) -> Vec<(i32, usize)> {
        let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        let read = |path: &std::path::PathBuf| {
            let mut samples = vec![0.0; 80_000];
            let mut reader = WavReader::open_channel(path, monitor_core::pcm::Channel::Average).unwrap();
            let mut len = 0;
            while let Ok(more @ 1..) = reader.read(&mut samples[len..]) {
                len += more;
            }
            assert_eq!(reader.rate_hz(), 8000);
            let whole = |sample: f32| (sample * 32_768.0) as i32;
            assert!(samples[..len].windows(2).all(|two| whole(two[1]) == whole(two[0]) + 1), "a joint in {path:?}");
            ((whole(samples[0]) + 17_600) / 8, len / 8)
        };
        paths.iter().map(read).collect()
    }

    fn config(folder: &Path) -> Config {
        Config { folder: folder.into(), before_s: 1.0, after_s: 0.5, pause_s: 0.0, reserve_mib: 0, ..Config::default() }
    }

    #[test]
    fn a_clip_is_the_seconds_before_the_alarm_and_after_it_sample_by_sample() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path());
        let clips_written = ClipQueue::default();
        let mut recorder = Recorder::new(config.clone(), clips_written.clone(), Privacy::default());
        push(&mut recorder, 0..300, 0);
        alarm(&mut recorder);
        push(&mut recorder, 300..320, 0);
        // One that is raised meanwhile is in the same clip.
        let again = Alarm { active: true, cause: 0, ..Alarm::default() };
        recorder.event(&Item { sequence: 0, time_us: 7_200_000, event: Event::Alarm(again) }, &Snapshot::default());
        assert_eq!(clips_written.pop_settled(), None);
        push(&mut recorder, 320..400, 0);
        assert_eq!(clips(folder.path()), [(2000, 1500)]);
        let name = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().file_name();
        assert!(name.to_str().unwrap().starts_with("000001_anomaly_unknown_56-112Hz_"), "{name:?}");
        // The event log gets it, once.
        let file = name.into_string().unwrap();
        for alarm in [7_000_000, 7_200_000] {
            assert_eq!(clips_written.pop_settled(), Some((alarm, Some(file.clone()))));
        }
        let clip = Clip { file, cause: "anomaly", explanation: explanation() };
        assert_eq!(clips_written.pop(), Some(clip));
        assert_eq!(clips_written.pop(), None);
    }

    #[test]
    fn lost_sound_ends_a_clip_and_the_next_begins_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path());
        let clips_written = ClipQueue::default();
        let mut recorder = Recorder::new(config.clone(), clips_written.clone(), Privacy::default());
        push(&mut recorder, 0..200, 0);
        alarm(&mut recorder);
        push(&mut recorder, 200..220, 0);
        push(&mut recorder, 300..380, 5);
        alarm(&mut recorder);
        push(&mut recorder, 380..440, 0);
        assert_eq!(clips(folder.path()), [(1000, 1200), (3000, 1300)]);
    }

    #[test]
    fn after_a_clip_there_is_a_pause_and_what_is_too_short_for_the_classifier_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config { pause_s: 1000.0, ..config(folder.path()) };
        let clips_written = ClipQueue::default();
        let mut recorder = Recorder::new(config.clone(), clips_written.clone(), Privacy::default());
        push(&mut recorder, 0..200, 0);
        for _ in 0..3 {
            alarm(&mut recorder);
            push(&mut recorder, 200..260, 0);
        }
        assert_eq!(clips(folder.path()).len(), 1);
        // The first alarm has a clip; the others lie in the pause.
        let settled: Vec<bool> =
            std::iter::from_fn(|| clips_written.pop_settled()).map(|(_, file)| file.is_some()).collect();
        assert_eq!(settled, [true, false, false]);
        let mut short = Recorder::new(config.clone(), clips_written.clone(), Privacy::default());
        push(&mut short, 0..90, 0);
        alarm(&mut short);
        short.finish();
        assert_eq!(clips(folder.path()).len(), 1);
        assert_eq!(clips_written.pop_settled(), Some((7_000_000, None)));
    }

    #[test]
    fn a_folder_that_cannot_be_written_costs_the_clip_only() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("clips");
        std::fs::write(&place, "").unwrap();
        let config = config(&place);
        let clips_written = ClipQueue::default();
        let mut recorder = Recorder::new(config.clone(), clips_written.clone(), Privacy::default());
        for round in 0..2 {
            push(&mut recorder, 0..200, 1);
            alarm(&mut recorder);
            push(&mut recorder, 200..260, 0);
            if round == 0 {
                assert!(recorder.refused);
                std::fs::remove_file(&place).unwrap();
            }
        }
        assert!(!recorder.refused);
        assert_eq!(clips(&place), [(1000, 1500)]);
        assert!(clips_written.pop().is_some() && clips_written.pop().is_none());
    }
}
