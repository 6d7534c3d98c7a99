//! Whether a candidate gets a place: one clip for each kind of sound, a fixed number of places, bounded bytes.

use super::Config;
use super::entry::{Entry, Progress, Queued};

/// Most clips in the folder, labelled and skipped ones included.
const MOST: usize = 1000;

/// Bytes that an entry takes at most.
pub(super) const ENTRY_BYTES: u64 = 4096;

/// What happens to a candidate.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// It is queued, after these clips have been removed.
    Queue {
        /// Names of clips.
        remove: Vec<String>,
    },
    /// It resembles a clip that is there.
    Similar,
    /// There is no place or no room.
    Refused,
}

/// What bounds the queue.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// Difference below which two sounds are the same, in dB.
    pub(super) distance_db: f32,
    /// Most clips that wait for a label.
    pub(super) places: usize,
    /// Bytes of all clips.
    pub(super) most_bytes: u64,
    /// Bytes that may still be written to the card.
    pub(super) free_bytes: u64,
}

impl Bounds {
    /// Those of the configuration, with so many bytes free on the card.
    pub(super) fn new(config: &Config, free: u64) -> Self {
        const MIB: u64 = 1024 * 1024;
        Self {
            distance_db: config.distance_db,
            places: config.places as usize,
            most_bytes: u64::from(config.max_mib) * MIB,
            free_bytes: free.saturating_sub(u64::from(config.reserve_mib) * MIB),
        }
    }
}

/// Decides about a candidate of `bytes`. Labelled clips and those with a part that has an answer are never removed.
pub(super) fn decide(queued: &[Queued], new: &Entry, bytes: u64, bounds: Bounds) -> Decision {
    let mut left: Vec<&Queued> = queued.iter().collect();
    let mut remove = Vec::new();
    let mut drop_at = |left: &mut Vec<&Queued>, place: usize| remove.push(left.remove(place).clip.clone());
    let distance = |one: &Queued| one.entry.spectrum.distance_db(&new.spectrum);
    let nearest = (0..left.len()).min_by(|a, b| distance(left[*a]).total_cmp(&distance(left[*b])));
    if let Some(place) = nearest.filter(|place| distance(left[*place]) < bounds.distance_db) {
        if !(is_untouched(left[place]) && left[place].entry.facts.reason < new.facts.reason) {
            return Decision::Similar;
        }
        drop_at(&mut left, place);
    }
    if waiting(&left) >= bounds.places {
        let Some(place) = least_needed(&left, new) else { return Decision::Refused };
        drop_at(&mut left, place);
    }
    // Skipped clips are kept as an example of what is of no use, as many as there are places.
    let is_skipped = |one: &&Queued| one.entry.progress() == Progress::Skipped;
    while left.iter().filter(|one| is_skipped(one)).count() > bounds.places {
        let Some(place) = left.iter().position(is_skipped) else { break };
        drop_at(&mut left, place);
    }
    loop {
        let total: u64 = left.iter().map(|one| one.bytes + ENTRY_BYTES).sum();
        let freed: u64 =
            queued.iter().map(|one| one.bytes).sum::<u64>() - left.iter().map(|one| one.bytes).sum::<u64>();
        let needed = bytes + ENTRY_BYTES;
        if left.len() < MOST && total + needed <= bounds.most_bytes && needed <= bounds.free_bytes.saturating_add(freed)
        {
            return Decision::Queue { remove };
        }
        let skipped = left.iter().position(is_skipped);
        let older = || left.iter().position(|one| is_untouched(one) && one.entry.facts.reason <= new.facts.reason);
        let Some(place) = skipped.or_else(older) else { return Decision::Refused };
        drop_at(&mut left, place);
    }
}

/// Whether nobody has answered about any part of it.
fn is_untouched(one: &Queued) -> bool {
    one.entry.parts.iter().all(|part| part.answer.is_none())
}

fn waiting(clips: &[&Queued]) -> usize {
    clips.iter().filter(|one| one.entry.progress() == Progress::Waiting).count()
}

/// The clip whose place `new` takes: the less urgent, then older, of the two most alike, if they are more alike than `new` and
/// its neighbour; otherwise the oldest that is less urgent than `new`.
fn least_needed(clips: &[&Queued], new: &Entry) -> Option<usize> {
    let untouched: Vec<usize> = (0..clips.len()).filter(|place| is_untouched(clips[*place])).collect();
    let reason = |place: usize| clips[place].entry.facts.reason;
    let spectrum = |place: usize| &clips[place].entry.spectrum;
    let pairs = untouched.iter().enumerate().flat_map(|(at, &a)| untouched[at + 1..].iter().map(move |&b| (a, b)));
    let closest = pairs
        .map(|(a, b)| (spectrum(a).distance_db(spectrum(b)), a, b))
        .min_by(|(one, ..), (other, ..)| one.total_cmp(other));
    let own = untouched.iter().map(|&place| spectrum(place).distance_db(&new.spectrum)).fold(f32::INFINITY, f32::min);
    if let Some((_, a, b)) = closest.filter(|(distance, ..)| *distance < own) {
        return Some(if reason(b) < reason(a) { b } else { a });
    }
    untouched
        .iter()
        .copied()
        .filter(|&place| reason(place) < new.facts.reason)
        .min_by_key(|&place| (reason(place), place))
}

#[cfg(test)]
mod tests {
    use super::super::entry::Reason::{self, Alarm, Unsure, Warning};
    use super::super::entry::tests::entry;
    use super::super::label::{Answer, Part, tests::state};
    use super::super::spectrum::Spectrum;
    use super::*;

    const WIDE: Bounds = Bounds { distance_db: 3.0, places: 3, most_bytes: u64::MAX, free_bytes: u64::MAX };

    /// A flat spectrum at this level, so that distances are differences of levels.
    fn flat(level_db: f32) -> Spectrum {
        let json = serde_json::json!({ "mean_db": vec![level_db; 64], "deviation_db": vec![1.0; 64] });
        serde_json::from_value(json).unwrap()
    }

    fn queued(number: u32, level_db: f32, reason: Reason, answer: Option<Answer>) -> Queued {
        let mut entry = entry(reason, flat(level_db));
        entry.parts.extend(answer.map(|answer| Part { to_s: 5.0, answer: Some(answer) }));
        Queued { clip: format!("{number}"), bytes: 1000, entry }
    }

    fn queue(names: &[&str]) -> Decision {
        Decision::Queue { remove: names.iter().map(|name| (*name).into()).collect() }
    }

    #[test]
    fn one_clip_of_each_kind_of_sound_is_queued_and_a_more_urgent_one_takes_the_place_of_its_like() {
        let there = [queued(1, -60.0, Unsure, None), queued(2, -30.0, Alarm, None)];
        let decide = |level, reason| decide(&there, &entry(reason, flat(level)), 1000, WIDE);
        assert_eq!(decide(-45.0, Unsure), queue(&[]));
        assert_eq!(decide(-58.0, Unsure), Decision::Similar);
        assert_eq!(decide(-58.0, Warning), queue(&["1"]));
        assert_eq!(decide(-31.0, Warning), Decision::Similar);
        assert_eq!(decide(-31.0, Alarm), Decision::Similar);
    }

    #[test]
    fn what_has_an_answer_is_not_asked_for_again_and_is_never_removed() {
        let there = [queued(1, -60.0, Unsure, Some(state("x", false))), queued(2, -30.0, Unsure, Some(Answer::Skip))];
        let full = Bounds { most_bytes: 2 * (1000 + ENTRY_BYTES), ..WIDE };
        assert_eq!(decide(&there, &entry(Alarm, flat(-61.0)), 1000, WIDE), Decision::Similar);
        assert_eq!(decide(&there, &entry(Alarm, flat(-29.0)), 1000, WIDE), Decision::Similar);
        // Neither takes a place; for room the skipped one goes.
        assert_eq!(decide(&there, &entry(Alarm, flat(-10.0)), 1000, WIDE), queue(&[]));
        assert_eq!(decide(&there, &entry(Unsure, flat(-10.0)), 1000, full), queue(&["2"]));
        assert_eq!(decide(&there[..1], &entry(Alarm, flat(-10.0)), 9000, full), Decision::Refused);
        assert_eq!(
            decide(&there[..1], &entry(Alarm, flat(-10.0)), 1000, Bounds { free_bytes: 5000, ..WIDE }),
            Decision::Refused
        );
    }

    #[test]
    fn when_all_places_are_taken_the_most_redundant_clip_makes_room_for_a_new_kind_of_sound() {
        let there = [queued(1, -60.0, Unsure, None), queued(2, -56.0, Unsure, None), queued(3, -30.0, Unsure, None)];
        assert_eq!(decide(&there, &entry(Unsure, flat(-10.0)), 1000, WIDE), queue(&["1"]));
        // 3.5 dB from its neighbour, less than the 4 dB of the two that are most alike.
        assert_eq!(decide(&there, &entry(Unsure, flat(-26.5)), 1000, WIDE), Decision::Refused);
        assert_eq!(decide(&there, &entry(Alarm, flat(-26.5)), 1000, WIDE), queue(&["1"]));
        let answered = there.clone().map(|mut one| {
            one.entry.parts = vec![Part { to_s: 2.0, answer: Some(Answer::Fault) }, Part { to_s: 5.0, answer: None }];
            one
        });
        assert_eq!(decide(&answered, &entry(Alarm, flat(-10.0)), 1000, WIDE), Decision::Refused);
    }

    #[test]
    fn whatever_is_offered_the_queue_stays_within_its_places_and_bytes() {
        let bounds = Bounds { most_bytes: 5 * (1000 + ENTRY_BYTES), ..WIDE };
        let mut there: Vec<Queued> = Vec::new();
        let mut state = 1_u32;
        for number in 0..500 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let reason = [Unsure, Warning, Alarm][(state >> 28) as usize % 3];
            let answer = [None, None, None, None, Some(Answer::Skip)][(state >> 20) as usize % 5].clone();
            let level_db = -((state >> 16) as f32 % 70.0);
            let new = queued(number, level_db, reason, None);
            if let Decision::Queue { remove } = decide(&there, &new.entry, new.bytes, bounds) {
                there.retain(|one| !remove.contains(&one.clip));
                there.push(queued(number, level_db, reason, answer));
            }
            assert!(waiting(&there.iter().collect::<Vec<_>>()) <= 3, "{number}");
            assert!(there.iter().map(|one| one.bytes + ENTRY_BYTES).sum::<u64>() <= bounds.most_bytes, "{number}");
        }
        assert!(there.len() >= 3);
    }
}
