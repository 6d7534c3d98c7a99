//! Days of one machine at one place, heard by one microphone: weeks of sound for measuring trend and drift.
//!
//! The machine is that of a data set of one machine with the same seed. Each day has a stretch of sound that stands for it: the
//! rounds of the long recording. Place, distance, gain and microphone are the same on all days.

use monitor_sound::rng::Rng;

use super::background::Background;
use super::faults::{Fault, FaultSound};
use super::plan;
use super::scene::{Heard, Scene, SceneParts, Setup};
use super::shift;
use super::state::{Duty, State};

/// Purposes of random streams, beside those of data sets.
const PLACE: u64 = 4;
const DAY: u64 = 5;
const FAULT: u64 = 6;

/// How days differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variety {
    /// Work of many kinds every day, and the background of the place, up to 1 dB louder or quieter.
    Mixed,
    /// One kind of work in each state all day, and a background drawn anew every day.
    Changing,
}

/// A fault in some of the states.
#[derive(Debug, Clone, PartialEq)]
pub struct DayFault {
    /// Its kind; of one seed it is the same fault every day.
    pub fault: Fault,
    /// States in which it sounds.
    pub states: Vec<State>,
    /// Its strength: 1 as in a data set.
    pub strength: f64,
}

/// Options of a day.
#[derive(Debug, Clone, PartialEq)]
pub struct DayOptions {
    /// Random seed of machine and place.
    pub seed: u64,
    /// Number of the day.
    pub day: u32,
    /// How days differ.
    pub variety: Variety,
    /// Length of the stretch in seconds, at least 1.
    pub seconds: u32,
    /// Sample rate in Hz.
    pub rate_hz: u32,
    /// The fault of this day.
    pub fault: Option<DayFault>,
    /// The only state of the day, all rounds if `None`.
    pub only: Option<State>,
}

/// The samples of a day, full scale 1.
pub fn samples(options: &DayOptions) -> Vec<f32> {
    let DayOptions { seed, day, variety, seconds, rate_hz, ref fault, only } = *options;
    let rate = f64::from(rate_hz);
    let place = &mut Rng::new(seed, &[PLACE]);
    let setup = Setup::draw(place);
    let mut heard = Heard::draw(rate, setup, place);
    let rng = &mut Rng::new(seed, &[DAY, day.into()]);
    heard.background_level *= rng.decibels(-1.0, 1.0);
    if variety == Variety::Changing {
        heard.background = Background::draw(rate, rng);
    }
    let all_day = State::ALL.map(|state| Duty::draw(state, rng));
    let work = |state: State, rng: &mut Rng| {
        let state = only.unwrap_or(state);
        let normal = match variety {
            Variety::Mixed => Duty::draw(state, rng),
            Variety::Changing => all_day[state as usize].clone(),
        };
        match fault.as_ref().filter(|fault| fault.states.contains(&state)) {
            Some(faulty) => (faulty.fault.duty(normal, rng), faulty.strength),
            None => (normal, 0.0),
        }
    };
    let (stretches, _) = shift::draw(seconds, rate_hz, work, rng);
    let sound = fault
        .as_ref()
        .map(|faulty| FaultSound::draw(rate, faulty.fault, &mut Rng::new(seed, &[FAULT, faulty.fault as u64])));
    let parts = SceneParts { machine: plan::build(seed, 0), fault: None, setup, stretches };
    let mut scene = Scene::new(rate, parts, rng.clone()).with(sound, heard);
    let mut samples = vec![0.0; seconds as usize * rate_hz as usize];
    scene.fill(&mut samples);
    samples
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: u32, fault: Option<DayFault>) -> Vec<f32> {
        samples(&DayOptions { seed: 1, day, variety: Variety::Mixed, seconds: 12, rate_hz: 16_000, fault, only: None })
    }

    #[test]
    fn a_day_is_the_same_each_time_and_days_differ() {
        assert_eq!(day(1, None), day(1, None));
        assert_ne!(day(1, None), day(2, None));
    }

    #[test]
    fn a_fault_sounds_in_its_states_only() {
        let fault = |states: &[State]| Some(DayFault { fault: Fault::Bearing, states: states.to_vec(), strength: 1.0 });
        let (normal, none, solid) = (day(1, None), day(1, fault(&[])), day(1, fault(&[State::Solid])));
        assert_eq!(normal, none);
        let first = normal.iter().zip(&solid).position(|(a, b)| a != b).unwrap();
        // Off, on, soft and on come before the first solid part, and take two to five seconds of these twelve.
        assert!((2 * 16_000..7 * 16_000).contains(&first), "{first}");
    }

    #[test]
    fn a_fault_of_no_strength_is_none() {
        let fault = DayFault { fault: Fault::Knock, states: State::ALL.to_vec(), strength: 0.0 };
        assert_eq!(day(3, None), day(3, Some(fault)));
    }
}
