//! A long recording with changing states, and its timeline.

use super::scene::Stretch;
use super::state::{Duty, State};
use monitor_sound::rng::Rng;
use monitor_sound::timeline::{Span, Timeline};

/// About two minutes of work: state and share of the time.
const ROUND: [(State, f64); 10] = [
    (State::Off, 0.09),
    (State::On, 0.11),
    (State::Soft, 0.14),
    (State::On, 0.07),
    (State::Solid, 0.15),
    (State::On, 0.08),
    (State::Solid, 0.09),
    (State::Soft, 0.11),
    (State::On, 0.08),
    (State::Off, 0.08),
];

/// Seconds of one round.
const ROUND_S: f64 = 120.0;

/// Draws a shift of `seconds`, in whole seconds; changes of state fall on tenths of a second. `work` gives the duty of a part in
/// a state, and the strength of its fault.
pub(crate) fn draw(
    seconds: u32,
    rate_hz: u32,
    mut work: impl FnMut(State, &mut Rng) -> (Duty, f64),
    rng: &mut Rng,
) -> (Vec<Stretch>, Timeline) {
    let rounds = (f64::from(seconds) / ROUND_S).round().max(1.0) as usize;
    let weights: Vec<(State, f64)> =
        (0..rounds).flat_map(|_| ROUND).map(|(state, share)| (state, share * rng.range(0.75, 1.25))).collect();
    let total: f64 = weights.iter().map(|(_, weight)| weight).sum();
    let tenths = u64::from(seconds) * 10;
    let (mut stretches, mut timeline) = (Vec::<Stretch>::new(), Timeline::default());
    let (mut sum, mut start) = (0.0, 0_u64);
    for (state, weight) in weights {
        sum += weight;
        let end = ((tenths as f64 * sum / total).round() as u64).min(tenths);
        if end == start {
            continue;
        }
        let samples = end * u64::from(rate_hz) / 10 - start * u64::from(rate_hz) / 10;
        let (duty, fault) = work(state, rng);
        stretches.push(Stretch { duty, samples, fault });
        let (start_s, end_s) = (start as f64 / 10.0, end as f64 / 10.0);
        match timeline.spans.last_mut() {
            // A round ends in the state in which the next begins.
            Some(last) if last.label == state.label() => last.end_s = end_s,
            _ => timeline.spans.push(Span { start_s, end_s, label: state.label().to_owned() }),
        }
        start = end;
    }
    (stretches, timeline)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(seconds: u32, rate_hz: u32) -> (Vec<Stretch>, Timeline) {
        draw(seconds, rate_hz, |state, rng| (Duty::draw(state, rng), 0.0), &mut Rng::new(1, &[]))
    }

    #[test]
    fn a_shift_has_the_requested_length_and_its_timeline_covers_it() {
        for seconds in [1, 5, 120, 250, 3_600] {
            let (stretches, timeline) = normal(seconds, 44_100);
            let samples: u64 = stretches.iter().map(|stretch| stretch.samples).sum();
            assert_eq!(samples, u64::from(seconds) * 44_100);
            assert_eq!(timeline.spans[0].start_s, 0.0);
            assert_eq!(timeline.spans.last().unwrap().end_s, f64::from(seconds));
            assert!(timeline.spans.windows(2).all(|pair| pair[0].end_s == pair[1].start_s));
            assert!(timeline.spans.windows(2).all(|pair| pair[0].label != pair[1].label));
        }
    }

    #[test]
    fn every_state_occurs_in_two_minutes() {
        let (_, timeline) = normal(120, 48_000);
        assert!(State::ALL.iter().all(|state| timeline.spans.iter().any(|span| span.label == state.label())));
    }
}
