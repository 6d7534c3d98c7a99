//! From blocks and alarms to clips.

use std::time::{Duration, Instant};

use monitor_model::line::{StateName, cause_name};

use super::kept::{Clip, Kept};
use super::preroll::Preroll;
use super::store::room;
use crate::capture::{Block, ChannelChoice, Mono, StreamSpec};
use crate::clock;
use crate::config::ClipsConfig;
use crate::outputs::warn;
use crate::report::Report;
use crate::wav_writer::{WavFormat, write_file};

/// A clip shorter than a window of the classifier, in seconds, is of no use.
const SHORTEST_S: f32 = monitor_core::window::SECONDS as f32;

/// Bytes of a WAV file beside its samples, at most.
const HEAD: u64 = 64;

/// An alarm whose clip is not finished.
struct Pending {
    cause: &'static str,
    /// What the clip's name says of it.
    rest: String,
    /// Samples that are still to come.
    left: usize,
    /// When it is finished though they have not come: a device that is gone gives none.
    end: Instant,
}

/// Keeps the newest seconds and writes clips.
pub struct Recorder<'a> {
    config: &'a ClipsConfig,
    channel: ChannelChoice,
    mono: Mono,
    spec: Option<StreamSpec>,
    sound: Preroll,
    pending: Option<Pending>,
    /// When the last clip was finished.
    last: Option<Instant>,
    labels: String,
    refused: bool,
    kept: &'a Kept,
}

impl<'a> Recorder<'a> {
    /// One that has heard nothing; it tells `kept` of each clip.
    pub fn new(config: &'a ClipsConfig, channel: ChannelChoice, kept: &'a Kept) -> Self {
        Self {
            config,
            channel,
            mono: Mono::new(channel),
            spec: None,
            sound: Preroll::new(1),
            pending: None,
            last: None,
            labels: String::new(),
            refused: false,
            kept,
        }
    }

    /// Takes sound. A clip never joins what did not belong together: where sound was lost, it ends, or begins.
    pub fn block(&mut self, block: &Block<'_>) {
        if block.lost_before > 0 {
            self.finish();
            self.sound.clear();
        }
        if self.spec != Some(block.spec) {
            self.finish();
            self.spec = Some(block.spec);
            let seconds = self.config.before_s + self.config.after_s;
            // And a block: a clip ends with one.
            self.sound = Preroll::new(samples(seconds, block.spec) + block.bytes.len());
        }
        // A channel that the device does not have is told by inference, which listens to all then.
        let Ok(heard) = self.mono.decode(block) else {
            self.mono = Mono::new(ChannelChoice::Average);
            return;
        };
        self.sound.push(heard);
        let count = heard.len();
        if let Some(pending) = &mut self.pending {
            pending.left = pending.left.saturating_sub(count);
        }
        self.look();
    }

    /// Takes a report: a raised alarm begins a clip, unless there is one, or was until just now.
    pub fn report(&mut self, report: &Report, time_us: u64) {
        match report {
            Report::Hello(who) => self.labels.clone_from(&who.labels),
            Report::Alarm(alarm) if alarm.active => {
                let pause = Duration::from_secs_f32(self.config.pause_s);
                let (None, Some(spec)) = (&self.pending, self.spec) else { return };
                if self.last.is_some_and(|last| last.elapsed() < pause) {
                    return;
                }
                let state = StateName { labels: &self.labels, state: alarm.state }.to_string();
                let cause = cause_name(alarm.cause);
                let rest = format!("{cause}_{}_{}", plain(&state), time(time_us));
                let end = Instant::now() + Duration::from_secs_f32(self.config.after_s + 2.0);
                self.pending = Some(Pending { cause, rest, left: samples(self.config.after_s, spec), end });
            }
            _ => {}
        }
        self.look();
    }

    /// Writes the clip if all of it is there, or nothing more comes.
    pub fn look(&mut self) {
        if self.pending.as_ref().is_some_and(|pending| pending.left == 0 || Instant::now() >= pending.end) {
            self.finish();
        }
    }

    /// Writes the clip as far as it has come.
    pub fn finish(&mut self) {
        let (Some(pending), Some(spec)) = (self.pending.take(), self.spec) else { return };
        self.last = Some(Instant::now());
        let wanted = samples(self.config.before_s + self.config.after_s, spec) - pending.left;
        let parts = self.sound.newest(wanted);
        let count = parts[0].len() + parts[1].len();
        if count < samples(SHORTEST_S, spec) {
            return;
        }
        let format = WavFormat::exact_for(&spec, self.channel);
        match self.write(&pending.rest, format, spec.rate, parts) {
            Ok(Some(file)) => {
                self.refused = false;
                self.kept.push(Clip { file, cause: pending.cause });
            }
            refused => {
                let why = match refused {
                    Err(error) => error.to_string(),
                    Ok(_) => "there is no room for one within max_mib, with reserve_mib left free".into(),
                };
                if !std::mem::replace(&mut self.refused, true) {
                    warn(format!("clips {}: {why}; listening goes on", self.config.folder.display()));
                }
            }
        }
    }

    /// The file's name; `None` where there was no room.
    ///
    /// The folder is looked at anew each time: people take clips away, and a card may be another.
    fn write(&self, rest: &str, format: WavFormat, rate: u32, parts: [&[f32]; 2]) -> std::io::Result<Option<String>> {
        const MIB: u64 = 1024 * 1024;
        let (most, reserve) = (u64::from(self.config.max_mib) * MIB, u64::from(self.config.reserve_mib) * MIB);
        let bytes = (parts[0].len() + parts[1].len()) as u64 * u64::from(format.bytes()) + HEAD;
        let Some(path) = room(&self.config.folder, most, reserve, bytes, rest)? else { return Ok(None) };
        write_file(&path, format, rate, parts.into_iter().flat_map(|part| part.chunks(4096)))?;
        Ok(path.file_name().map(|name| name.to_string_lossy().into_owned()))
    }
}

/// Samples of so many seconds.
fn samples(seconds: f32, spec: StreamSpec) -> usize {
    (f64::from(seconds) * f64::from(spec.rate)) as usize
}

/// A state's name as part of a file's.
fn plain(name: &str) -> String {
    name.chars().take(40).map(|c| if c.is_alphanumeric() || c == '-' || c == '_' { c } else { '-' }).collect()
}

/// The time of day as part of a file's name, or where that is not known the seconds since the start.
fn time(time_us: u64) -> String {
    if clock::is_synchronised() {
        clock::stamp(clock::unix_ms() / 1000)
    } else {
        format!("unsynchronised-{}s", time_us / 1_000_000)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use monitor_core::pcm::SampleFormat;
    use monitor_model::wav::WavReader;
    use monitor_wire::Alarm;

    use super::*;

    const SPEC: StreamSpec =
        StreamSpec { format: SampleFormat::S16, channels: 1, rate: 8000, period_frames: 80, buffer_frames: 800 };

    /// Ten milliseconds of sound whose samples count up.
    fn hear(recorder: &mut Recorder<'_>, blocks: std::ops::Range<i16>, lost_before: u64) {
        for place in blocks.clone() {
            let bytes: Vec<u8> =
                (0..80).flat_map(|k| ((i32::from(place) * 80 + k - 17_600) as i16).to_le_bytes()).collect();
            let lost_before = if place == blocks.start { lost_before } else { 0 };
            let recorded = Duration::ZERO;
            recorder.block(&Block { spec: SPEC, first_frame: 0, lost_before, recorded, bytes: &bytes });
        }
    }

    fn alarm(recorder: &mut Recorder<'_>) {
        let alarm = Alarm { active: true, cause: 1, state: None, index: 0, unacknowledged: false };
        recorder.report(&Report::Alarm(alarm), 7_000_000);
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

    fn config(folder: &Path) -> ClipsConfig {
        ClipsConfig {
            folder: folder.into(),
            before_s: 1.0,
            after_s: 0.5,
            pause_s: 0.0,
            reserve_mib: 0,
            ..ClipsConfig::default()
        }
    }

    #[test]
    fn a_clip_is_the_seconds_before_the_alarm_and_after_it_sample_by_sample() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path());
        let kept = Kept::default();
        let mut recorder = Recorder::new(&config, ChannelChoice::Average, &kept);
        hear(&mut recorder, 0..300, 0);
        alarm(&mut recorder);
        hear(&mut recorder, 300..320, 0);
        // One that is raised meanwhile is in the same clip.
        alarm(&mut recorder);
        hear(&mut recorder, 320..400, 0);
        assert_eq!(clips(folder.path()), [(2000, 1500)]);
        let name = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().file_name();
        assert!(name.to_str().unwrap().starts_with("000001_anomaly_unknown_"), "{name:?}");
        // The event log is told of it, once.
        assert_eq!(kept.pop(), Some(Clip { file: name.into_string().unwrap(), cause: "anomaly" }));
        assert_eq!(kept.pop(), None);
    }

    #[test]
    fn lost_sound_ends_a_clip_and_the_next_begins_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path());
        let kept = Kept::default();
        let mut recorder = Recorder::new(&config, ChannelChoice::Average, &kept);
        hear(&mut recorder, 0..200, 0);
        alarm(&mut recorder);
        hear(&mut recorder, 200..220, 0);
        hear(&mut recorder, 300..380, 5);
        alarm(&mut recorder);
        hear(&mut recorder, 380..440, 0);
        assert_eq!(clips(folder.path()), [(1000, 1200), (3000, 1300)]);
    }

    #[test]
    fn after_a_clip_there_is_a_pause_and_what_is_too_short_for_the_classifier_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let config = ClipsConfig { pause_s: 1000.0, ..config(folder.path()) };
        let kept = Kept::default();
        let mut recorder = Recorder::new(&config, ChannelChoice::Average, &kept);
        hear(&mut recorder, 0..200, 0);
        for _ in 0..3 {
            alarm(&mut recorder);
            hear(&mut recorder, 200..260, 0);
        }
        assert_eq!(clips(folder.path()).len(), 1);
        let mut short = Recorder::new(&config, ChannelChoice::Average, &kept);
        hear(&mut short, 0..90, 0);
        alarm(&mut short);
        short.finish();
        assert_eq!(clips(folder.path()).len(), 1);
    }

    #[test]
    fn a_folder_that_cannot_be_written_costs_the_clip_only() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("clips");
        std::fs::write(&place, "").unwrap();
        let config = config(&place);
        let kept = Kept::default();
        let mut recorder = Recorder::new(&config, ChannelChoice::Average, &kept);
        for round in 0..2 {
            hear(&mut recorder, 0..200, 1);
            alarm(&mut recorder);
            hear(&mut recorder, 200..260, 0);
            if round == 0 {
                assert!(recorder.refused);
                std::fs::remove_file(&place).unwrap();
            }
        }
        assert!(!recorder.refused);
        assert_eq!(clips(&place), [(1000, 1500)]);
        assert!(kept.pop().is_some() && kept.pop().is_none());
    }
}
