//! One recording over time: its log-mel spectrum, the true and the reported state, the anomaly score.

use monitor_core::log_mel::BANDS;
use monitor_model::palette::{ALARM, Pattern};

use super::axes::{Axis, Frame};
use super::canvas::{Align, Canvas, Pen};
use super::legend::{Key, header, header_height};
use super::theme::{CURVE, GRID, INK, MARGIN, TEXT, colour, pattern, tint};
use super::ticks::ticks;
use super::{Picture, spectrogram};

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
/// Share of the colour behind the score during an alarm.
const ALARM_TINT: f64 = 0.3;

/// Draws `track`; `classes` are the names of its classes.
///
/// # Errors
/// When there is no sound.
pub(crate) fn draw(title: &str, subtitle: &str, classes: &[String], track: &Track) -> anyhow::Result<Picture> {
    anyhow::ensure!(!track.columns.is_empty() && track.seconds > 0.0, "there is no sound that could be drawn");
    let legend = legend(classes, track);
    let top = header_height(WIDTH, title, subtitle, &legend)?;
    let scores = if track.scores.is_empty() { 0.0 } else { SCORE + GAP };
    let x = Axis { low: 0.0, high: track.seconds, ticks: ticks(0.0, track.seconds, 10), label: "seconds".to_string() };
    let bottom = top + SPECTRUM + 2.0 * (GAP + STRIP) + scores;
    let mut canvas = Canvas::new(WIDTH, bottom + Frame::bottom_room(&x) + MARGIN)?;
    header(&mut canvas, WIDTH, title, subtitle, &legend);
    let names = ["true", "reported"].map(|name| canvas.font().width(name, TEXT) + 14.0);
    let room = names.into_iter().fold(Frame::left_room(&canvas, &spectrogram::axis()), f64::max);
    let (left, width) = (MARGIN + room, WIDTH - 2.0 * MARGIN - room - spectrogram::SCALE);

    spectrogram::draw(&mut canvas, &track.columns, (left, top), (width, SPECTRUM));
    let mut y = top + SPECTRUM + GAP;
    for (name, spans) in [("true", &track.truth), ("reported", &track.reported)] {
        strip(&mut canvas, (left, y), width, track.seconds, spans);
        canvas.text(name, (left - 12.0, y + STRIP / 2.0), Align::End, TEXT, INK);
        y += STRIP + GAP;
    }
    if track.scores.is_empty() {
        // Only the axis below the strips: a frame without height.
        Frame { left, top: y - GAP, width, height: 1.0, x, y: Axis { high: 1.0, ..Axis::default() } }.draw(&mut canvas);
        return Ok(canvas.finish());
    }
    score(&mut canvas, track, (left, y), width, x);
    Ok(canvas.finish())
}

/// The states that occur, time without a state, and the alarm.
fn legend(classes: &[String], track: &Track) -> Vec<(Key, String)> {
    let seen = |class: &usize| track.truth.iter().chain(&track.reported).any(|(.., of)| of == class);
    let mut legend: Vec<(Key, String)> = (0..classes.len())
        .filter(seen)
        .map(|class| (Key::Area(colour(class), pattern(class)), classes[class].clone()))
        .collect();
    let covered = |spans: &[(f64, f64, usize)]| spans.iter().map(|(from, to, _)| to - from).sum::<f64>();
    if [&track.truth, &track.reported].iter().any(|spans| covered(spans) < track.seconds - 0.05) {
        legend.push((Key::Area(GRID, Pattern::Plain), "no label, or unknown".to_string()));
    }
    if !track.scores.is_empty() {
        legend.push((Key::Line(alarm_level()), "alarm level".to_string()));
        legend.push((Key::Area(tint(ALARM, ALARM_TINT), Pattern::Plain), "alarm by the anomaly score".to_string()));
    }
    legend
}

/// Draws the states of `spans` along `width` pixels of `seconds`.
fn strip(canvas: &mut Canvas, (left, top): (f64, f64), width: f64, seconds: f64, spans: &[(f64, f64, usize)]) {
    let at = |second: f64| left + (second / seconds).clamp(0.0, 1.0) * width;
    canvas.rectangle((left, top), (width, STRIP), GRID);
    for (from, to, class) in spans {
        let length = (at(*to) - at(*from)).max(1.0);
        canvas.patterned((at(*from), top), (length, STRIP), colour(*class), pattern(*class));
    }
    canvas.outline((left, top), (width, STRIP));
}

/// The line at the alarm level.
fn alarm_level() -> Pen {
    Pen::solid(ALARM, 1.6).dashed(5.0, 4.0)
}

/// Draws the anomaly score on a logarithmic axis, with the alarms behind it.
fn score(canvas: &mut Canvas, track: &Track, (left, top): (f64, f64), width: f64, x: Axis) {
    let at = |second: f64| left + (second / track.seconds).clamp(0.0, 1.0) * width;
    let marks = [(-2.0, "0.01"), (-1.0, "0.1"), (0.0, "1"), (1.0, "10"), (2.0, "100")];
    let ticks = marks.map(|(at, name)| (at, name.to_string())).to_vec();
    let y = Axis { low: -2.0, high: 2.0, ticks, label: "anomaly score".to_string() };
    for (from, to) in &track.alarms {
        canvas.rectangle((at(*from), top), ((at(*to) - at(*from)).max(1.0), SCORE), tint(ALARM, ALARM_TINT));
    }
    let frame = Frame { left, top, width, height: SCORE, x, y };
    frame.draw(canvas);
    frame.curve(canvas, &[(0.0, 0.0), (track.seconds, 0.0)], alarm_level());
    let curve: Vec<_> =
        track.scores.iter().map(|(second, score)| (*second, score.max(1e-3).log10().clamp(-2.0, 2.0))).collect();
    frame.curve(canvas, &curve, Pen::solid(INK, if curve.len() > 1000 { 1.0 } else { CURVE }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plots::theme::Rgb;

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
        assert!(has(&plain, colour(0)) && has(&plain, colour(1)) && has(&plain, spectrogram::heat(0.0)));
    }

    #[test]
    fn no_sound_is_an_error() {
        assert!(draw("t", "s", &[], &Track::default()).is_err());
    }
}
