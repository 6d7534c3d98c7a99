//! What holds for every configuration and every sequence of probabilities.

use std::vec::Vec;

use proptest::prelude::*;

use super::{Decision, DecisionConfig, State};

const CLASSES: usize = 4;

/// A distribution over the classes: four weights, normalised.
fn probabilities() -> impl Strategy<Value = [f32; CLASSES]> {
    prop::array::uniform4(0.001f32..1.0).prop_map(|weights| {
        let sum: f32 = weights.iter().sum();
        // Sharpened, so that runs also reach confident values.
        let sharp = weights.map(|w| (w / sum).powi(4));
        let sum: f32 = sharp.iter().sum();
        sharp.map(|w| w / sum)
    })
}

fn config() -> impl Strategy<Value = (DecisionConfig, f32)> {
    (0.0f32..5.0, 0.0f32..0.8, 0.0f32..0.2, 0.0f32..5.0, 0.1f32..1.0).prop_map(
        |(smoothing_s, confidence, hysteresis, dwell_s, hop_s)| {
            (DecisionConfig { smoothing_s, confidence, hysteresis, dwell_s }, hop_s)
        },
    )
}

proptest! {
    #[test]
    fn never_two_changes_within_the_dwell(
        (config, hop_s) in config(),
        windows in prop::collection::vec(probabilities(), 1..300),
    ) {
        let steps = config.per_window(hop_s).unwrap();
        let mut decision = Decision::new(steps, CLASSES).unwrap();
        let mut last = None;
        for (index, p) in windows.iter().enumerate() {
            let decided = decision.update(p);
            prop_assert_eq!(decided.changed, decided.state != decided.previous);
            if decided.changed {
                if let Some(last) = last {
                    prop_assert!(index - last >= steps.dwell_windows() as usize);
                }
                last = Some(index);
            }
        }
    }

    #[test]
    fn a_lasting_change_is_reported_within_the_stated_delay(
        (config, hop_s) in config(),
        before in prop::collection::vec(probabilities(), 0..100),
        class in 0..CLASSES as u16,
        above in 0.0f32..1.0,
        rest in prop::collection::vec(probabilities(), 1..400),
        own in 0.0f32..0.8,
    ) {
        let steps = config.per_window(hop_s).unwrap().with_confidence(own).unwrap();
        let certain = steps.certain() + 2e-3;
        let lasting = certain + above * (1.0 - certain).max(0.0);
        let Some(delay) = steps.delay_windows(lasting) else { return Ok(()) };
        let mut decision = Decision::new(config.per_window(hop_s).unwrap(), CLASSES).unwrap();
        let mut confidences = [config.confidence; CLASSES];
        confidences[usize::from(class)] = own;
        decision.set_confidences(&confidences).unwrap();
        for p in &before {
            decision.update(p);
        }
        let mut states = Vec::new();
        for index in 0..delay as usize + 20 {
            // At least `lasting` on the class, the remainder anyhow on all.
            let mut p = rest[index % rest.len()].map(|p| p * (1.0 - lasting));
            p[usize::from(class)] += lasting;
            states.push(decision.update(&p).state);
        }
        let wrong = states[delay as usize - 1..].iter().position(|&state| state != State::Class(class));
        prop_assert_eq!(wrong, None, "delay {} windows, {:?}", delay, steps);
    }

    #[test]
    fn any_floats_give_a_confidence_from_0_to_1_and_a_state_of_the_model(
        windows in prop::collection::vec(prop::collection::vec(prop::num::f32::ANY, 0..6), 0..50),
    ) {
        let steps = DecisionConfig::default().per_window(0.48).unwrap();
        let mut decision = Decision::new(steps, CLASSES).unwrap();
        for p in &windows {
            let decided = decision.update(p);
            prop_assert!((0.0..=1.0).contains(&decided.confidence), "{}", decided.confidence);
            prop_assert!(decided.state.class().is_none_or(|class| usize::from(class) < CLASSES));
        }
        // What is no number leaves nothing behind: a clear class is reported afterwards.
        let clear = [0.0, 1.0, 0.0, 0.0];
        let states: Vec<State> = (0..100).map(|_| decision.update(&clear).state).collect();
        prop_assert_eq!(states.last(), Some(&State::Class(1)));
    }
}
