//! One recording over time: its log-mel spectrum, the true and the reported state, the anomaly score.

use monitor_core::log_mel::BANDS;

use super::Picture;
use super::axes::{Axis, Frame};
use super::canvas::{Align, Canvas, Pen};
use super::legend::{Key, header, header_height};
use super::theme::{CURVE, GRID, INK, LINE, MARGIN, Mark, Rgb, SMALL, SOFT_INK, TEXT, colour};
use super::ticks::ticks;

/// Colour of the time with an alarm: no class has it.
const ALARM: Rgb = SOFT_INK;

/// Data of the picture.
#[derive(Debug, Clone, Default)]
pub(crate) struct Track {
    /// Length in seconds.
    pub seconds: f64,
    /// Log-mel columns, evenly over the time: ln(magnitude + 0.001).
    pub columns: Vec<[f32; BANDS]>,
    /// True states: from and to which second, and which class; unknown parts are left out.
    pub truth: Vec<(f64, f64, usize)>,
    /// Reported states in the same way; unknown is left out.
    pub reported: Vec<(f64, f64, usize)>,
    /// Anomaly score at the end of each window, in seconds; empty where the model has none.
    pub scores: Vec<(f64, f64)>,
    /// Parts with an alarm by it, in seconds.
    pub alarms: Vec<(f64, f64)>,
}

const WIDTH: f64 = 1400.0;
const SPECTRUM: f64 = 256.0;
const STRIP: f64 = 26.0;
const SCORE: f64 = 170.0;
const GAP: f64 = 10.0;

/// Draws `track`; `classes` are the names of its classes.
///
/// # Errors
/// When there is no sound.
pub(crate) fn draw(title: &str, subtitle: &str, classes: &[String], track: &Track) -> anyhow::Result<Picture> {
    anyhow::ensure!(!track.columns.is_empty() && track.seconds > 0.0, "there is no sound that could be drawn");
    let seen = |class: &usize| track.truth.iter().chain(&track.reported).any(|(.., of)| of == class);
    let mut legend: Vec<(Key, String)> = (0..classes.len())
        .filter(seen)
        .map(|class| (Key::Mark(Mark::Square, colour(class)), classes[class].clone()))
        .collect();
    if !track.scores.is_empty() {
        legend.push((Key::Mark(Mark::Square, ALARM), "anomaly alarm".to_string()));
    }
    let top = header_height(WIDTH, title, subtitle, &legend)?;
    let scores = if track.scores.is_empty() { 0.0 } else { SCORE + GAP };
    let x = Axis { low: 0.0, high: track.seconds, ticks: ticks(0.0, track.seconds, 10), label: "seconds".to_string() };
    let bottom = top + SPECTRUM + 2.0 * (GAP + STRIP) + scores;
    let mut canvas = Canvas::new(WIDTH, bottom + Frame::bottom_room(&x) + MARGIN)?;
    header(&mut canvas, WIDTH, title, subtitle, &legend);
    let room = ["log-mel", "reported"].map(|name| canvas.font().width(name, TEXT)).into_iter().fold(0.0, f64::max);
    let (left, width) = (MARGIN + room + 14.0, WIDTH - 2.0 * MARGIN - room - 14.0);
    let at = |second: f64| left + (second / track.seconds).clamp(0.0, 1.0) * width;
    let name = |canvas: &mut Canvas, name: &str, y: f64| {
        canvas.text(name, (left - 12.0, y), Align::End, TEXT, INK);
    };

    spectrum(&mut canvas, &track.columns, (left, top), width);
    name(&mut canvas, "log-mel", top + SPECTRUM / 2.0);
    let mut y = top + SPECTRUM + GAP;
    for (row, spans) in [("true", &track.truth), ("reported", &track.reported)] {
        canvas.rectangle((left, y), (width, STRIP), GRID);
        for (from, to, class) in spans {
            canvas.rectangle((at(*from), y), ((at(*to) - at(*from)).max(1.0), STRIP), colour(*class));
        }
        name(&mut canvas, row, y + STRIP / 2.0);
        y += STRIP + GAP;
    }
    if track.scores.is_empty() {
        // Only the axis below the strips: a frame without height.
        Frame { left, top: y - GAP, width, height: 1.0, x, y: Axis { high: 1.0, ..Axis::default() } }.draw(&mut canvas);
        return Ok(canvas.finish());
    }
    for (from, to) in &track.alarms {
        canvas.area(&[(at(*from), y), (at(*to), y), (at(*to), y + SCORE), (at(*from), y + SCORE)], ALARM, 0.4);
    }
    let marks = [(-2.0, "0.01"), (-1.0, "0.1"), (0.0, "1"), (1.0, "10"), (2.0, "100")];
    let ticks = marks.map(|(at, name)| (at, name.to_string())).to_vec();
    let frame =
        Frame { left, top: y, width, height: SCORE, x, y: Axis { low: -2.0, high: 2.0, ticks, label: String::new() } };
    frame.draw(&mut canvas);
    canvas.text_up("score", (MARGIN + SMALL / 2.0, y + SCORE / 2.0), Align::Middle, TEXT, INK);
    frame.curve(&mut canvas, &[(0.0, 0.0), (track.seconds, 0.0)], Pen::solid(SOFT_INK, 1.6).dashed(5.0, 4.0));
    let curve: Vec<_> =
        track.scores.iter().map(|(second, score)| (*second, score.max(1e-3).log10().clamp(-2.0, 2.0))).collect();
    frame.curve(&mut canvas, &curve, Pen::solid(INK, if curve.len() > 1000 { 1.0 } else { CURVE }));
    Ok(canvas.finish())
}

/// Draws the spectrum: each pixel across is the mean of its columns, low bands at the bottom.
fn spectrum(canvas: &mut Canvas, columns: &[[f32; BANDS]], (left, top): (f64, f64), width: f64) {
    let mut cells: Vec<f32> = columns.as_flattened().to_vec();
    cells.sort_by(f32::total_cmp);
    let rank = |share: f64| cells[((share * cells.len() as f64) as usize).min(cells.len() - 1)];
    // Percentiles, because single extremes would leave the rest pale.
    let (low, high) = (rank(0.01), rank(0.99));
    let pixels = (width as usize).min(columns.len()).max(1);
    let (across, up) = (width / pixels as f64, SPECTRUM / BANDS as f64);
    for pixel in 0..pixels {
        let from = pixel * columns.len() / pixels;
        let of = &columns[from..((pixel + 1) * columns.len() / pixels).max(from + 1)];
        for band in 0..BANDS {
            let mean = of.iter().map(|column| column[band]).sum::<f32>() / of.len() as f32;
            let ink = heat(f64::from((mean - low) / (high - low).max(1e-6)));
            let corner = (left + pixel as f64 * across, top + (BANDS - 1 - band) as f64 * up);
            canvas.rectangle(corner, (across + 0.5, up), ink);
        }
    }
    let (right, bottom) = (left + width, top + SPECTRUM);
    canvas.line(&[(left, top), (right, top), (right, bottom), (left, bottom), (left, top)], Pen::solid(LINE, 1.0));
}

/// Colour of `share`, 0 to 1: dark to light through blue and orange.
fn heat(share: f64) -> Rgb {
    const STOPS: [[f64; 3]; 5] =
        [[10.0, 12.0, 30.0], [40.0, 50.0, 120.0], [150.0, 60.0, 120.0], [240.0, 140.0, 60.0], [255.0, 240.0, 190.0]];
    let at = if share.is_finite() { share.clamp(0.0, 1.0) * 4.0 } else { 0.0 };
    let from = (at as usize).min(3);
    let mixed = |part: usize| STOPS[from][part] + (at - from as f64) * (STOPS[from + 1][part] - STOPS[from][part]);
    let [r, g, b] = [0, 1, 2].map(|part| mixed(part).round() as u8);
    (r, g, b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_is_drawn_with_and_without_a_score() {
        let columns = (0..500).map(|c| std::array::from_fn(|b| ((c / 50 + b) % 9) as f32)).collect();
        let track = Track {
            seconds: 40.0,
            columns,
            truth: vec![(0.0, 20.0, 0), (20.0, 40.0, 1)],
            reported: vec![(2.0, 22.0, 0), (22.0, 40.0, 1)],
            ..Track::default()
        };
        let classes = ["off".to_string(), "on".to_string()];
        let plain = draw("t", "s", &classes, &track).unwrap();
        let scores = (0..80).map(|i| (f64::from(i) / 2.0, f64::from(i) / 20.0)).collect();
        let scored = draw("t", "s", &classes, &Track { scores, alarms: vec![(20.0, 40.0)], ..track }).unwrap();
        assert!(scored.height() > plain.height());
        let has = |picture: &Picture, (r, g, b): Rgb| {
            let all = (0..picture.height()).flat_map(|y| (0..picture.width()).map(move |x| (x, y)));
            all.filter_map(|(x, y)| picture.pixel(x, y)).any(|pixel| pixel == [r, g, b])
        };
        assert!(has(&plain, colour(0)) && has(&plain, colour(1)) && has(&plain, heat(0.0)));
    }

    #[test]
    fn no_sound_is_an_error() {
        assert!(draw("t", "s", &[], &Track::default()).is_err());
    }
}
