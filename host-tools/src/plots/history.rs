//! `training_history.png` of a perceptron: loss and accuracy after each epoch.

use super::axes::Axis;
use super::canvas::{Align, Canvas};
use super::theme::{INK, Mark, SMALL, TRAINING, VALIDATION, tint};
use super::ticks::ticks;
use super::training_panels::{axis, canvas, chosen_line, frame, note, sides, training, validation, vertical};
use super::{Picture, theme};

/// Loss and accuracy of a head on the training windows and on the validation windows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scores {
    /// Mean cross-entropy on the training windows, nats.
    pub loss: f64,
    /// Mean cross-entropy on the validation windows, nats.
    pub validation_loss: f64,
    /// Share of right training windows, 0..=1.
    pub accuracy: f64,
    /// Share of right validation windows, 0..=1.
    pub validation_accuracy: f64,
}

/// The course of a training run.
#[derive(Debug, Clone, Copy)]
pub(crate) enum History<'a> {
    /// A head trained epoch by epoch.
    Epochs {
        /// After each epoch.
        epochs: &'a [Scores],
        /// Index of the epoch whose weights were kept.
        best: usize,
    },
    /// A head that was not validated: only the final scores.
    Fit(Scores),
}

/// Draws `history` below `title` and `subtitle` (may be empty).
///
/// # Errors
/// When there is no epoch to draw.
pub(crate) fn draw(title: &str, subtitle: &str, history: History<'_>) -> anyhow::Result<Picture> {
    let (curves, best) = match history {
        History::Epochs { epochs, best } => {
            anyhow::ensure!(!epochs.is_empty(), "the training history has no epoch to draw");
            (epochs.to_vec(), Some(best.min(epochs.len() - 1)))
        }
        History::Fit(scores) => (vec![scores], None),
    };
    let sides = sides();
    // Bars are labelled below.
    let legend = if best.is_some() { &sides[..] } else { &[] };
    let (mut canvas, top) = canvas(title, subtitle, legend)?;

    let loss = Panel {
        name: "loss (cross-entropy, nats)",
        training: curves.iter().map(|s| s.loss).collect(),
        validation: curves.iter().map(|s| s.validation_loss).collect(),
        ceiling: None,
    };
    let accuracy = Panel {
        name: "accuracy",
        training: curves.iter().map(|s| s.accuracy).collect(),
        validation: curves.iter().map(|s| s.validation_accuracy).collect(),
        ceiling: Some(1.0),
    };
    for (index, panel) in [loss, accuracy].iter().enumerate() {
        match best {
            Some(best) => panel.curves(&mut canvas, index, top, best),
            None => panel.bars(&mut canvas, index, top),
        }
    }
    Ok(canvas.finish())
}

/// One quantity on both sides.
struct Panel {
    name: &'static str,
    training: Vec<f64>,
    validation: Vec<f64>,
    ceiling: Option<f64>,
}

impl Panel {
    fn vertical(&self) -> Axis {
        vertical(self.name, self.training.iter().chain(&self.validation).copied(), self.ceiling)
    }

    fn curves(&self, canvas: &mut Canvas, index: usize, top: f64, best: usize) {
        let last = self.training.len() as f64;
        // Half an epoch of margin on both sides keeps the last one clear of the edge.
        let (low, high) = (0.5, last + 0.5);
        let whole = |(value, _): &(f64, String)| value.fract() == 0.0;
        let x = Axis {
            low,
            high,
            ticks: ticks(low, high, 8).into_iter().filter(whole).map(|(v, _)| (v, format!("{v:.0}"))).collect(),
            label: "epoch".to_string(),
        };
        let frame = frame(canvas, index, top, x, self.vertical());
        frame.draw(canvas);
        let epoch = (best + 1) as f64;
        let x = chosen_line(canvas, &frame, epoch);
        for (values, pen) in [(&self.training, training()), (&self.validation, validation())] {
            let points: Vec<_> = values.iter().enumerate().map(|(i, v)| ((i + 1) as f64, *v)).collect();
            frame.curve(canvas, &points, pen);
        }
        let value = self.validation[best];
        let point = frame.place(epoch, value);
        canvas.mark(Mark::Disc, point, 6.5, theme::PAPER, 1.0);
        canvas.mark(Mark::Disc, point, 5.0, VALIDATION, 1.0);
        note(canvas, &frame, x, &format!("best epoch {}: {value:.3}", best + 1), self.ceiling.is_some());
    }

    fn bars(&self, canvas: &mut Canvas, index: usize, top: f64) {
        let sides = [(0.33, "training"), (0.67, "validation")];
        let x = Axis {
            low: 0.0,
            high: 1.0,
            ticks: sides.map(|(at, side)| (at, side.to_string())).to_vec(),
            label: "one fit, no epochs".to_string(),
        };
        // Bars stand on 0.
        let Axis { high, .. } = self.vertical();
        let mut y = axis(self.name, 0.0, high);
        if self.ceiling.is_none() {
            y.high *= 1.1;
        }
        let frame = frame(canvas, index, top, x, y);
        frame.draw(canvas);
        for (values, colour, middle) in
            [(&self.training, TRAINING, sides[0].0), (&self.validation, VALIDATION, sides[1].0)]
        {
            let value = values[0];
            let (from, to) = (frame.place(middle - 0.11, value), frame.place(middle + 0.11, frame.y.low));
            canvas.rectangle(from, (to.0 - from.0, to.1 - from.1), tint(colour, 0.85));
            // Inside the bar when it reaches the top.
            let high = from.1 - frame.top < 30.0;
            let (y, ink) = if high { (from.1 + 18.0, theme::PAPER) } else { (from.1 - 14.0, INK) };
            canvas.text(&format!("{value:.3}"), ((from.0 + to.0) / 2.0, y), Align::Middle, SMALL, ink);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epochs(count: usize) -> Vec<Scores> {
        (0..count)
            .map(|i| {
                let t = i as f64;
                Scores {
                    loss: 1.3 * (-t / 12.0).exp() + 0.03,
                    validation_loss: 1.2 * (-t / 9.0).exp() + 0.25 + 0.002 * t,
                    accuracy: 1.0 - 0.6 * (-t / 10.0).exp(),
                    validation_accuracy: 0.93 - 0.5 * (-t / 8.0).exp(),
                }
            })
            .collect()
    }

    #[test]
    fn the_same_history_is_the_same_file() {
        let epochs = epochs(100);
        let png = || draw("t", "", History::Epochs { epochs: &epochs, best: 40 }).unwrap().png().unwrap();
        assert_eq!(png(), png());
    }

    #[test]
    fn any_number_of_epochs_but_none_can_be_drawn() {
        for count in [1, 2, 3, 1000] {
            draw("t", "s", History::Epochs { epochs: &epochs(count), best: count }).unwrap();
        }
        assert!(draw("t", "s", History::Epochs { epochs: &[], best: 0 }).is_err());
    }

    #[test]
    fn values_that_are_not_finite_are_left_out() {
        let mut broken = epochs(5);
        broken[2].loss = f64::NAN;
        broken[3].validation_loss = f64::INFINITY;
        draw("t", "s", History::Epochs { epochs: &broken, best: 3 }).unwrap();
        draw("t", "s", History::Fit(Scores { loss: f64::NAN, ..broken[0] })).unwrap();
    }
}
