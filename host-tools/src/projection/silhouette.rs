//! The silhouette score (Rousseeuw 1987): how much nearer windows are to their own class than to the nearest other.

use ndarray::{ArrayView2, Axis};
use rayon::prelude::*;

/// Mean silhouette of the rows of `x` [windows x features] by Euclidean distance, -1..=1; a window that is alone in its
/// class counts 0, by convention. `None` unless at least two classes have windows.
///
/// Cost: a distance for each pair of windows; for 2000 windows of 1152 features a matrix of 32 MB and a few seconds.
pub(crate) fn silhouette(x: ArrayView2<'_, f64>, labels: &[usize]) -> Option<f64> {
    let classes = labels.iter().max()? + 1;
    let mut sizes = vec![0usize; classes];
    for &label in labels {
        sizes[label] += 1;
    }
    if sizes.iter().filter(|&&size| size > 0).count() < 2 {
        return None;
    }
    // |a - b|^2 = |a|^2 + |b|^2 - 2ab, about the mean, which keeps the squares small and the difference exact.
    let centred = &x - &x.mean_axis(Axis(0))?;
    let products = centred.dot(&centred.t());
    let squares = products.diag();
    let each: Vec<f64> = (0..labels.len())
        .into_par_iter()
        .map(|window| {
            let mut sums = vec![0.0; classes];
            for (other, &label) in labels.iter().enumerate() {
                if other != window {
                    let square: f64 = squares[window] + squares[other] - 2.0 * products[[window, other]];
                    sums[label] += square.max(0.0).sqrt();
                }
            }
            let own = labels[window];
            if sizes[own] == 1 {
                return 0.0;
            }
            let within = sums[own] / (sizes[own] - 1) as f64;
            let next = (0..classes)
                .filter(|&class| class != own && sizes[class] > 0)
                .map(|class| sums[class] / sizes[class] as f64)
                .fold(f64::INFINITY, f64::min);
            let larger = within.max(next);
            if larger > 0.0 { (next - within) / larger } else { 0.0 }
        })
        .collect();
    // Summed in order, so the number of threads does not matter.
    Some(each.iter().sum::<f64>() / each.len() as f64)
}

/// A score in words. The bounds are those of Kaufman and Rousseeuw, "Finding Groups in Data" (1990).
pub(crate) fn interpretation(score: f64) -> &'static str {
    match score {
        s if s > 0.70 => "the classes are clearly separated: a simple head can distinguish them",
        s if s > 0.50 => "the classes are well separated, with few windows between them",
        s if s > 0.25 => {
            "the classes are separated but overlap in part: a trained head should distinguish most windows"
        }
        s if s > 0.0 => {
            "the classes overlap strongly; a head may still distinguish them, and more or cleaner recordings would help"
        }
        _ => {
            "the classes are not separated: check the labels and the recordings; other differences (machine, place) may be \
             larger than those between the classes"
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    #[test]
    fn the_score_is_that_of_a_worked_example() {
        // On a line at 0, 1 | 4, 6. Window 0: within 1, next 5, 4/5. Window 1: 1, 4, 3/4. Window 4: 2, 3.5, 3/7.
        // Window 6: 2, 5.5, 7/11.
        let x = array![[0.0], [1.0], [4.0], [6.0]];
        let score = silhouette(x.view(), &[0, 0, 1, 1]).unwrap();
        let expected = (4.0 / 5.0 + 3.0 / 4.0 + 3.0 / 7.0 + 7.0 / 11.0) / 4.0;
        assert!((score - expected).abs() < 1e-12, "{score} {expected}");
    }

    #[test]
    fn mixed_classes_score_below_zero() {
        let x = array![[0.0, 0.0], [10.0, 0.0], [0.0, 0.1], [10.0, 0.1]];
        assert!(silhouette(x.view(), &[0, 0, 1, 1]).unwrap() < -0.4);
    }

    #[test]
    fn one_class_has_no_score_and_equal_windows_score_zero() {
        assert_eq!(silhouette(Array2::zeros((3, 2)).view(), &[1, 1, 1]), None);
        assert_eq!(silhouette(Array2::zeros((0, 2)).view(), &[]), None);
        assert_eq!(silhouette(Array2::zeros((4, 2)).view(), &[0, 0, 1, 1]), Some(0.0));
    }

    #[test]
    fn a_window_alone_in_its_class_counts_zero() {
        let x = array![[0.0], [1.0], [9.0]];
        let score = silhouette(x.view(), &[0, 0, 2]).unwrap();
        assert!((score - (8.0 / 9.0 + 7.0 / 8.0) / 3.0).abs() < 1e-12, "{score}");
    }
}
