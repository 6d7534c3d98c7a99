//! Precision, recall, F1 and their averages, from a confusion matrix.
//!
//! As scikit-learn with `zero_division=0`: a class that was never predicted has precision 0, one that never occurs has
//! recall 0. The macro average runs over the classes that occur *or* were predicted: a class of the model that neither
//! the data nor the predictions hold does not count.

use serde::Serialize;

use super::Confusion;

/// Figures of one class, each in `0..=1`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct ClassFigures {
    /// Its name.
    pub class: String,
    /// Share of the items predicted as this class that are of it.
    pub precision: f64,
    /// Share of the items of this class that were predicted as it.
    pub recall: f64,
    /// Harmonic mean of precision and recall.
    pub f1: f64,
    /// Number of items of this class.
    pub support: u64,
}

/// Precision, recall and F1 averaged over classes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Averages {
    /// Average precision, `0..=1`.
    pub precision: f64,
    /// Average recall, `0..=1`.
    pub recall: f64,
    /// Average of the classes' F1 (not the F1 of the averages), `0..=1`.
    pub f1: f64,
}

/// All figures of a set of predictions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Figures {
    /// Share of right predictions, `0..=1`; 0 when there are none.
    pub accuracy: f64,
    /// Mean over classes, equally weighted.
    pub macro_average: Averages,
    /// Mean over classes, weighted by support.
    pub weighted_average: Averages,
    /// One entry per class.
    pub classes: Vec<ClassFigures>,
    /// The matrix that the figures are computed from.
    pub confusion: Confusion,
}

impl Figures {
    /// The figures of a confusion matrix.
    pub(crate) fn from_confusion(confusion: Confusion) -> Self {
        let classes: Vec<ClassFigures> =
            (0..confusion.classes.len()).map(|class| of_class(&confusion, class)).collect();
        let seen = |class: &usize| confusion.support(*class) + confusion.predicted(*class) > 0;
        let equal: Vec<f64> = (0..classes.len()).map(|class| f64::from(u8::from(seen(&class)))).collect();
        let by_support: Vec<f64> = classes.iter().map(|class| class.support as f64).collect();
        Self {
            accuracy: ratio(confusion.correct(), confusion.total()),
            macro_average: average(&classes, &equal),
            weighted_average: average(&classes, &by_support),
            classes,
            confusion,
        }
    }

    /// The figures of pairs `(true class, predicted class)`.
    pub(crate) fn from_pairs(classes: &[String], pairs: impl IntoIterator<Item = (usize, usize)>) -> Self {
        Self::from_confusion(Confusion::from_pairs(classes, pairs))
    }
}

fn of_class(confusion: &Confusion, class: usize) -> ClassFigures {
    let (hits, support) = (confusion.counts[class][class], confusion.support(class));
    let precision = ratio(hits, confusion.predicted(class));
    let recall = ratio(hits, support);
    let f1 = if hits == 0 { 0.0 } else { 2.0 * precision * recall / (precision + recall) };
    ClassFigures { class: confusion.classes[class].clone(), precision, recall, f1, support }
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

fn average(classes: &[ClassFigures], weights: &[f64]) -> Averages {
    let total: f64 = weights.iter().sum();
    let of = |figure: fn(&ClassFigures) -> f64| {
        let sum: f64 = classes.iter().zip(weights).map(|(class, weight)| figure(class) * weight).sum();
        if total == 0.0 { 0.0 } else { sum / total }
    };
    Averages { precision: of(|c| c.precision), recall: of(|c| c.recall), f1: of(|c| c.f1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(count: usize) -> Vec<String> {
        (0..count).map(|class| format!("class {class}")).collect()
    }

    #[test]
    fn figures_match_scikit_learns_on_a_worked_example() {
        // classification_report([0,0,0,1,1,2,2,2,2,2], [0,0,1,1,1,2,2,0,2,2])
        let truth = [0, 0, 0, 1, 1, 2, 2, 2, 2, 2];
        let guess = [0, 0, 1, 1, 1, 2, 2, 0, 2, 2];
        let figures = Figures::from_pairs(&names(3), truth.into_iter().zip(guess));
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-4, "{a} is not {b}");
        close(figures.accuracy, 0.8);
        close(figures.classes[0].precision, 2.0 / 3.0);
        close(figures.classes[2].recall, 0.8);
        close(figures.classes[1].f1, 0.8);
        close(figures.macro_average.f1, 0.7852);
        close(figures.weighted_average.f1, 0.8044);
        close(figures.macro_average.precision, 0.7778);
        close(figures.weighted_average.recall, 0.8);
    }

    #[test]
    fn a_class_neither_present_nor_predicted_does_not_lower_the_macro_average() {
        let figures = Figures::from_pairs(&names(3), [(0, 0), (1, 1)]);
        assert_eq!(figures.macro_average.f1, 1.0);
    }

    #[test]
    fn a_class_that_is_only_predicted_lowers_the_macro_average() {
        let figures = Figures::from_pairs(&names(3), [(0, 0), (1, 2)]);
        assert!((figures.macro_average.f1 - 1.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn no_predictions_yield_zeros_and_not_nan() {
        let figures = Figures::from_pairs(&names(2), []);
        assert_eq!((figures.accuracy, figures.macro_average.f1, figures.weighted_average.f1), (0.0, 0.0, 0.0));
    }
}
