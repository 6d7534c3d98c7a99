//! The state machine: one step per window.

use heapless::Vec;

use super::{Error, MAX_CLASSES, Steps};

/// The reported state of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The class of this index in the model's labels.
    Class(u16),
    /// No class is confident enough.
    Unknown,
}

impl State {
    /// The class index, or `None` when unknown.
    pub fn class(self) -> Option<u16> {
        match self {
            Self::Class(class) => Some(class),
            Self::Unknown => None,
        }
    }
}

/// The effect of one window on the state.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decided {
    /// The reported state from this window on.
    pub state: State,
    /// The reported state before this window; equal to `state` unless `changed`.
    pub previous: State,
    /// Whether this window changed the reported state.
    pub changed: bool,
    /// Smoothed probability of the state, or of the leading class while unknown. 0 to 1.
    pub confidence: f32,
    /// Whether this window neither changed the state nor supported another one.
    pub steady: bool,
}

/// Turns the probabilities of successive windows into a state.
#[derive(Debug, Clone)]
pub struct Decision {
    steps: Steps,
    /// Confidence of each class: that of `steps`, or its own.
    confidences: Vec<f32, MAX_CLASSES>,
    smoothed: Vec<f32, MAX_CLASSES>,
    state: State,
    candidate: State,
    /// For how many windows in a row `candidate` has differed from `state`.
    waited: u32,
    started: bool,
}

impl Decision {
    /// A decision over `classes` classes that starts as unknown.
    ///
    /// # Errors
    /// When there is no class or more than [`MAX_CLASSES`].
    pub fn new(steps: Steps, classes: usize) -> Result<Self, Error> {
        let (mut smoothed, mut confidences) = (Vec::new(), Vec::new());
        let fits = smoothed.resize(classes, 0.0).and_then(|()| confidences.resize(classes, steps.confidence));
        if classes == 0 || fits.is_err() {
            return Err(Error::Classes { classes });
        }
        Ok(Self {
            steps,
            confidences,
            smoothed,
            state: State::Unknown,
            candidate: State::Unknown,
            waited: 0,
            started: false,
        })
    }

    /// Updates the state with the probabilities of the next window, one per class.
    ///
    /// A value that is not finite counts as 0; so do missing classes. Surplus ones are ignored.
    pub fn update(&mut self, probabilities: &[f32]) -> Decided {
        let alpha = if self.started { self.steps.alpha } else { 1.0 };
        self.started = true;
        for (class, smoothed) in self.smoothed.iter_mut().enumerate() {
            let p = probabilities.get(class).copied().filter(|p| p.is_finite()).unwrap_or(0.0).clamp(0.0, 1.0);
            *smoothed += alpha * (p - *smoothed);
        }
        let candidate = self.candidate_now();
        self.waited = match candidate {
            same if same == self.state => 0,
            same if same == self.candidate => self.waited.saturating_add(1),
            _ => 1,
        };
        self.candidate = candidate;
        let previous = self.state;
        let changed = self.waited >= self.steps.dwell;
        if changed {
            self.state = candidate;
            self.waited = 0;
        }
        let confidence = self.smoothed_of(self.state).unwrap_or(self.leader().1);
        Decided { state: self.state, previous, changed, confidence, steady: candidate == previous }
    }

    /// Resets the state to unknown, so that the next window counts as the first; keeps the settings. For sound that carries
    /// no information about the machine, as from a dead microphone.
    pub fn reset(&mut self) -> Decided {
        let previous = self.state;
        self.smoothed.fill(0.0);
        (self.state, self.candidate, self.waited, self.started) = (State::Unknown, State::Unknown, 0, false);
        Decided { state: State::Unknown, previous, changed: previous != State::Unknown, confidence: 0.0, steady: false }
    }

    /// Replaces the settings, with their confidence for every class; the state stays until a window changes it.
    pub fn set_steps(&mut self, steps: Steps) {
        self.steps = steps;
        self.confidences.fill(steps.confidence);
    }

    /// Sets the confidence of each class, 0 to 1, in the order of the classes; classes beyond the slice keep
    /// theirs. The stated delay of a class is that of [`Steps::with_confidence`].
    ///
    /// # Errors
    /// When a confidence is out of range or leaves no room for the hysteresis; nothing is changed then.
    pub fn set_confidences(&mut self, confidences: &[f32]) -> Result<(), Error> {
        confidences.iter().try_for_each(|confidence| self.steps.with_confidence(*confidence).map(drop))?;
        self.confidences.iter_mut().zip(confidences).for_each(|(own, given)| *own = *given);
        Ok(())
    }

    /// The smoothed probabilities, one per class.
    pub fn smoothed(&self) -> &[f32] {
        &self.smoothed
    }

    /// The reported state.
    pub fn state(&self) -> State {
        self.state
    }

    /// Rule 2 of the [module](super).
    fn candidate_now(&self) -> State {
        let hysteresis = self.steps.hysteresis;
        let (leader, lead) = self.leader();
        let current = self.smoothed_of(self.state);
        let ahead = lead - current.unwrap_or(0.0) >= hysteresis || current.is_none();
        if State::Class(leader) != self.state && lead >= self.confidence_of(leader) + hysteresis && ahead {
            State::Class(leader)
        } else if self.state.class().zip(current).is_some_and(|(class, current)| current >= self.confidence_of(class)) {
            self.state
        } else {
            State::Unknown
        }
    }

    /// The confidence that a class must reach; infinite for a class that does not exist.
    fn confidence_of(&self, class: u16) -> f32 {
        self.confidences.get(usize::from(class)).copied().unwrap_or(f32::INFINITY)
    }

    /// The class of the highest smoothed probability, the first of equals.
    fn leader(&self) -> (u16, f32) {
        let mut best = (0, 0.0);
        for (class, &smoothed) in (0..).zip(self.smoothed.iter()) {
            if smoothed > best.1 {
                best = (class, smoothed);
            }
        }
        best
    }

    /// The smoothed probability of a state; `None` for unknown.
    fn smoothed_of(&self, state: State) -> Option<f32> {
        self.smoothed.get(usize::from(state.class()?)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::super::DecisionConfig;
    use super::*;

    fn plain(dwell_s: f32) -> Decision {
        let config = DecisionConfig { smoothing_s: 0.0, confidence: 0.6, hysteresis: 0.1, dwell_s };
        Decision::new(config.per_window(1.0).unwrap(), 2).unwrap()
    }

    #[test]
    fn a_class_is_entered_above_the_hysteresis_and_kept_down_to_the_confidence() {
        let mut decision = plain(1.0);
        assert_eq!(decision.update(&[0.65, 0.35]).state, State::Unknown);
        assert_eq!(decision.update(&[0.75, 0.25]).state, State::Class(0));
        assert_eq!(decision.update(&[0.65, 0.35]).state, State::Class(0));
        assert_eq!(decision.update(&[0.55, 0.45]).state, State::Unknown);
    }

    #[test]
    fn a_class_with_a_confidence_of_its_own_is_entered_and_kept_by_it_and_the_others_are_as_before() {
        let mut decision = plain(1.0);
        decision.set_confidences(&[0.8]).unwrap();
        assert_eq!(decision.update(&[0.85, 0.15]).state, State::Unknown);
        assert_eq!(decision.update(&[0.95, 0.05]).state, State::Class(0));
        assert_eq!(decision.update(&[0.75, 0.25]).state, State::Unknown);
        assert_eq!(decision.update(&[0.25, 0.75]).state, State::Class(1));
        assert_eq!(decision.update(&[0.35, 0.65]).state, State::Class(1));
    }

    #[test]
    fn a_confidence_without_room_for_the_hysteresis_is_refused_and_changes_nothing() {
        let mut decision = plain(1.0);
        let refused = Error::NeverEntered { confidence: 0.95, hysteresis: 0.1 };
        assert_eq!(decision.set_confidences(&[0.8, 0.95]), Err(refused));
        assert_eq!(decision.update(&[0.75, 0.25]).state, State::Class(0));
    }

    #[test]
    fn other_settings_take_the_classes_own_confidences_away() {
        let mut decision = plain(1.0);
        decision.set_confidences(&[0.8, 0.8]).unwrap();
        decision.set_steps(decision.steps);
        assert_eq!(decision.update(&[0.75, 0.25]).state, State::Class(0));
    }

    #[test]
    fn a_state_is_reported_only_after_its_dwell() {
        let mut decision = plain(3.0);
        let seen: std::vec::Vec<_> = (0..4).map(|_| decision.update(&[1.0, 0.0])).collect();
        assert_eq!(seen.iter().map(|d| d.changed).collect::<std::vec::Vec<_>>(), [false, false, true, false]);
        assert_eq!((seen[2].previous, seen[2].state), (State::Unknown, State::Class(0)));
    }

    #[test]
    fn the_state_is_steady_unless_another_is_on_its_way() {
        let mut decision = plain(2.0);
        let windows = [[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.5, 0.5], [0.0, 1.0], [0.0, 1.0], [0.0, 1.0]];
        let steady = windows.map(|p| decision.update(&p).steady);
        assert_eq!(steady, [false, false, true, false, false, false, true]);
        assert!(!decision.reset().steady);
    }

    #[test]
    fn a_moment_between_two_states_is_not_reported_as_unknown() {
        let mut decision = plain(2.0);
        let windows = [[1.0, 0.0], [1.0, 0.0], [0.5, 0.5], [0.0, 1.0], [0.0, 1.0]];
        let states = windows.map(|p| decision.update(&p).state);
        assert_eq!(states[1..], [State::Class(0), State::Class(0), State::Class(0), State::Class(1)]);
    }

    #[test]
    fn smoothing_is_the_exponential_one_and_starts_at_the_first_window() {
        let config = DecisionConfig { smoothing_s: 2.0, ..Default::default() };
        let mut decision = Decision::new(config.per_window(1.0).unwrap(), 2).unwrap();
        decision.update(&[1.0, 0.0]);
        assert_eq!(decision.smoothed(), [1.0, 0.0]);
        decision.update(&[0.0, 1.0]);
        assert!((decision.smoothed()[0] - libm::expf(-0.5)).abs() < 1e-6);
    }

    #[test]
    fn what_is_no_number_counts_as_nothing() {
        let mut decision = plain(1.0);
        let decided = decision.update(&[f32::NAN, f32::INFINITY]);
        assert_eq!((decided.state, decided.confidence), (State::Unknown, 0.0));
        assert_eq!(decision.update(&[]).state, State::Unknown);
        assert_eq!(decision.update(&[1.0, 0.0, 5.0]).state, State::Class(0));
    }

    #[test]
    fn no_class_and_too_many_classes_are_refused() {
        let steps = DecisionConfig::default().per_window(1.0).unwrap();
        assert!(Decision::new(steps, 0).is_err());
        assert!(Decision::new(steps, MAX_CLASSES).is_ok());
        assert!(Decision::new(steps, MAX_CLASSES + 1).is_err());
    }
}
