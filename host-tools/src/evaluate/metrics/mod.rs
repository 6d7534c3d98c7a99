//! Figures about predictions: confusion matrix, precision, recall, F1 and their averages.
//!
//! One confusion matrix ([`Confusion`]) is the source of every figure ([`Figures`]) and of every table ([`table`]), so that
//! terminal, JSON and picture agree. [`by_recording`] turns predictions of windows into one prediction per recording. Definitions
//! follow scikit-learn's `precision_recall_fscore_support`.
pub(crate) mod binomial;
mod bootstrap;
mod confusion;
mod figures;
mod guessing;
mod recording;
mod reliability;
mod table;

pub(crate) use binomial::exact;
pub(crate) use bootstrap::{Interval, Intervals, intervals};
pub(crate) use confusion::Confusion;
pub(crate) use figures::{Averages, Figures};
pub(crate) use guessing::Guessing;
pub(crate) use recording::by_recording;
pub(crate) use reliability::Reliability;
pub(crate) use table::{class_table, confusion_table};

/// The index of the largest value; the first of equals, and 0 for an empty slice.
pub(crate) fn argmax(values: &[f32]) -> usize {
    let mut best = 0;
    for (index, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = index;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::argmax;

    #[test]
    fn the_first_of_equal_maxima_wins() {
        assert_eq!(argmax(&[0.1, 0.45, 0.45]), 1);
        assert_eq!(argmax(&[]), 0);
    }
}
