//! A day: counts while it lasts, medians afterwards.

use monitor_core::trend::{BINS, LEVEL, POSITION, STATES};
use serde::{Deserialize, Serialize};

use super::counts::{Taken, WindowCounts};

/// Least sound of a state from which a median is taken, in seconds.
const LEAST_S: f64 = 300.0;

/// The medians of one state on one day.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct StateDay {
    /// Index of the class.
    pub(super) state: u16,
    /// Median position of the anomaly score, if the model has one.
    pub(super) position: Option<f32>,
    /// Median level in dB of full scale.
    pub(super) level: f32,
    /// Seconds of sound.
    pub(super) seconds: f64,
}

/// A day that is over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct ClosedDay {
    /// Counts the days of a history, from 1.
    pub(super) number: u32,
    /// Days since 1970 in UTC, if the clock was synchronised.
    pub(super) date: Option<u32>,
    /// Hours of sound since the history began, this day included.
    pub(super) sound_h: f64,
    /// In the order of the classes.
    pub(super) states: Vec<StateDay>,
}

/// The counts of one state of the present day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct OpenState {
    state: u16,
    /// Counts of all bins, in the order of the bins.
    position: Vec<u32>,
    level: Vec<u32>,
    seconds: f64,
}

/// The present day.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct OpenDay {
    /// Its number once it is over.
    pub(super) number: u32,
    /// Days since 1970, once the clock is synchronised.
    pub(super) date: Option<u32>,
    /// Seconds of sound.
    pub(super) seconds: f64,
    states: Vec<OpenState>,
}

impl OpenDay {
    /// A day without sound.
    pub(super) fn new(number: u32) -> Self {
        Self { number, ..Self::default() }
    }

    /// Whether values that were read are those of a day.
    pub(super) fn is_sound(&self) -> bool {
        let fits = |state: &OpenState| {
            usize::from(state.state) < STATES
                && [&state.position, &state.level].iter().all(|counts| counts.len() == BINS)
                && state.seconds.is_finite()
        };
        self.states.iter().all(fits) && self.seconds.is_finite()
    }

    /// Adds what was counted since the last call.
    pub(super) fn add(&mut self, counts: &WindowCounts, hop_s: f64) {
        for class in 0..STATES {
            let Some(Taken { position, level, windows }) = counts.take(class) else { continue };
            let seconds = f64::from(windows) * hop_s;
            self.seconds += seconds;
            let place = self.states.iter().position(|state| usize::from(state.state) == class).unwrap_or_else(|| {
                let none = vec![0; BINS];
                let state = class as u16;
                self.states.push(OpenState { state, position: none.clone(), level: none, seconds: 0.0 });
                self.states.len() - 1
            });
            let state = &mut self.states[place];
            state.seconds += seconds;
            for (sums, counted) in [(&mut state.position, position), (&mut state.level, level)] {
                sums.iter_mut().zip(counted).for_each(|(sum, count)| *sum = sum.saturating_add(count));
            }
        }
        self.states.sort_by_key(|state| state.state);
    }

    /// The medians so far, of the states with enough sound. `before_h`: hours of sound before this day.
    pub(super) fn closed(&self, before_h: f64) -> ClosedDay {
        let counts = |counts: &[u32]| <[u32; BINS]>::try_from(counts).unwrap_or([0; BINS]);
        let median = |state: &OpenState| {
            let level = LEVEL.median(&counts(&state.level)).filter(|_| state.seconds >= LEAST_S)?;
            let position = POSITION.median(&counts(&state.position));
            Some(StateDay { state: state.state, position, level, seconds: state.seconds })
        };
        let states = self.states.iter().filter_map(median).collect();
        ClosedDay { number: self.number, date: self.date, sound_h: before_h + self.seconds / 3600.0, states }
    }
}
