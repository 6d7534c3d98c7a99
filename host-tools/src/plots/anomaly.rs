//! `anomaly_roc.png` and `anomaly_scores.png`: detections against false alarms, and the distribution of the score.

use monitor_model::palette::{ALARM, NORMAL};

use super::Picture;
use super::axes::{Axis, Frame};
use super::canvas::{Align, Canvas, Pen};
use super::legend::{Key, header, header_height};
use super::theme::{CURVE, INK, LINE, MARGIN, Mark, SMALL, SOFT_INK, TEXT, colour};
use super::ticks::ticks;

const SIDE: f64 = 560.0;

/// Points of a curve, and the area under it.
pub(crate) type Points = (Vec<(f64, f64)>, f64);

/// A method's curves.
#[derive(Debug, Clone)]
pub(crate) struct Curve {
    /// Its name.
    pub name: String,
    /// The curve to judge it by.
    pub main: Points,
    /// The curve of the scores of all fits together, where the other is the mean of those of the fits.
    pub pooled: Option<Points>,
}

/// Draws the curves of each method and emphasises the last method; `partial` is the false-positive rate that bounds the partial
/// area, if that is of interest.
///
/// # Errors
/// When the picture cannot be made.
pub(crate) fn roc(title: &str, subtitle: &str, methods: &[Curve], partial: Option<f64>) -> anyhow::Result<Picture> {
    let width_of = |place: usize| if place + 1 == methods.len() { CURVE * 1.5 } else { CURVE };
    let pen = |place: usize| Pen::solid(colour(place), width_of(place));
    let pooled_pen = |place: usize| Pen::solid(colour(place), width_of(place) * 0.6).dashed(2.0, 3.0);
    let chance = Pen::solid(SOFT_INK, 1.2).dashed(5.0, 4.0);
    let mut legend: Vec<(Key, String)> = Vec::new();
    for (place, method) in methods.iter().enumerate() {
        let (name, area) = (&method.name, method.main.1);
        let mean = if method.pooled.is_some() { ": mean over groups" } else { "" };
        legend.push((Key::Line(pen(place)), format!("{name}{mean}, area {area:.3}")));
        if let Some((_, area)) = method.pooled {
            legend.push((Key::Line(pooled_pen(place)), format!("{name}: pooled, area {area:.3}")));
        }
    }
    legend.push((Key::Line(chance), "guessing, area 0.500".to_string()));
    let width = 2.0 * MARGIN + SIDE + 240.0;
    let top = header_height(width, title, subtitle, &legend)?;
    let axis = |label: &str| Axis { low: 0.0, high: 1.0, ticks: ticks(0.0, 1.0, 5), label: label.to_string() };
    let x = axis("share of the normal windows above a level: false alarms");
    let y = axis("share of the other windows above it: detected");
    let below = Frame::bottom_room(&x);
    let mut canvas = Canvas::new(width, top + SIDE + below + MARGIN)?;
    header(&mut canvas, width, title, subtitle, &legend);
    let left = MARGIN + Frame::left_room(&canvas, &y);
    let frame = Frame { left, top, width: width - MARGIN - left, height: SIDE, x, y };
    frame.draw(&mut canvas);
    frame.curve(&mut canvas, &[(0.0, 0.0), (1.0, 1.0)], chance);
    if let Some(partial) = partial {
        frame.curve(&mut canvas, &[(partial, 0.0), (partial, 1.0)], Pen::solid(LINE, 1.2).dashed(5.0, 4.0));
        let (at, bottom) = frame.place(partial, 0.0);
        canvas.text("pAUC counts left of here", (at + 8.0, bottom - 16.0), Align::Start, SMALL, SOFT_INK);
    }
    for (place, method) in methods.iter().enumerate() {
        if let Some((points, _)) = &method.pooled {
            frame.curve(&mut canvas, points, pooled_pen(place));
        }
        frame.curve(&mut canvas, &method.main.0, pen(place));
    }
    Ok(canvas.finish())
}

const ROW: f64 = 46.0;
/// Width of the column with the shares above the alarm level, pixels.
const SHARE: f64 = 120.0;

/// Draws one row per class (name, whether it is normal, score of each window) on a logarithmic axis.
///
/// # Errors
/// When there is no class.
pub(crate) fn scores(title: &str, subtitle: &str, classes: &[(String, bool, Vec<f64>)]) -> anyhow::Result<Picture> {
    anyhow::ensure!(!classes.is_empty(), "there is no class whose scores could be drawn");
    let width = 1200.0;
    let level = Pen::solid(INK, 1.6).dashed(5.0, 4.0);
    let legend = [
        (Key::Mark(Mark::Disc, NORMAL), "window of normal sound".to_string()),
        (Key::Mark(Mark::Triangle, ALARM), "window of other sound".to_string()),
        (Key::Line(level), "alarm level".to_string()),
    ];
    let top = header_height(width, title, subtitle, &legend)?;
    let log = |score: f64| score.max(1e-3).log10().clamp(-2.0, 2.0);
    let marks = [(-2.0, "0.01"), (-1.0, "0.1"), (0.0, "1"), (1.0, "10"), (2.0, "100")];
    let x = Axis {
        low: -2.0,
        high: 2.0,
        ticks: marks.map(|(at, name)| (at, name.to_string())).to_vec(),
        label: "anomaly score (1 is the alarm level; the ends hold what lies beyond)".to_string(),
    };
    let rows = classes.len() as f64;
    let y = Axis { low: 0.0, high: rows, ticks: Vec::new(), label: String::new() };
    let below = Frame::bottom_room(&x);
    let mut canvas = Canvas::new(width, top + rows * ROW + below + MARGIN)?;
    header(&mut canvas, width, title, subtitle, &legend);
    let names: Vec<String> = classes.iter().map(|(name, ..)| canvas.font().fit(name, TEXT, 280.0)).collect();
    let widest = names.iter().map(|name| canvas.font().width(name, TEXT)).fold(0.0, f64::max);
    let left = MARGIN + widest + 14.0;
    let frame = Frame { left, top, width: width - MARGIN - SHARE - left, height: rows * ROW, x, y };
    frame.draw(&mut canvas);
    for (row, ((_, normal, scores), name)) in classes.iter().zip(&names).enumerate() {
        let middle = top + (row as f64 + 0.5) * ROW;
        canvas.text(name, (left - 12.0, middle), Align::End, TEXT, INK);
        let above = scores.iter().filter(|score| **score >= 1.0).count() as f64 / scores.len().max(1) as f64;
        let share = format!("{:.1} % above", 100.0 * above);
        canvas.text(&share, (width - MARGIN, middle), Align::End, SMALL, SOFT_INK);
        let (mark, ink) = if *normal { (Mark::Disc, NORMAL) } else { (Mark::Triangle, ALARM) };
        for (at, score) in scores.iter().enumerate() {
            // Spread over the row by the golden ratio: no two windows in a row lie on one line.
            let spread = (at as f64 * 0.618_034).fract() - 0.5;
            let (x, _) = frame.place(log(*score), 0.0);
            canvas.mark(mark, (x, middle + spread * 0.72 * ROW), 2.2, ink, 0.45);
        }
    }
    frame.curve(&mut canvas, &[(0.0, 0.0), (0.0, rows)], level);
    Ok(canvas.finish())
}
