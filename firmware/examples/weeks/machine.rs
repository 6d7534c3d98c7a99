//! One machine: its sound, and what the device's program makes of it.

use std::path::Path;

use anyhow::Context;
use firmware::config::Config;
use firmware::inference::{Setup, followed};
use firmware::reporting::TrendReport;
use firmware::trend::{History, Limits, WindowCounts, report};
use monitor_core::monitor::{AlarmCause, AudioBlock, Event};
use monitor_model::owned::Memory;

/// Sample rate in Hz: the one that the model hears at.
pub const RATE_HZ: u32 = 16_000;

/// Any date, in days since 1970.
const FIRST_DATE: u32 = 20_000;

/// Samples that arrive together: a tenth of a second.
const BLOCK: usize = 1_600;

/// What the program makes of a stretch of sound.
#[derive(Debug, Clone, Default)]
pub struct Heard {
    /// Windows that count for the daily medians: class, score, level in dB of full scale.
    pub windows: Vec<(usize, Option<f32>, f32)>,
    /// Warnings that were raised.
    pub warnings: usize,
    /// Alarms by the anomaly score that were raised.
    pub alarms: usize,
}

/// A model in the device's program.
pub struct Machine {
    setup: Setup,
    limits: Limits,
}

impl Machine {
    /// The model at `model`, with what `state_dir` holds; an empty path for nothing.
    pub fn load(model: &Path, state_dir: &Path) -> anyhow::Result<Self> {
        let mut config = Config::default();
        config.listen.model = model.into();
        config.listen.state_dir = state_dir.into();
        let setup = Setup::load(&config)?;
        let rules = setup.settings(&setup.classifier()).anomaly.context("the model has no anomaly score")?;
        Ok(Self { limits: Limits { warning: rules.levels.warning, alarm: rules.alarm }, setup })
    }

    /// Names of the states.
    pub fn labels(&self) -> Vec<String> {
        self.setup.device.labels.list().iter().map(str::to_owned).collect()
    }

    /// Score of the warning level.
    pub fn warning(&self) -> f32 {
        self.limits.warning
    }

    /// Plays sound to the monitor, from its start.
    pub fn hear(&self, sound: &[f32]) -> anyhow::Result<Heard> {
        let classifier = self.setup.classifier();
        let mut memory = Memory::new(&classifier, RATE_HZ)?;
        let judge = self.setup.settings(&classifier).judge()?;
        let Setup { hop_columns, microphone, .. } = self.setup;
        let mut monitor = memory.monitor(classifier, RATE_HZ, hop_columns, microphone, judge)?;
        let mut heard = Heard::default();
        for samples in sound.chunks(BLOCK) {
            monitor.process(AudioBlock { samples, non_finite: 0, lost_before: 0 }, |event| match *event {
                Event::Window { verdict, decided, anomaly, microphone_dead, .. } => {
                    if let Some(class) = followed(verdict, decided, microphone_dead) {
                        heard.windows.push((class, anomaly, verdict.level_dbfs));
                    }
                }
                Event::Warning { active: true, .. } => heard.warnings += 1,
                Event::Alarm { active: true, cause: AlarmCause::Anomaly, .. } => heard.alarms += 1,
                _ => {}
            });
        }
        Ok(heard)
    }

    /// The report at the end of each day. The windows of a day, of `stretch_s` seconds of sound, stand for all of it.
    pub fn follow<'h>(&self, days: impl IntoIterator<Item = &'h Heard>, stretch_s: u32) -> Vec<TrendReport> {
        let (mut history, counts) = (History::default(), WindowCounts::default());
        let hop_s = f64::from(self.setup.hop_columns) / 100.0 * 86_400.0 / f64::from(stretch_s);
        let of_day = |(date, day): (u32, &Heard)| {
            day.windows.iter().for_each(|(class, score, level)| counts.count(*class, *score, *level));
            history.add(&counts, hop_s, Some(date));
            // Midnight.
            history.add(&counts, hop_s, Some(date + 1));
            report(&history, Some(self.limits))
        };
        (FIRST_DATE..).zip(days).map(of_day).collect()
    }
}
