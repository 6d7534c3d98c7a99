//! From events to candidates: the moments whose sound people should label.

use monitor_core::microphone::DEAD;
use monitor_model::explanation::ExplanationText;
use monitor_wire::{AlarmCause, Explanation};

use super::Config;
use super::entry::{Facts, Reason};
use crate::reporting::{Event, Item, Snapshot, Window};
use crate::system::clock;

/// Follows the windows.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// Since when the device is unsure, in microseconds since the start.
    unsure_since_us: Option<u64>,
    /// The class with the largest probability in the newest window.
    leading: Option<u16>,
}

impl Watch {
    /// The candidate of an event, which `now` includes already.
    pub(super) fn event(&mut self, item: &Item, now: &Snapshot, config: &Config) -> Option<Facts> {
        match &item.event {
            Event::Window(window) => {
                self.leading = leading(window);
                let since_us = if is_unsure(window, now, config) {
                    *self.unsure_since_us.get_or_insert(item.time_us)
                } else {
                    self.unsure_since_us = None;
                    return None;
                };
                let unsure_s = item.time_us.saturating_sub(since_us) as f32 / 1e6;
                (unsure_s >= config.unsure_s).then(|| self.facts(Reason::Unsure, &Explanation::default(), now))
            }
            Event::Warning(warning) if warning.active => Some(self.facts(Reason::Warning, &warning.explanation, now)),
            Event::Alarm(alarm) if alarm.active && alarm.cause == AlarmCause::Anomaly as u8 => {
                Some(self.facts(Reason::Alarm, &alarm.explanation, now))
            }
            _ => None,
        }
    }

    /// What the device knows now.
    fn facts(&self, reason: Reason, explanation: &Explanation, now: &Snapshot) -> Facts {
        let name = |state: Option<u16>| state.map(|state| now.name(Some(state)));
        Facts {
            reason,
            unix_ms: clock::unix_ms(),
            synchronised: clock::is_synchronised(),
            model: now.device.as_ref().map_or_else(String::new, |device| device.model.clone()),
            state: name(now.state),
            leading: name(self.leading),
            confidence: rounded(now.confidence),
            level_dbfs: rounded(now.level_dbfs.unwrap_or_default()),
            anomaly: now.anomaly.map(rounded),
            explanation: ExplanationText::if_any(explanation).map_or_else(String::new, |text| text.to_string()),
        }
    }
}

/// Whether the classifier does not know this sound. A model of one class is never unsure; a dead microphone and sound with a
/// gap are no sound of the machine.
fn is_unsure(window: &Window<'_>, now: &Snapshot, config: &Config) -> bool {
    let is_whole = !window.spans_gap && now.health.microphone & DEAD == 0;
    let is_low = window.state.is_none() || window.confidence < config.confidence;
    is_whole && is_low && window.probabilities.len() > 1
}

fn leading(window: &Window<'_>) -> Option<u16> {
    let most = (0_u16..).zip(&*window.probabilities).max_by(|(_, a), (_, b)| a.total_cmp(b));
    most.map(|(class, _)| class)
}

/// Digits beyond are noise.
fn rounded(value: f32) -> f32 {
    (value * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use monitor_wire::{Alarm, Health, Warning};

    use super::*;
    use crate::reporting::{DeviceInfo, Probabilities};

    /// A watch with its snapshot.
    struct Watched(Watch, Snapshot, Config);

    impl Watched {
        fn new() -> Self {
            let labels = ["off", "on"].into_iter().collect();
            let device = DeviceInfo { labels, model: "m.tflite".into(), ..DeviceInfo::default() };
            let now = Snapshot { device: Some(Arc::new(device)), ..Snapshot::default() };
            Self(Watch::default(), now, Config { unsure_s: 2.0, confidence: 0.7, ..Config::default() })
        }

        fn event(&mut self, time_us: u64, event: Event<'static>) -> Option<Facts> {
            let item = Item { sequence: 0, time_us, event };
            self.1.apply(&item);
            self.0.event(&item, &self.1, &self.2)
        }

        /// Windows of half a second with this state and confidence; at which of them there was a candidate.
        fn windows(
            &mut self,
            numbers: std::ops::Range<u64>,
            state: Option<u16>,
            confidence: f32,
            gap: bool,
        ) -> Vec<u64> {
            let window = |index| {
                Event::Window(Window {
                    index,
                    start_sample: 0,
                    state,
                    confidence,
                    level_dbfs: -20.0,
                    spans_gap: gap,
                    inference_us: 0,
                    anomaly: Some(0.5),
                    zone: None,
                    probabilities: Probabilities::Borrowed(&[0.3, 0.7]),
                })
            };
            numbers.filter(|number| self.event(number * 500_000, window(*number)).is_some()).collect()
        }
    }

    #[test]
    fn a_state_that_is_unknown_or_of_low_confidence_for_long_enough_is_a_candidate() {
        let mut watched = Watched::new();
        assert!(watched.windows(0..10, Some(1), 0.9, false).is_empty());
        assert_eq!(watched.windows(10..17, Some(1), 0.6, false), [14, 15, 16]);
        assert!(watched.windows(17..18, Some(1), 0.7, false).is_empty());
        assert_eq!(watched.windows(18..24, None, 0.9, false), [22, 23]);
        let facts = watched.event(13_000_000, Event::Warning(Warning { active: true, ..Warning::default() })).unwrap();
        assert_eq!((facts.state, facts.leading, facts.reason), (None, Some("on".into()), Reason::Warning));
        assert_eq!((facts.confidence, facts.anomaly, facts.model), (0.9, Some(0.5), "m.tflite".into()));
    }

    #[test]
    fn neither_a_gap_nor_a_dead_microphone_is_an_unknown_sound() {
        let mut watched = Watched::new();
        assert!(watched.windows(0..3, None, 0.3, false).is_empty());
        assert!(watched.windows(3..4, None, 0.3, true).is_empty());
        assert!(watched.windows(4..8, None, 0.3, false).is_empty());
        let faulty = Health { microphone: DEAD, ..Health::default() };
        assert!(watched.event(4_000_000, Event::Health(faulty)).is_none());
        assert!(watched.windows(8..20, None, 0.3, false).is_empty());
    }

    #[test]
    fn alarms_by_the_score_are_candidates_and_other_alarms_and_ends_are_not() {
        let mut watched = Watched::new();
        let alarm = |active, cause: AlarmCause| {
            Event::Alarm(Alarm { active, cause: cause as u8, state: Some(1), ..Alarm::default() })
        };
        for cause in [AlarmCause::State, AlarmCause::NoSound, AlarmCause::Microphone] {
            assert!(watched.event(0, alarm(true, cause)).is_none());
        }
        assert!(watched.event(0, alarm(false, AlarmCause::Anomaly)).is_none());
        assert!(watched.event(0, Event::Warning(Warning::default())).is_none());
        assert_eq!(watched.event(0, alarm(true, AlarmCause::Anomaly)).unwrap().reason, Reason::Alarm);
    }
}
