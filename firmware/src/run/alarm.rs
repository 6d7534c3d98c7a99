//! Which reported states are an alarm.

use shared::decision::State;
use shared::wire::{Alarm, AlarmCause};

/// Watches the reported state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StateAlarm {
    /// States that are an alarm; `None` is unknown.
    states: Vec<Option<u16>>,
    active: bool,
}

impl StateAlarm {
    /// An alarm for these states that is not raised; `None` is unknown.
    pub fn new(states: Vec<Option<u16>>) -> Self {
        Self { states, active: false }
    }

    /// The same states as `new`, and whether there is an alarm stays as it is.
    pub fn replace(&mut self, new: &Self) {
        self.states.clone_from(&new.states);
    }

    /// Takes the reported state of window `index`: what to tell, if that raises or ends the alarm.
    pub fn step(&mut self, state: State, index: u64) -> Option<Alarm> {
        let active = self.states.contains(&state.class());
        if active == self.active {
            return None;
        }
        self.active = active;
        Some(Alarm { active, cause: AlarmCause::State as u8, state: state.class(), index })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_raised_once_and_ends_once() {
        let mut alarm = StateAlarm::new(vec![Some(2), None]);
        let states = [State::Class(1), State::Class(2), State::Class(2), State::Unknown, State::Class(0)];
        let told: Vec<Option<bool>> =
            states.iter().map(|state| alarm.step(*state, 0).map(|alarm| alarm.active)).collect();
        assert_eq!(told, [None, Some(true), None, None, Some(false)]);
    }
}
