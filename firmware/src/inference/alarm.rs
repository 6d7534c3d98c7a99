//! Which reported states are an alarm.

use monitor_core::decision::State;

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

    /// Takes the reported state: whether there is an alarm from now on, if that has changed.
    pub fn step(&mut self, state: State) -> Option<bool> {
        let active = self.states.contains(&state.class());
        (std::mem::replace(&mut self.active, active) != active).then_some(active)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_raised_once_and_ends_once() {
        let mut alarm = StateAlarm::new(vec![Some(2), None]);
        let states = [State::Class(1), State::Class(2), State::Class(2), State::Unknown, State::Class(0)];
        let told: Vec<Option<bool>> = states.iter().map(|state| alarm.step(*state)).collect();
        assert_eq!(told, [None, Some(true), None, None, Some(false)]);
    }
}
