//! `training_history.png` of a linear head: loss and macro-F1 over the strength of regularisation.
//!
//! The strength falls from left to right, so that the head fits the training windows ever closer, as with epochs.

use super::Picture;
use super::axes::Axis;
use super::canvas::Canvas;
use super::legend::Key;
use super::theme::{self, CURVE, Mark, VALIDATION, tint};
use super::training_panels::{canvas, chosen_line, frame, note, sides, training, validation, vertical};

/// Scores of one strength.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Step {
    /// Factor of the penalty, above 0.
    pub alpha: f64,
    /// Mean cross-entropy on the training windows, nats.
    pub loss: f64,
    /// Mean cross-entropy on the validation windows, nats.
    pub validation_loss: f64,
    /// Macro-F1 on the training windows, 0..=1.
    pub macro_f1: f64,
    /// Macro-F1 on the validation windows, 0..=1.
    pub validation_macro_f1: f64,
    /// Whether its error lies within one standard error of the lowest.
    pub near_best: bool,
}

/// Share of the colour that marks strengths near the best.
const BAND: f64 = 0.14;

/// Draws `steps`, strongest first, of which `chosen` was chosen, below `title` and `subtitle` (may be empty).
///
/// # Errors
/// When there is no step to draw.
pub(crate) fn draw(title: &str, subtitle: &str, steps: &[Step], chosen: usize) -> anyhow::Result<Picture> {
    anyhow::ensure!(!steps.is_empty(), "the training history has no strength to draw");
    let chosen = chosen.min(steps.len() - 1);
    let [training, validation] = sides();
    let near = (Key::Mark(Mark::Square, band()), "error within one standard error of the lowest".to_string());
    let (mut canvas, top) = canvas(title, subtitle, &[training, validation, near])?;
    let panels = [
        Panel { name: "loss (cross-entropy, nats)", of: |step| [step.loss, step.validation_loss], share: false },
        Panel { name: "macro-F1", of: |step| [step.macro_f1, step.validation_macro_f1], share: true },
    ];
    for (index, panel) in panels.iter().enumerate() {
        panel.draw(&mut canvas, index, top, steps, chosen);
    }
    Ok(canvas.finish())
}

fn band() -> theme::Rgb {
    tint(VALIDATION, BAND)
}

/// One quantity of training and validation.
struct Panel {
    name: &'static str,
    /// Its values on the training and on the validation windows.
    of: fn(&Step) -> [f64; 2],
    /// Whether it is a share, of which more is better.
    share: bool,
}

impl Panel {
    fn draw(&self, canvas: &mut Canvas, index: usize, top: f64, steps: &[Step], chosen: usize) {
        let y = vertical(self.name, steps.iter().flat_map(self.of), self.share.then_some(1.0));
        let frame = frame(canvas, index, top, horizontal(steps), y);
        for step in steps.iter().filter(|step| step.near_best) {
            // A quarter of a decade on both sides: strengths lie half a decade apart.
            let edge = |offset: f64| {
                let at = (place(step.alpha) + offset).clamp(frame.x.low, frame.x.high);
                frame.place(at, frame.y.low).0
            };
            let (from, to) = (edge(-0.25), edge(0.25));
            canvas.rectangle((from, top), (to - from, frame.height), band());
        }
        frame.draw(canvas);
        let x = chosen_line(canvas, &frame, place(steps[chosen].alpha));
        for (side, pen) in [training(), validation()].into_iter().enumerate() {
            let points: Vec<_> = steps.iter().map(|step| (place(step.alpha), (self.of)(step)[side])).collect();
            frame.curve(canvas, &points, pen);
            for (x, y) in points.into_iter().filter(|(x, y)| x.is_finite() && y.is_finite()) {
                canvas.mark(Mark::Disc, frame.place(x, y), CURVE + 1.0, pen.colour, 1.0);
            }
        }
        let value = (self.of)(&steps[chosen])[1];
        if value.is_finite() {
            let point = frame.place(place(steps[chosen].alpha), value);
            canvas.mark(Mark::Disc, point, 7.5, theme::PAPER, 1.0);
            canvas.mark(Mark::Disc, point, 6.0, VALIDATION, 1.0);
        }
        note(canvas, &frame, x, &format!("chosen: {value:.3}"), self.share);
    }
}

/// Place of a strength on the horizontal axis.
fn place(alpha: f64) -> f64 {
    -alpha.log10()
}

/// A logarithmic axis of all strengths, with a tick at each power of ten.
fn horizontal(steps: &[Step]) -> Axis {
    let places = || steps.iter().map(|step| place(step.alpha)).filter(|place| place.is_finite());
    let (low, high) = (places().fold(f64::INFINITY, f64::min), places().fold(f64::NEG_INFINITY, f64::max));
    let (low, high) = if low <= high { (low - 0.25, high + 0.25) } else { (0.0, 1.0) };
    let decades = (low.ceil() as i32..=high.floor() as i32).map(|decade| {
        let label = if decade > 0 {
            format!("{:.*}", decade as usize, 10f64.powi(-decade))
        } else {
            format!("{:.0}", 10f64.powi(-decade))
        };
        (f64::from(decade), label)
    });
    Axis {
        low,
        high,
        ticks: decades.collect(),
        label: "strength of regularisation (alpha), strongest at the left".to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(count: usize) -> Vec<Step> {
        (0..count)
            .map(|i| {
                let t = i as f64;
                Step {
                    alpha: 2530.0 / 10f64.powf(t / 2.0),
                    loss: 1.3 * (-t / 3.0).exp(),
                    validation_loss: 1.3 * (-t / 3.0).exp() + 0.2 + 0.02 * t,
                    macro_f1: 1.0 - 0.5 * (-t / 3.0).exp(),
                    validation_macro_f1: 0.85 - 0.4 * (-t / 3.0).exp(),
                    near_best: (4..8).contains(&i),
                }
            })
            .collect()
    }

    #[test]
    fn the_same_path_is_the_same_file() {
        let png = || draw("t", "s", &steps(12), 4).unwrap().png().unwrap();
        assert_eq!(png(), png());
    }

    #[test]
    fn any_number_of_strengths_but_none_can_be_drawn() {
        for count in [1, 2, 12] {
            draw("t", "s", &steps(count), count).unwrap();
        }
        assert!(draw("t", "s", &[], 0).is_err());
    }

    #[test]
    fn values_that_are_not_finite_are_left_out() {
        let mut broken = steps(5);
        broken[2].loss = f64::NAN;
        broken[3].validation_loss = f64::INFINITY;
        broken[4].alpha = 0.0;
        draw("t", "s", &broken, 3).unwrap();
    }
}
