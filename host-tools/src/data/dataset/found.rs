//! What a data set sounds like, class by class, and what of it harms a model: the table at the start of `train`, `evaluate`
//! and `features`.

use std::collections::BTreeSet;

use monitor_core::microphone::{CLIPPED, NOT_FINITE, OFFSET, SILENT, STUCK};
use serde::Serialize;

use super::Dataset;
use super::load::Usable;
use super::sound::{ChannelFault, Sound};
use crate::console::{Columns, Side, Ui, one_line};

/// Gap between the levels of one class and of all others, in dB, from which another gain is likely. A machine that is off is
/// up to about 30 dB quieter than one that runs.
const LEVEL_GAP_DB: f64 = 30.0;

/// The sound of a data set.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct FoundSound {
    /// One entry per class.
    pub classes: Vec<ClassSound>,
    /// What harms a model, grouped by class and kind.
    pub warnings: Vec<Finding>,
}

/// The files of a class.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct ClassSound {
    /// Its name.
    pub class: String,
    /// Number of files; a file with parts of several classes counts in each.
    pub files: usize,
    /// Length of the files, or of their parts of the class, in seconds.
    pub seconds: f64,
    /// Sample rates in Hz, ascending.
    pub rates_hz: Vec<u32>,
    /// Numbers of channels, ascending.
    pub channels: Vec<u16>,
    /// Kinds of files by their names, such as WAV.
    pub formats: Vec<String>,
    /// Lowest, median and highest level of a file in dB of full scale; `None` if all are silent.
    pub level_dbfs: Option<[f64; 3]>,
}

/// Something in the sound of a class that harms a model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Finding {
    /// `silent`, `stuck`, `no numbers`, `offset`, `clipped`, `channels cancel`, `dead channel`, `rate`, `channels`, `format`
    /// or `level`.
    pub kind: &'static str,
    /// The class.
    pub class: String,
    /// Number of its files that show it.
    pub files: usize,
    /// One of them.
    pub example: String,
    /// What it does and the remedy.
    pub text: String,
}

/// A check of a file, its name, and what to say of files that fail it.
type Check = (&'static str, fn(&Sound) -> bool, &'static str);

const CHECKS: [Check; 7] = [
    (
        "silent",
        |sound| sound.faults & SILENT != 0,
        "hold a second or more of digital silence, on which the device reports a dead microphone and no state; check the \
         microphone, or cut the silence off",
    ),
    (
        "stuck",
        |sound| sound.faults & STUCK != 0,
        "hold a second or more of one constant value: the microphone or its driver was stuck; record them again",
    ),
    (
        "no numbers",
        |sound| sound.faults & NOT_FINITE != 0,
        "hold samples that are no numbers (NaN, infinite, above 2^31); windows with such samples are left out; export them \
         again",
    ),
    (
        "offset",
        |sound| sound.faults & OFFSET != 0,
        "have a mean far from zero (DC offset): check the microphone's wiring; record them again",
    ),
    (
        "clipped",
        |sound| sound.faults & CLIPPED != 0,
        "are clipped (more than 1 % of the samples at full scale): lower the gain and record them again",
    ),
    (
        "channels cancel",
        |sound| sound.channel_fault == Some(ChannelFault::Cancel),
        "have channels that cancel each other out (antiphase): their mean, which is used, is near silence; invert a channel \
         or export one of them",
    ),
    (
        "dead channel",
        |sound| sound.channel_fault == Some(ChannelFault::Dead),
        "have a channel without sound, which lowers the level of the mean; export the channels that have a microphone",
    ),
];

impl FoundSound {
    /// The sound of `files`, for the classes `classes`.
    pub(super) fn new(classes: &[String], files: &[Usable]) -> Self {
        let mut found = Self::default();
        for class in classes {
            let of_class: Vec<&Usable> = files.iter().filter(|file| file.found.has_label(class)).collect();
            found.classes.push(ClassSound::new(class, &of_class));
            for (kind, shows, text) in CHECKS {
                let bad: Vec<&&Usable> = of_class.iter().filter(|file| shows(&file.probe.sound)).collect();
                if let Some(first) = bad.first() {
                    let (files, all) = (bad.len(), of_class.len());
                    found.warnings.push(Finding {
                        kind,
                        class: class.clone(),
                        files,
                        example: first.found.name.clone(),
                        text: format!("{files} of {all} files of {class} {text}"),
                    });
                }
            }
        }
        let shortcuts: Vec<Finding> = (0..found.classes.len()).flat_map(|class| found.shortcuts(class)).collect();
        // Of two classes that differ from each other one is enough.
        for finding in shortcuts {
            let again = found.classes.len() == 2 && found.warnings.iter().any(|other| other.kind == finding.kind);
            if !again {
                found.warnings.push(finding);
            }
        }
        found
    }

    /// In what all files of a class differ from all files of the others beside the machine's sound.
    fn shortcuts(&self, class: usize) -> Vec<Finding> {
        let one = &self.classes[class];
        let others: Vec<&ClassSound> = self.classes.iter().filter(|other| other.class != one.class).collect();
        if others.is_empty() {
            return Vec::new();
        }
        let mut shortcuts = Vec::new();
        let mut differs = |kind, here: String, there: String| {
            let (files, class) = (one.files, one.class.clone());
            let text = format!(
                "all {files} files of {class} have {here}, all others {there}: the model may learn this difference instead \
                 of the machine's sound; record every class with the same equipment and settings"
            );
            shortcuts.push(Finding { kind, class, files, example: String::new(), text });
        };
        if let Some([here, there]) = apart(&one.rates_hz, others.iter().flat_map(|other| &other.rates_hz)) {
            differs("rate", format!("{here} Hz"), format!("{there} Hz"));
        }
        if let Some([here, there]) = apart(&one.channels, others.iter().flat_map(|other| &other.channels)) {
            differs("channels", format!("{here} channels"), there);
        }
        if let Some([here, there]) = apart(&one.formats, others.iter().flat_map(|other| &other.formats)) {
            differs("format", format!("the format {here}"), there);
        }
        let levels: Vec<[f64; 3]> = others.iter().filter_map(|other| other.level_dbfs).collect();
        if let (Some([low, _, high]), false) = (one.level_dbfs, levels.is_empty()) {
            let lowest = levels.iter().map(|[low, ..]| *low).fold(f64::INFINITY, f64::min);
            let highest = levels.iter().map(|[.., high]| *high).fold(f64::NEG_INFINITY, f64::max);
            if low - highest > LEVEL_GAP_DB || lowest - high > LEVEL_GAP_DB {
                differs("level", level(Some([low, low, high])), level(Some([lowest, lowest, highest])));
            }
        }
        shortcuts
    }
}

/// The values of one class and of the others as text, if they have none in common.
fn apart<'v, T: Ord + std::fmt::Display + 'v>(
    one: &'v [T],
    others: impl Iterator<Item = &'v T>,
) -> Option<[String; 2]> {
    let others: BTreeSet<&T> = others.collect();
    (!others.is_empty() && one.iter().all(|value| !others.contains(value)))
        .then(|| [list(one.iter()), list(others.into_iter())])
}

fn list<T: std::fmt::Display>(values: impl Iterator<Item = T>) -> String {
    values.map(|value| value.to_string()).collect::<Vec<_>>().join(", ")
}

/// A range of levels as text.
fn level(levels: Option<[f64; 3]>) -> String {
    levels.map_or("silent".into(), |[low, _, high]| match (low.round(), high.round()) {
        (low, high) if low == high => format!("{low:.0} dBFS"),
        (low, high) => format!("{low:.0} to {high:.0} dBFS"),
    })
}

impl ClassSound {
    fn new(class: &str, files: &[&Usable]) -> Self {
        fn distinct<T: Ord>(values: impl Iterator<Item = T>) -> Vec<T> {
            values.collect::<BTreeSet<T>>().into_iter().collect()
        }
        let mut levels: Vec<f64> = files.iter().filter_map(|file| file.probe.sound.level_dbfs).collect();
        levels.sort_by(f64::total_cmp);
        let at = |place: usize| (levels[place] * 10.0).round() / 10.0;
        Self {
            class: class.to_owned(),
            files: files.len(),
            seconds: files.iter().map(|file| file.found.seconds_of(class, file.probe.seconds)).sum(),
            rates_hz: distinct(files.iter().map(|file| file.probe.sound.rate_hz)),
            channels: distinct(files.iter().map(|file| file.probe.sound.channels)),
            formats: distinct(files.iter().map(|file| file.probe.sound.format.to_owned())),
            level_dbfs: (!levels.is_empty()).then(|| [at(0), at(levels.len() / 2), at(levels.len() - 1)]),
        }
    }
}

impl Dataset {
    /// Prints what was found, what was left out, and what to do: before the long work.
    pub(crate) fn print_found(&mut self, ui: &Ui) {
        let mut columns = Columns::new(&[
            ("class", Side::Left),
            ("files", Side::Right),
            ("length", Side::Right),
            ("rate in Hz", Side::Right),
            ("channels", Side::Right),
            ("format", Side::Left),
            ("level", Side::Left),
        ]);
        for class in &self.sound.classes {
            columns.row([
                class.class.clone(),
                class.files.to_string(),
                length(class.seconds),
                list(class.rates_hz.iter()),
                list(class.channels.iter()),
                class.formats.join(", "),
                level(class.level_dbfs),
            ]);
        }
        columns.lines(0).for_each(|line| ui.print(line));
        self.print_skipped(ui);
        self.reported = self.skipped.len();
        self.note_remarks();
        for Finding { text, example, .. } in &self.sound.warnings {
            let first = if example.is_empty() { String::new() } else { format!(" (such as {example})") };
            tracing::warn!("{}", one_line(&format!("{text}{first}")));
        }
        ui.print("");
    }
}

/// A length as text: `7 s`, `12 min`, `3.5 h`.
fn length(seconds: f64) -> String {
    match seconds {
        short if short < 120.0 => format!("{short:.0} s"),
        middle if middle < 7200.0 => format!("{:.0} min", middle / 60.0),
        long => format!("{:.1} h", long / 3600.0),
    }
}
