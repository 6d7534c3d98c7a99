//! The part of the monitor after the model: decision and alarms.

use super::explainer::Explainer;
use super::{AlarmCause, AlarmStates, Event, Intake, Settings};
use crate::anomaly::{Alarm, Change, Explanation, Persistence};
use crate::classifier::Classifier;
use crate::decision::{Decision, Error, MAX_CLASSES, State};
use crate::model_card::ModelCard;
use crate::pipeline::Verdict;

/// Turns the verdicts of successive windows into state changes and alarms.
#[derive(Debug, Clone)]
pub struct Judge {
    decision: Decision,
    alarm_states: AlarmStates,
    /// Windows in the unknown state before that is an alarm.
    unknown_limit: u32,
    /// Windows that the state has been unknown for.
    unknown: u32,
    /// Whether the alarm by the state is raised.
    state_alarm: bool,
    /// The anomaly score, and what it raises.
    anomaly: Option<Alarm>,
    /// Whether it may raise anything.
    anomaly_alarm: bool,
    explainer: Explainer,
}

impl Judge {
    /// A judge that starts in the unknown state, without alarms.
    ///
    /// # Errors
    /// When there is no class, or more than a decision can hold, or a confidence is out of range.
    pub fn new(settings: &Settings<'_>) -> Result<Self, Error> {
        Ok(Self {
            decision: decision(settings)?,
            alarm_states: settings.alarm_states,
            unknown_limit: unknown_limit(settings),
            unknown: 0,
            state_alarm: false,
            anomaly: settings.anomaly.map(|rules| Alarm::new(&rules, settings.hop_s)),
            anomaly_alarm: settings.anomaly_alarm,
            explainer: Explainer::new(settings),
        })
    }

    /// A judge by the settings that training stored in the model, for windows that are `hop_s` seconds apart, without alarm
    /// states: for tools that follow a machine without a device's configuration.
    ///
    /// # Errors
    /// As [`Judge::new`].
    pub fn from_card(card: &ModelCard<'_>, classifier: &Classifier<'_>, hop_s: f32) -> Result<Self, Error> {
        let classes = classifier.classes();
        let mut confidences = [0.0; MAX_CLASSES];
        confidences.iter_mut().enumerate().for_each(|(class, confidence)| *confidence = card.confidence_of(class));
        Self::new(&Settings {
            steps: card.decision.per_window(hop_s)?,
            confidences: confidences.get(..classes).ok_or(Error::Classes { classes })?,
            alarm_states: AlarmStates::default(),
            unknown_s: 0.0,
            anomaly: classifier.anomaly().map(|detector| detector.tables().rules()),
            anomaly_alarm: true,
            hop_s,
        })
    }

    /// Replaces the settings before window `index`. The reported state stays where the classes are the same (`same_classes`)
    /// and becomes unknown where they are not; an alarm that no longer exists ends. Both yield events.
    ///
    /// # Errors
    /// As [`Judge::new`].
    pub fn reconfigure(
        &mut self,
        settings: &Settings<'_>,
        same_classes: bool,
        index: u64,
        mut on_event: impl FnMut(&Event<'_>),
    ) -> Result<(), Error> {
        let was = self.raised();
        let before = self.anomaly.take();
        self.anomaly = settings.anomaly.map(|rules| match before {
            // What could not be raised before is not raised by the change.
            Some(mut alarm) if self.anomaly_alarm => {
                alarm.set(&rules, settings.hop_s);
                alarm
            }
            _ => Alarm::new(&rules, settings.hop_s),
        });
        self.anomaly_alarm = settings.anomaly_alarm;
        self.explainer = Explainer::new(settings);
        let explanation = Explanation::default();
        let now = self.raised();
        if was.0 && !now.0 {
            on_event(&Event::Warning { index, active: false, state: State::Unknown, explanation });
        }
        if was.1 && !now.1 {
            let cause = AlarmCause::Anomaly;
            on_event(&Event::Alarm { index, cause, active: false, state: State::Unknown, explanation });
        }
        if same_classes {
            self.decision.set_steps(settings.steps);
            self.decision.set_confidences(settings.confidences)?;
        } else {
            let new = decision(settings)?;
            self.report_unknown(index, &mut on_event);
            self.decision = new;
        }
        self.alarm_states = settings.alarm_states;
        self.unknown_limit = unknown_limit(settings);
        Ok(())
    }

    /// Replaces the scores from which there is a warning and an alarm by the anomaly score, and their persistence; what is raised
    /// stays until scores end it. Without such an alarm it changes nothing.
    pub fn set_sensitivity(&mut self, warning_level: f32, alarm_level: f32, persistence: Persistence, hop_s: f32) {
        if let Some(alarm) = &mut self.anomaly {
            alarm.adjust(warning_level, alarm_level, persistence, hop_s);
            self.explainer.set_levels(warning_level, alarm_level);
        }
    }

    /// Concludes on the verdict of the next window and calls `on_event` for the window and what follows from it.
    pub fn conclude(&mut self, verdict: &Verdict<'_>, microphone_dead: bool, mut on_event: impl FnMut(&Event<'_>)) {
        let index = verdict.index;
        let decided = if microphone_dead {
            self.decision.reset()
        } else if self.is_unlike_only_class() {
            self.decision.update(&[])
        } else {
            self.decision.update(verdict.probabilities)
        };
        let state = decided.state;
        let outcome = self.anomaly.as_mut().zip(verdict.z_scores).and_then(|(alarm, z)| {
            if microphone_dead {
                alarm.interrupt();
                return None;
            }
            self.explainer.update(verdict);
            Some(alarm.update(index, &z, decided.steady))
        });
        let anomaly = outcome.and_then(|outcome| outcome.score);
        let zone = outcome.map(|outcome| outcome.zone).filter(|_| anomaly.is_some());
        on_event(&Event::Window { verdict, decided, anomaly, zone, microphone_dead });
        if decided.changed {
            let (previous, confidence) = (decided.previous, decided.confidence);
            on_event(&Event::StateChange { index, previous, state, confidence });
        }
        let active = self.is_alarm(state);
        if core::mem::replace(&mut self.state_alarm, active) != active {
            let explanation = Explanation::default();
            on_event(&Event::Alarm { index, cause: AlarmCause::State, active, state, explanation });
        }
        let Some(outcome) = outcome.filter(|_| self.anomaly_alarm) else { return };
        if let Some(change) = outcome.warning {
            let explanation = self.explainer.explain(change, &outcome.positions, false, verdict);
            on_event(&Event::Warning { index, active: change == Change::Raised, state, explanation });
        }
        if let Some(change) = outcome.alarm {
            let active = change == Change::Raised;
            let explanation = self.explainer.explain(change, &outcome.positions, true, verdict);
            on_event(&Event::Alarm { index, cause: AlarmCause::Anomaly, active, state, explanation });
        }
    }

    /// Whether `state`, of the next window, is an alarm. Unknown is one after its time; until then an alarm of the state before
    /// stays, so that a moment between two alarm states does not end it.
    fn is_alarm(&mut self, state: State) -> bool {
        self.unknown = if state == State::Unknown { self.unknown.saturating_add(1) } else { 0 };
        let lasted = state != State::Unknown || self.state_alarm || self.unknown > self.unknown_limit;
        self.alarm_states.contains(state) && lasted
    }

    /// Whether the model has one class and its anomaly alarm is raised. The softmax of one class is always 1, so that only the
    /// anomaly score tells that class from any other sound: while the alarm is raised the class has probability 0, and the
    /// state becomes unknown by the usual smoothing and dwell.
    fn is_unlike_only_class(&self) -> bool {
        self.decision.smoothed().len() == 1 && self.anomaly_alarm() == Some(true)
    }

    /// Reports that the microphone died, or works again, since `was_dead`; the state is unknown from then on.
    pub(super) fn microphone(&mut self, was_dead: bool, intake: &Intake<'_>, mut on_event: impl FnMut(&Event<'_>)) {
        let (active, index) = (intake.microphone_is_dead(), intake.index());
        if active == was_dead {
            return;
        }
        if active {
            self.report_unknown(index, &mut on_event);
            self.decision.reset();
        }
        let (cause, explanation) = (AlarmCause::Microphone, Explanation::default());
        on_event(&Event::Alarm { index, cause, active, state: State::Unknown, explanation });
    }

    /// Reports that the state becomes unknown, unless it is.
    fn report_unknown(&self, index: u64, mut on_event: impl FnMut(&Event<'_>)) {
        let previous = self.decision.state();
        if previous != State::Unknown {
            on_event(&Event::StateChange { index, previous, state: State::Unknown, confidence: 0.0 });
        }
    }

    /// The reported state.
    pub fn state(&self) -> State {
        self.decision.state()
    }

    /// Whether the alarm by the anomaly score is raised; `None` where there is no such alarm.
    pub fn anomaly_alarm(&self) -> Option<bool> {
        self.anomaly.as_ref().filter(|_| self.anomaly_alarm).map(Alarm::active)
    }

    /// Whether the warning and the alarm by the anomaly score are raised.
    fn raised(&self) -> (bool, bool) {
        let raised = self.anomaly.as_ref().filter(|_| self.anomaly_alarm);
        raised.map_or((false, false), |alarm| (alarm.warned(), alarm.active()))
    }
}

/// Windows in the unknown state that are no alarm yet: the first one after them is `unknown_s` later than the first of all.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates; no number counts as 0")]
fn unknown_limit(settings: &Settings<'_>) -> u32 {
    libm::ceilf(settings.unknown_s / settings.hop_s) as u32
}

/// A decision by these settings that starts in the unknown state.
fn decision(settings: &Settings<'_>) -> Result<Decision, Error> {
    let mut decision = Decision::new(settings.steps, settings.confidences.len())?;
    decision.set_confidences(settings.confidences)?;
    Ok(decision)
}
