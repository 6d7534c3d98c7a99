//! Reads a clip: what head and detectors read of its windows, by the same front end and network as everything else.

use monitor_core::anomaly::{AnomalyModel, WindowValues};
use monitor_core::classifier::Classifier;
use monitor_core::microphone::{Limits, Microphone};
use monitor_core::pipeline::Verdict;
use monitor_core::window::SECONDS_F32 as WINDOW_S;
use monitor_model::anomaly::widen::ClipWindows;
use monitor_model::owned::Memory;
use monitor_model::refit::MOST_WINDOWS;
use monitor_model::wav::WavReader;

use super::{Clip, Settings};

/// Most windows of a clip: 2 minutes at the default hop.
const MOST: usize = 250;

/// What was read of a clip.
#[derive(Debug, Default)]
pub(super) struct ClipSound {
    /// Features of its windows, if it has a label; evenly thinned to [`MOST_WINDOWS`].
    pub(super) features: Vec<Vec<f32>>,
    /// What the detectors read, if its condition is known.
    pub(super) detectors: ClipWindows,
    /// Number of windows.
    pub(super) windows: usize,
}

impl ClipSound {
    /// Reads a clip.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub(super) fn read(
        clip: &Clip,
        classifier: &Classifier<'_>,
        tables: Option<&AnomalyModel<'_>>,
        settings: &Settings,
    ) -> Result<Self, String> {
        // A FIFO would be waited for.
        if !std::fs::metadata(&clip.file).map_err(|error| error.to_string())?.is_file() {
            return Err("it is no file".into());
        }
        let mut reader = WavReader::open_channel(&clip.file, settings.channel()).map_err(|error| error.to_string())?;
        let rate = reader.rate_hz();
        let mut memory = Memory::new(classifier, rate).map_err(|error| error.to_string())?;
        let mut pipeline =
            memory.pipeline(classifier.clone(), rate, settings.hop_columns).map_err(|error| error.to_string())?;
        let mut microphone = Microphone::new(Limits::default());
        let mut found = Self::default();
        let mut samples = vec![0.0; (rate / 10) as usize];
        loop {
            let before = reader.replaced();
            let count = reader.read(&mut samples).map_err(|error| error.to_string())?;
            if count == 0 || found.windows == MOST {
                break;
            }
            let non_finite = u32::try_from(reader.replaced() - before).unwrap_or(u32::MAX);
            microphone.process(&samples[..count], non_finite, rate, |part, dead| {
                // The sound of a dead microphone is not the machine's.
                pipeline.push(part, |verdict| {
                    if !dead {
                        found.add(clip, verdict, tables);
                    }
                });
            });
        }
        if !microphone.is_dead() {
            pipeline.finish(|verdict| found.add(clip, verdict, tables));
        }
        found.thin();
        Ok(found)
    }

    fn add(&mut self, clip: &Clip, verdict: &Verdict<'_>, tables: Option<&AnomalyModel<'_>>) {
        let start_s = verdict.start_sample as f64 / 16e3;
        let end_s = start_s + f64::from(WINDOW_S);
        let is_within = clip.part_s.is_none_or(|(from, to)| start_s >= from - 1e-3 && end_s <= to + 1e-3);
        if !is_within || self.windows == MOST {
            return;
        }
        self.windows += 1;
        if clip.label.is_some() {
            self.features.push(verdict.features.to_vec());
        }
        if let Some(tables) = tables.filter(|_| clip.condition.is_some()) {
            let values = WindowValues { patch: verdict.patch, features: verdict.features, rumble: verdict.rumble };
            self.detectors.add(tables, &values);
        }
    }

    fn thin(&mut self) {
        let len = self.features.len();
        if len > MOST_WINDOWS {
            let mut place = 0;
            self.features.retain(|_| {
                place += 1;
                place * MOST_WINDOWS / len != (place - 1) * MOST_WINDOWS / len
            });
        }
    }
}
