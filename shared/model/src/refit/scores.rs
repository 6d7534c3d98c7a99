//! Figures of predictions, by which a refit is compared with the model's own head.

/// Probabilities of a window and its class.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Predicted {
    /// One for each class.
    pub(super) probabilities: Vec<f64>,
    /// The right class.
    pub(super) class: usize,
}

impl Predicted {
    /// The most probable class.
    pub(super) fn choice(&self) -> usize {
        argmax(&self.probabilities)
    }
}

/// Place of the largest value; 0 for none.
pub(super) fn argmax(values: &[f64]) -> usize {
    (0..values.len()).fold(0, |best, place| if values[place] > values[best] { place } else { best })
}

/// Mean over the classes that occur of F1; predictions of other classes count as errors. 0 without predictions.
pub(super) fn macro_f1(predictions: &[Predicted]) -> f64 {
    per_class(predictions, |class| {
        let right = predictions.iter().filter(|p| p.class == class && p.choice() == class).count();
        let named = predictions.iter().filter(|p| p.choice() == class).count();
        let all = predictions.iter().filter(|p| p.class == class).count();
        2.0 * right as f64 / (named + all) as f64
    })
}

/// Mean cross-entropy in nats, every class that occurs equally weighted. 0 without predictions.
pub(super) fn log_loss(predictions: &[Predicted]) -> f64 {
    /// A class that the head does not have has no probability.
    const LEAST: f64 = 1e-6;
    per_class(predictions, |class| {
        let own = predictions.iter().filter(|p| p.class == class);
        let losses: Vec<f64> =
            own.map(|p| -libm::log(p.probabilities.get(class).copied().unwrap_or(0.0).max(LEAST))).collect();
        losses.iter().sum::<f64>() / losses.len().max(1) as f64
    })
}

fn per_class(predictions: &[Predicted], figure: impl Fn(usize) -> f64) -> f64 {
    let mut classes: Vec<usize> = predictions.iter().map(|p| p.class).collect();
    classes.sort_unstable();
    classes.dedup();
    classes.iter().map(|class| figure(*class)).sum::<f64>() / classes.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(class: usize, probabilities: &[f64]) -> Predicted {
        Predicted { probabilities: probabilities.to_vec(), class }
    }

    #[test]
    fn a_prediction_of_a_class_that_does_not_occur_is_an_error() {
        let predictions =
            [of(0, &[0.9, 0.1, 0.0]), of(0, &[0.1, 0.1, 0.8]), of(1, &[0.2, 0.8, 0.0]), of(1, &[0.2, 0.8, 0.0])];
        // Class 0: 2 * 1 / (1 + 2); class 1: 1.
        assert!((macro_f1(&predictions) - (2.0 / 3.0 + 1.0) / 2.0).abs() < 1e-12);
    }

    #[test]
    fn classes_are_equally_weighted_and_a_missing_class_has_the_least_probability() {
        let predictions = [of(0, &[0.5, 0.5]), of(1, &[0.0, 1.0]), of(1, &[0.0, 1.0])];
        assert!((log_loss(&predictions) - 0.5 * std::f64::consts::LN_2).abs() < 1e-9);
        assert!((log_loss(&[of(2, &[0.5, 0.5])]) - 1e6_f64.ln()).abs() < 1e-9);
        assert_eq!((macro_f1(&[]), log_loss(&[])), (0.0, 0.0));
    }
}
