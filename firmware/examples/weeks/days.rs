//! Trend and drift: on normal days, after a change of microphone or room, with a fault, and while a fault grows.

use std::fmt;
use std::fs::File;
use std::io::Write;
use std::path::Path;

use firmware::reporting::TrendReport;
use monitor_core::trend::position;
use monitor_synth::days::{DayFault, DayOptions, Variety, samples};
use monitor_synth::{Fault, State};
use monitor_wire::{Course, Drift};
use rayon::prelude::*;

use super::machine::{Heard, Machine, RATE_HZ};
use super::way::Way;

/// Days of normal sound.
const NORMAL: u32 = 60;

/// Days until something changes.
const CHANGE: u32 = 30;

/// Days that are looked at after a change.
const AFTER: u32 = 6;

/// Days over which a fault grows by [`GROWTH_DB`] each, to twice the strength of those in a data set.
const GROWING: u32 = 30;

/// Growth of a fault in dB a day.
const GROWTH_DB: f64 = 1.0;

/// Amplitude of a fault that has grown, relative to those of a data set.
const GROWN: f64 = 2.0;

/// States with the machine running.
const RUNNING: [State; 3] = [State::On, State::Soft, State::Solid];

/// Sound that stands for a day, in seconds: with mixed work every state needs several kinds of it.
fn stretch_s(variety: Variety) -> u32 {
    match variety {
        Variety::Mixed => 240,
        Variety::Changing => 120,
    }
}

/// A fault that begins on day [`CHANGE`].
#[derive(Debug, Clone)]
pub enum Case {
    Sudden(Fault, Vec<State>),
    Growth(Fault),
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let in_states = |states: &[State]| if let [only] = states { only.label() } else { "all running states" };
        match self {
            Self::Sudden(fault, states) => write!(f, "{} in {}", fault.label(), in_states(states)),
            Self::Growth(fault) => write!(f, "growing {} in all running states", fault.label()),
        }
    }
}

impl Case {
    /// All that are measured.
    pub fn all() -> Vec<Self> {
        let one = |fault| if fault == Fault::Load { State::Solid } else { State::On };
        let faults = Fault::ALL.into_iter();
        let in_one = faults.clone().map(|fault| Self::Sudden(fault, vec![one(fault)]));
        in_one
            .chain(faults.map(|fault| Self::Sudden(fault, RUNNING.to_vec())))
            .chain([Self::Growth(Fault::Bearing)])
            .collect()
    }

    fn days(&self) -> u32 {
        if let Self::Growth(_) = self { GROWING } else { AFTER }
    }

    /// The fault so many days after the change.
    fn fault(&self, after: u32) -> DayFault {
        match self {
            Self::Sudden(fault, states) => DayFault { fault: *fault, states: states.clone(), strength: 1.0 },
            Self::Growth(fault) => {
                let decibels = GROWTH_DB * (f64::from(after) - f64::from(GROWING - 1));
                let strength = GROWN * 10f64.powf(decibels / 20.0);
                DayFault { fault: *fault, states: RUNNING.to_vec(), strength }
            }
        }
    }
}

/// Measures all machines, prints a line for each case of each, and writes `FOLDER/days.csv` with the medians of all days.
pub fn measure(folder: &Path, seeds: &[u64], cases: &[Case]) -> anyhow::Result<()> {
    let mut table = File::create(folder.join("days.csv"))?;
    writeln!(
        table,
        "seed,days,case,day,state,position,level_dbfs,seconds,drift,shift,course,earliest,latest,warnings,alarms"
    )?;
    for variety in [Variety::Changing, Variety::Mixed] {
        for seed in seeds {
            let machine = Machine::load(&folder.join(seed.to_string()).join("sound_classifier.tflite"), Path::new(""))?;
            Run { machine: &machine, seed: *seed, variety }.all(cases, &mut table)?;
        }
    }
    Ok(())
}

/// One machine with one kind of days.
struct Run<'m> {
    machine: &'m Machine,
    seed: u64,
    variety: Variety,
}

impl Run<'_> {
    fn all(&self, cases: &[Case], table: &mut File) -> anyhow::Result<()> {
        let hear = |day| self.machine.hear(&self.sound(day, None));
        let normal = (0..NORMAL).into_par_iter().map(hear).collect::<anyhow::Result<Vec<Heard>>>()?;
        self.report(table, "normal", &normal, 0)?;
        let each_way = |after| {
            let sound = self.sound(CHANGE + after, None);
            Way::ALL.into_iter().map(|way| self.machine.hear(&way.of(&sound))).collect()
        };
        let ways = (0..AFTER).into_par_iter().map(each_way).collect::<anyhow::Result<Vec<Vec<Heard>>>>()?;
        let mut report = |case: &str, changed: &mut dyn Iterator<Item = Heard>| {
            let days: Vec<Heard> = normal[..CHANGE as usize].iter().cloned().chain(changed).collect();
            self.report(table, case, &days, CHANGE as usize)
        };
        for (index, way) in Way::ALL.into_iter().enumerate() {
            report(&way.to_string(), &mut ways.iter().map(|ways| ways[index].clone()))?;
        }
        for case in cases {
            let faulty = |after| self.machine.hear(&self.sound(CHANGE + after, Some(case.fault(after))));
            let changed = (0..case.days()).into_par_iter().map(faulty).collect::<anyhow::Result<Vec<Heard>>>()?;
            report(&case.to_string(), &mut changed.into_iter())?;
        }
        Ok(())
    }

    fn sound(&self, day: u32, fault: Option<DayFault>) -> Vec<f32> {
        let (seconds, variety) = (stretch_s(self.variety), self.variety);
        samples(&DayOptions { seed: self.seed, day, variety, seconds, rate_hz: RATE_HZ, fault, only: None })
    }

    /// Prints what is reported from day `from` on, and adds those days to the table.
    fn report(&self, table: &mut File, case: &str, days: &[Heard], from: usize) -> anyhow::Result<()> {
        let reports = self.machine.follow(days, stretch_s(self.variety));
        let named = |value: u8, names: &[(u8, &'static str)]| {
            names.iter().find(|(of, _)| *of == value).map_or("", |(_, name)| *name)
        };
        let drift = |report: &TrendReport| {
            let names = [(Drift::All as u8, "all"), (Drift::Part as u8, "part"), (Drift::Single as u8, "single")];
            named(report.summary.drift, &names)
        };
        let rises = |report: &TrendReport| report.summary.course == Course::Rising as u8;
        for (at, (report, day)) in reports.iter().zip(days).enumerate().skip(from) {
            for state in &report.states {
                // Days without enough sound of a state have no median.
                let Some(last) = state.days.last().filter(|last| last.date == report_date(report)) else { continue };
                let span = state.to_warning.map_or(String::from(","), |to| format!("{},{}", to.earliest, to.latest));
                writeln!(
                    table,
                    "{},{:?},{case},{at},{},{:.3},{:.1},{:.0},{},{},{},{span},{},{}",
                    self.seed,
                    self.variety,
                    state.state,
                    last.score.map_or(f32::NAN, position),
                    last.level_dbfs,
                    last.seconds,
                    drift(report),
                    report.summary.shift,
                    state.course as u8,
                    day.warnings,
                    day.alarms
                )?;
            }
        }
        let seen = &reports[from..];
        let is = |of: &'static str| move |report: &TrendReport| drift(report) == of;
        let (warnings, alarms) =
            days[from..].iter().fold((0, 0), |sum, day| (sum.0 + day.warnings, sum.1 + day.alarms));
        println!(
            "{} {:?} {case}, {} days: drift in all states {}, in some {}; rising {}; {warnings} warnings, {alarms} alarms",
            self.seed,
            self.variety,
            seen.len(),
            reported(seen, is("all")),
            reported(seen, is("part")),
            reported(seen, rises),
        );
        Ok(())
    }
}

/// How often a report begins, and after how many days for the first time.
fn reported(reports: &[TrendReport], is: impl Fn(&TrendReport) -> bool) -> String {
    let found: Vec<bool> = reports.iter().map(is).collect();
    let before = std::iter::once(&false).chain(&found);
    match found.iter().position(|found| *found) {
        None => "never".into(),
        Some(first) => {
            let times = before.zip(&found).filter(|(before, now)| !**before && **now).count();
            format!("{times} times, first after {} days", first + 1)
        }
    }
}

/// The date of the day that has ended.
fn report_date(report: &TrendReport) -> Option<u32> {
    report.states.iter().filter_map(|state| state.days.last()?.date).max()
}
