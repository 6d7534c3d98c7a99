//! A subset of the windows, for methods of quadratic cost.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_xoshiro::Xoshiro256PlusPlus;

/// Windows of a class that are kept regardless of its share, if the limit allows.
const LEAST: usize = 10;

/// Ascending indices of at most `limit` windows, drawn with `seed` from each class in proportion to its size; a small
/// class keeps some. All windows if there are at most `limit`.
pub(crate) fn sample(labels: &[usize], limit: usize, seed: u64) -> Vec<usize> {
    if labels.len() <= limit {
        return (0..labels.len()).collect();
    }
    let classes = labels.iter().max().map_or(0, |label| label + 1);
    let mut members = vec![Vec::new(); classes];
    for (window, &label) in labels.iter().enumerate() {
        members[label].push(window);
    }
    let least = LEAST.min(limit / classes.max(1));
    let shared = limit - least * classes;
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut chosen = Vec::with_capacity(limit);
    for class in &mut members {
        let quota = least + shared * class.len() / labels.len();
        class.shuffle(&mut random);
        chosen.extend(class.iter().take(quota));
    }
    chosen.sort_unstable();
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_windows_are_all_taken() {
        assert_eq!(sample(&[0, 1, 0], 3, 7), [0, 1, 2]);
        assert!(sample(&[], 3, 7).is_empty());
    }

    #[test]
    fn many_windows_are_drawn_in_proportion_and_a_small_class_is_kept() {
        let labels: Vec<usize> = (0..10_000).map(|i| if i < 20 { 2 } else { i % 2 }).collect();
        let chosen = sample(&labels, 1000, 1);
        assert!(chosen.len() <= 1000 && chosen.len() > 980, "{}", chosen.len());
        assert!(chosen.windows(2).all(|pair| pair[0] < pair[1]), "ascending, none twice");
        let count = |class| chosen.iter().filter(|&&window| labels[window] == class).count();
        assert!(count(2) >= 10 && count(0).abs_diff(count(1)) < 5, "{} {} {}", count(0), count(1), count(2));
    }

    #[test]
    fn the_seed_decides() {
        let labels = vec![0; 1000];
        assert_eq!(sample(&labels, 100, 1), sample(&labels, 100, 1));
        assert_ne!(sample(&labels, 100, 1), sample(&labels, 100, 2));
    }

    #[test]
    fn a_limit_below_the_classes_is_kept() {
        let labels: Vec<usize> = (0..50).collect();
        assert!(sample(&labels, 20, 1).len() <= 20);
    }
}
