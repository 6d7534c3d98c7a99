//! `anomaly_roc.png` and `anomaly_scores.png`: detections against false alarms, and the distribution of the score.

use super::Picture;
use super::axes::{Axis, Frame};
use super::canvas::{Align, Canvas, Pen};
use super::legend::{Key, header, header_height};
use super::theme::{CURVE, INK, LINE, MARGIN, Mark, SMALL, SOFT_INK, TEXT, TRAINING, VALIDATION, colour};
use super::ticks::ticks;

const SIDE: f64 = 560.0;

/// A method's curves with the area under each.
#[derive(Debug, Clone)]
pub(crate) struct Curve {
    /// Its name.
    pub name: String,
    /// The mean of the held-out groups' curves.
    pub mean_over_groups: (Vec<(f64, f64)>, f64),
    /// The curve of the scores of all fits together.
    pub pooled: (Vec<(f64, f64)>, f64),
}

/// Draws two curves per method and emphasises the last method; `partial` is the false-positive rate that bounds the partial
/// area.
///
/// # Errors
/// When the picture cannot be made.
pub(crate) fn roc(title: &str, subtitle: &str, methods: &[Curve], partial: f64) -> anyhow::Result<Picture> {
    let width_of = |place: usize| if place + 1 == methods.len() { CURVE * 1.5 } else { CURVE };
    let pen = |place: usize| Pen::solid(colour(place), width_of(place));
    let pooled_pen = |place: usize| Pen::solid(colour(place), width_of(place) * 0.6).dashed(2.0, 3.0);
    let entry = |(place, method): (usize, &Curve)| {
        let (mean, pooled) = (method.mean_over_groups.1, method.pooled.1);
        [
            (Key::Line(pen(place)), format!("{}: mean over groups, AUC {mean:.3}", method.name)),
            (Key::Line(pooled_pen(place)), format!("{}: pooled, AUC {pooled:.3}", method.name)),
        ]
    };
    let legend: Vec<_> = methods.iter().enumerate().flat_map(entry).collect();
    let width = 2.0 * MARGIN + SIDE + 240.0;
    let top = header_height(width, title, subtitle, &legend)?;
    let axis = |label: &str| Axis { low: 0.0, high: 1.0, ticks: ticks(0.0, 1.0, 5), label: label.to_string() };
    let (x, y) = (axis("false-positive rate: normal windows above"), axis("true-positive rate: others above"));
    let below = Frame::bottom_room(&x);
    let mut canvas = Canvas::new(width, top + SIDE + below + MARGIN)?;
    header(&mut canvas, width, title, subtitle, &legend);
    let left = MARGIN + Frame::left_room(&canvas, &y);
    let frame = Frame { left, top, width: width - MARGIN - left, height: SIDE, x, y };
    frame.draw(&mut canvas);
    let chance = Pen::solid(LINE, 1.2).dashed(5.0, 4.0);
    frame.curve(&mut canvas, &[(0.0, 0.0), (1.0, 1.0)], chance);
    frame.curve(&mut canvas, &[(partial, 0.0), (partial, 1.0)], chance);
    let (at, bottom) = frame.place(partial, 0.0);
    canvas.text("pAUC counts left of here", (at + 8.0, bottom - 16.0), Align::Start, SMALL, SOFT_INK);
    for (place, method) in methods.iter().enumerate() {
        frame.curve(&mut canvas, &method.pooled.0, pooled_pen(place));
        frame.curve(&mut canvas, &method.mean_over_groups.0, pen(place));
    }
    Ok(canvas.finish())
}

const ROW: f64 = 46.0;

/// Draws one row per class (name, whether it is normal, score of each window) on a logarithmic axis.
///
/// # Errors
/// When there is no class.
pub(crate) fn scores(title: &str, subtitle: &str, classes: &[(String, bool, Vec<f64>)]) -> anyhow::Result<Picture> {
    anyhow::ensure!(!classes.is_empty(), "there is no class whose scores could be drawn");
    let width = 1200.0;
    let legend = [
        (Key::Mark(Mark::Disc, TRAINING), "normal".to_string()),
        (Key::Mark(Mark::Disc, VALIDATION), "other".to_string()),
        (Key::Line(Pen::solid(INK, 1.6).dashed(5.0, 4.0)), "alarm threshold".to_string()),
    ];
    let top = header_height(width, title, subtitle, &legend)?;
    let log = |score: f64| score.max(1e-3).log10().clamp(-2.0, 2.0);
    let marks = [(-2.0, "0.01"), (-1.0, "0.1"), (0.0, "1"), (1.0, "10"), (2.0, "100")];
    let x = Axis {
        low: -2.0,
        high: 2.0,
        ticks: marks.map(|(at, name)| (at, name.to_string())).to_vec(),
        label: "anomaly score (1 is the threshold; the ends hold what lies beyond)".to_string(),
    };
    let rows = classes.len() as f64;
    let y = Axis { low: 0.0, high: rows, ticks: Vec::new(), label: String::new() };
    let below = Frame::bottom_room(&x);
    let mut canvas = Canvas::new(width, top + rows * ROW + below + MARGIN)?;
    header(&mut canvas, width, title, subtitle, &legend);
    let names: Vec<String> = classes.iter().map(|(name, ..)| canvas.font().fit(name, TEXT, 280.0)).collect();
    let widest = names.iter().map(|name| canvas.font().width(name, TEXT)).fold(0.0, f64::max);
    let left = MARGIN + widest + 14.0;
    let frame = Frame { left, top, width: width - MARGIN - left, height: rows * ROW, x, y };
    frame.draw(&mut canvas);
    for (row, ((_, normal, scores), name)) in classes.iter().zip(&names).enumerate() {
        let middle = top + (row as f64 + 0.5) * ROW;
        canvas.text(name, (left - 12.0, middle), Align::End, TEXT, INK);
        let ink = if *normal { TRAINING } else { VALIDATION };
        for (at, score) in scores.iter().enumerate() {
            // Spread over the row by the golden ratio: no two windows in a row lie on one line.
            let spread = (at as f64 * 0.618_034).fract() - 0.5;
            let (x, _) = frame.place(log(*score), 0.0);
            canvas.mark(Mark::Disc, (x, middle + spread * 0.72 * ROW), 2.2, ink, 0.45);
        }
    }
    frame.curve(&mut canvas, &[(0.0, 0.0), (0.0, rows)], Pen::solid(INK, 1.6).dashed(5.0, 4.0));
    Ok(canvas.finish())
}
