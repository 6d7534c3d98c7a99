//! What `firmware baseline` does to the false alarms of each state, to faults, and whether it refuses faults.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use monitor_synth::days::{DayFault, DayOptions, Variety, samples};
use monitor_synth::{Fault, State};
use rayon::prelude::*;

use super::machine::{Heard, Machine, RATE_HZ};

/// The day whose sound becomes the baseline, in seconds of each state and of all together.
const LEARNED_DAY: u32 = 1_000;
const ONE_STATE_S: u32 = 180;
const ALL_STATES_S: u32 = 480;

/// Days on which the baseline is judged, and their sound in seconds.
const JUDGED_DAYS: [u32; 4] = [1_001, 1_002, 1_003, 1_004];
const JUDGED_S: u32 = 240;

/// Strengths of the faults that a baseline must refuse: 1 as in a data set.
const STRENGTHS: [f64; 3] = [1.0, 0.5, 0.25];

/// Measures all machines; prints a line for each baseline of each: the median score of each state and the share of its windows from the
/// warning level on, and the warnings and alarms.
pub fn measure(folder: &Path, seeds: &[u64]) -> anyhow::Result<()> {
    let program = std::env::var_os("HOST_FIRMWARE").context("set HOST_FIRMWARE to the program")?;
    for seed in seeds {
        let model = folder.join(seed.to_string()).join("sound_classifier.tflite");
        let bench =
            Bench { seed: *seed, folder: folder.join(seed.to_string()), model, program: program.clone().into() };
        bench.effects()?;
        bench.refusals()?;
    }
    Ok(())
}

struct Bench {
    seed: u64,
    folder: PathBuf,
    model: PathBuf,
    program: PathBuf,
}

impl Bench {
    fn sound(&self, day: u32, seconds: u32, only: Option<State>, fault: Option<DayFault>) -> Vec<f32> {
        let variety = Variety::Mixed;
        samples(&DayOptions { seed: self.seed, day, variety, seconds, rate_hz: RATE_HZ, fault, only })
    }

    /// Runs `firmware baseline` on this sound; whether it was accepted. The state directory is emptied before.
    fn learn(&self, sound: &[f32], state_dir: &Path, force: bool) -> anyhow::Result<bool> {
        let _ = std::fs::remove_dir_all(state_dir);
        std::fs::create_dir_all(state_dir)?;
        let wav = state_dir.join("sound.wav");
        monitor_model::wav::write(&wav, RATE_HZ, 1, |writer| writer.push(sound))?;
        let mut command = Command::new(&self.program);
        command
            .arg("baseline")
            .arg("--model")
            .arg(&self.model)
            .arg("--wav")
            .arg(&wav)
            .arg("--state-dir")
            .arg(state_dir);
        if force {
            command.arg("--force");
        }
        let output = command.output().with_context(|| self.program.display().to_string())?;
        let text = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success() || text.contains("would make a fault normal"), "{text}");
        Ok(output.status.success())
    }

    fn fault(fault: Fault, strength: f64) -> Option<DayFault> {
        Some(DayFault { fault, states: vec![State::On, State::Soft, State::Solid], strength })
    }

    fn effects(&self) -> anyhow::Result<()> {
        let _ = std::fs::remove_dir_all(self.folder.join("state"));
        let normal: Vec<_> = JUDGED_DAYS.par_iter().map(|day| self.sound(*day, JUDGED_S, None, None)).collect();
        let faulty = |fault: &Fault| self.sound(JUDGED_DAYS[0], JUDGED_S / 2, None, Self::fault(*fault, 1.0));
        let faulty: Vec<_> = Fault::ALL.par_iter().map(faulty).collect();
        let mut kinds = vec![("none".to_owned(), None)];
        for state in State::ALL {
            kinds.push((state.label().to_owned(), Some(self.sound(LEARNED_DAY, ONE_STATE_S, Some(state), None))));
        }
        kinds.push(("all states".to_owned(), Some(self.sound(LEARNED_DAY, ALL_STATES_S, None, None))));
        for (name, learned) in kinds {
            let state_dir = self.folder.join("state");
            let accepted = match &learned {
                None => "-",
                Some(sound) if self.learn(sound, &state_dir, false)? => "accepted",
                Some(sound) => {
                    self.learn(sound, &state_dir, true)?;
                    "forced"
                }
            };
            let machine = Machine::load(&self.model, &state_dir)?;
            let hear = |sounds: &[Vec<f32>]| {
                sounds.par_iter().map(|sound| machine.hear(sound)).collect::<anyhow::Result<Vec<Heard>>>()
            };
            let (heard, faults) = (hear(&normal)?, hear(&faulty)?);
            print!("{} baseline of {name} ({accepted}): ", self.seed);
            for (state, name) in machine.labels().iter().enumerate() {
                let (median, share) = judged(&heard, state, machine.warning());
                print!("{name} {median:.2} ({share:.0} %), ");
            }
            let (warnings, alarms) = heard.iter().fold((0, 0), |sum, day| (sum.0 + day.warnings, sum.1 + day.alarms));
            let detected = faults.iter().filter(|day| day.warnings + day.alarms > 0).count();
            let hours = f64::from(JUDGED_S * JUDGED_DAYS.len() as u32) / 3600.0;
            println!(
                "{warnings} warnings, {alarms} alarms in {hours:.2} h; {detected} of {} faults detected",
                faults.len()
            );
        }
        Ok(())
    }

    fn refusals(&self) -> anyhow::Result<()> {
        let state_dir = self.folder.join("refused");
        let mut accepted = Vec::new();
        for fault in Fault::ALL {
            for strength in STRENGTHS {
                let sound = self.sound(LEARNED_DAY, ONE_STATE_S, None, Self::fault(fault, strength));
                if self.learn(&sound, &state_dir, false)? {
                    accepted.push(format!("{} x{strength}", fault.label()));
                }
            }
        }
        let normal = self.learn(&self.sound(LEARNED_DAY, ONE_STATE_S, None, None), &state_dir, false)?;
        let all = Fault::ALL.len() * STRENGTHS.len();
        println!(
            "{}: of {all} faults these are accepted: {}; normal sound accepted: {normal}",
            self.seed,
            accepted.join(", ")
        );
        Ok(())
    }
}

/// Median score of a state and the share of its windows from the warning level on, in percent.
fn judged(days: &[Heard], state: usize, warning: f32) -> (f32, f32) {
    let of_state = days.iter().flat_map(|day| &day.windows).filter(|(class, ..)| *class == state);
    let mut scores: Vec<f32> = of_state.filter_map(|(_, score, _)| *score).collect();
    scores.sort_by(f32::total_cmp);
    let above = scores.iter().filter(|score| **score >= warning).count();
    (scores.get(scores.len() / 2).copied().unwrap_or(f32::NAN), 100.0 * above as f32 / scores.len().max(1) as f32)
}
