//! `history.png`: what a device reported over hours to a year, and the hours of each state.

use monitor_model::palette::{ALARM, Pattern, UNKNOWN, WARNING};

use super::Picture;
use super::axes::{Axis, Frame};
use super::canvas::{Align, Canvas};
use super::legend::{Key, header, header_height};
use super::theme::{GRID, INK, MARGIN, Mark, PAPER, Rgb, SOFT_INK, TEXT, colour, pattern};
use super::time_ticks::time_ticks;

/// A part of the time, in seconds since 1970, and the state in it; `None` is unknown.
pub(crate) type Part = (f64, f64, Option<usize>);

/// A row of alarms or warnings.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lane {
    /// Its name, as `alarm: anomaly`.
    pub name: String,
    /// Whether it is of warnings.
    pub is_warning: bool,
    /// From when to when each was raised.
    pub raised: Vec<(f64, f64)>,
}

/// Data of the picture.
#[derive(Debug, Clone, Default)]
pub(crate) struct Log {
    /// First and last moment.
    pub range: (f64, f64),
    /// Names of the states.
    pub states: Vec<String>,
    /// What was reported.
    pub band: Vec<Part>,
    /// Time in which the device did not run.
    pub gaps: Vec<(f64, f64)>,
    /// Alarms and warnings, by cause.
    pub lanes: Vec<Lane>,
    /// When alarms were acknowledged.
    pub acknowledged: Vec<f64>,
    /// What moved in the sound at the last alarms and warnings, one line each.
    pub explanations: Vec<String>,
    /// Hours and share of each state; the last entry is unknown.
    pub hours: Vec<(f64, f64)>,
}

const WIDTH: f64 = 1400.0;
const BAND: f64 = 64.0;
const LANE: f64 = 24.0;
const BAR: f64 = 30.0;
const GAP: f64 = 10.0;
/// Height of a line of text, pixels.
const ROW: f64 = 22.0;
/// Width below which a part has no pattern, pixels.
const NARROW: f64 = 5.0;
/// Width of the longest name, pixels; longer names are cut.
const NAME: f64 = 220.0;
/// Width of the hours and shares beside the bars, pixels.
const HOURS: f64 = 200.0;

/// Draws `log`: states, alarms and warnings along the time in UTC, below it a bar for the hours of each state.
///
/// # Errors
/// When the log covers no time.
pub(crate) fn draw(title: &str, subtitle: &str, log: &Log) -> anyhow::Result<Picture> {
    let (low, high) = log.range;
    anyhow::ensure!(high > low && (high - low).is_finite(), "all events are of one moment: there is no time to draw");
    let legend = legend(log);
    let top = header_height(WIDTH, title, subtitle, &legend)?;
    let x = Axis { low, high, ticks: time_ticks(low, high, 9), label: "time (UTC)".to_string() };
    let lanes = log.lanes.len() as f64 * (LANE + GAP);
    let bars = top + BAND + GAP + lanes + Frame::bottom_room(&x) + 2.0 * TEXT;
    let list = bars + log.hours.len() as f64 * BAR;
    let lines = if log.explanations.is_empty() { 0.0 } else { (log.explanations.len() + 2) as f64 * ROW };
    let mut canvas = Canvas::new(WIDTH, list + lines + MARGIN)?;
    header(&mut canvas, WIDTH, title, subtitle, &legend);
    let names = log.states.iter().chain(log.lanes.iter().map(|lane| &lane.name));
    let widest = names.map(|name| canvas.font().width(name, TEXT)).fold(90.0, f64::max).min(NAME);
    let (left, width) = (MARGIN + widest + 14.0, WIDTH - 2.0 * MARGIN - widest - 14.0);
    let along = Along { left, width, low, high };

    let mut y = top;
    name(&mut canvas, "state", left, y + BAND / 2.0);
    canvas.rectangle((left, y), (width, BAND), GRID);
    for (from, to, state) in &log.band {
        let (fill, lines) = look(*state);
        along.part(&mut canvas, (*from, *to), (y, BAND), fill, lines);
    }
    for gap in &log.gaps {
        along.part(&mut canvas, *gap, (y, BAND), GRID, Pattern::Plain);
    }
    canvas.outline((left, y), (width, BAND));
    y += BAND + GAP;
    for lane in &log.lanes {
        name(&mut canvas, &lane.name, left, y + LANE / 2.0);
        let (fill, lines) = lane_look(lane.is_warning);
        for raised in &lane.raised {
            along.part(&mut canvas, *raised, (y, LANE), fill, lines);
        }
        canvas.outline((left, y), (width, LANE));
        if !lane.is_warning {
            for at in &log.acknowledged {
                canvas.mark(Mark::Diamond, (along.at(*at), y + LANE / 2.0), 5.5, PAPER, 1.0);
                canvas.mark(Mark::Diamond, (along.at(*at), y + LANE / 2.0), 4.0, INK, 1.0);
            }
        }
        y += LANE + GAP;
    }
    // Only the axis: a frame without height.
    Frame { left, top: y - GAP, width, height: 1.0, x, y: Axis { high: 1.0, ..Axis::default() } }.draw(&mut canvas);
    canvas.text("Hours per state", (MARGIN, bars - TEXT), Align::Start, TEXT, INK);
    hours(&mut canvas, log, (left, bars), width);
    explanations(&mut canvas, &log.explanations, list + ROW);
    Ok(canvas.finish())
}

/// Lists what moved in the sound, if anything is known of it.
fn explanations(canvas: &mut Canvas, lines: &[String], top: f64) {
    if lines.is_empty() {
        return;
    }
    canvas.text("What moved in the sound, newest first", (MARGIN, top + ROW / 2.0), Align::Start, TEXT, INK);
    for (line, place) in lines.iter().zip(1_u8..) {
        canvas.text(line, (MARGIN, top + (f64::from(place) + 0.5) * ROW), Align::Start, TEXT, SOFT_INK);
    }
}

/// Where a moment lies.
struct Along {
    left: f64,
    width: f64,
    low: f64,
    high: f64,
}

impl Along {
    fn at(&self, second: f64) -> f64 {
        self.left + ((second - self.low) / (self.high - self.low)).clamp(0.0, 1.0) * self.width
    }

    /// Fills a part of the time, at least a pixel wide, so that a short alarm in a year is visible.
    fn part(
        &self,
        canvas: &mut Canvas,
        (from, to): (f64, f64),
        (top, height): (f64, f64),
        colour: Rgb,
        pattern: Pattern,
    ) {
        let (from, to) = (self.at(from), self.at(to));
        // In a narrow part the lines of a pattern would leave little of the colour.
        let pattern = if to - from < NARROW { Pattern::Plain } else { pattern };
        canvas.patterned((from, top), ((to - from).max(1.0), height), colour, pattern);
    }
}

fn look(state: Option<usize>) -> (Rgb, Pattern) {
    state.map_or((UNKNOWN, Pattern::Plain), |state| (colour(state), pattern(state)))
}

fn lane_look(is_warning: bool) -> (Rgb, Pattern) {
    if is_warning { (WARNING, Pattern::Rising) } else { (ALARM, Pattern::Plain) }
}

fn legend(log: &Log) -> Vec<(Key, String)> {
    let area = |(colour, pattern): (Rgb, Pattern), name: &str| (Key::Area(colour, pattern), name.to_string());
    let states = log.states.iter().enumerate();
    let mut legend: Vec<_> = states.map(|(state, name)| area(look(Some(state)), name)).collect();
    if log.band.iter().any(|(.., state)| state.is_none()) {
        legend.push(area(look(None), "unknown"));
    }
    if !log.gaps.is_empty() {
        legend.push(area((GRID, Pattern::Plain), "gap: not running"));
    }
    for (is_warning, name) in [(false, "alarm"), (true, "warning")] {
        if log.lanes.iter().any(|lane| lane.is_warning == is_warning) {
            legend.push(area(lane_look(is_warning), name));
        }
    }
    if !log.acknowledged.is_empty() && log.lanes.iter().any(|lane| !lane.is_warning) {
        legend.push((Key::Mark(Mark::Diamond, INK), "acknowledged".to_string()));
    }
    legend
}

/// A bar for each state with its hours and share.
fn hours(canvas: &mut Canvas, log: &Log, (left, top): (f64, f64), width: f64) {
    let most = log.hours.iter().map(|(hours, _)| *hours).fold(0.0, f64::max).max(1e-9);
    for (place, (hours, share)) in log.hours.iter().enumerate() {
        let y = top + place as f64 * BAR;
        let state = log.states.get(place);
        name(canvas, state.map_or("unknown", String::as_str), left, y + BAR / 2.0);
        let (fill, lines) = look(state.map(|_| place));
        let length = hours / most * (width - HOURS);
        canvas.patterned((left, y + 4.0), (length, BAR - 8.0), fill, lines);
        let text = format!("{hours:.2} h, {:.1} %", 100.0 * share);
        canvas.text(&text, (left + length + 10.0, y + BAR / 2.0), Align::Start, TEXT, SOFT_INK);
    }
}

fn name(canvas: &mut Canvas, name: &str, left: f64, y: f64) {
    let name = canvas.font().fit(name, TEXT, NAME);
    canvas.text(&name, (left - 12.0, y), Align::End, TEXT, INK);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log() -> Log {
        Log {
            range: (1.7e9, 1.7e9 + 86_400.0),
            states: vec!["off".into(), "on".into()],
            band: vec![(1.7e9, 1.7e9 + 4e4, Some(1)), (1.7e9 + 4e4, 1.7e9 + 5e4, None)],
            gaps: vec![(1.7e9 + 5e4, 1.7e9 + 6e4)],
            hours: vec![(0.0, 0.0), (11.0, 0.8), (2.75, 0.2)],
            ..Log::default()
        }
    }

    fn colours(picture: &Picture) -> std::collections::HashSet<[u8; 3]> {
        let all = (0..picture.height()).flat_map(|y| (0..picture.width()).map(move |x| (x, y)));
        all.filter_map(|(x, y)| picture.pixel(x, y)).collect()
    }

    #[test]
    fn states_gaps_alarms_and_warnings_have_their_colours() {
        let plain = draw("t", "s", &log()).unwrap();
        let at = 1.7e9 + 100.0;
        // One second of a day is still a pixel.
        let lane = |is_warning| Lane { name: "anomaly".into(), is_warning, raised: vec![(at, at + 1.0)] };
        let lanes = vec![lane(false), lane(true)];
        let full = draw("t", "s", &Log { lanes, acknowledged: vec![at], ..log() }).unwrap();
        assert!(full.height() > plain.height());
        let has = |picture: &Picture, (r, g, b): Rgb| colours(picture).contains(&[r, g, b]);
        assert!(has(&plain, colour(1)) && has(&plain, UNKNOWN) && has(&plain, GRID) && !has(&plain, ALARM));
        assert!(has(&full, ALARM) && has(&full, WARNING));
    }

    #[test]
    fn what_moved_is_listed_below_the_hours() {
        let plain = draw("t", "s", &log()).unwrap();
        let explanations = vec!["2026-11-25 14:10:00 alarm: 56-71 Hz +11.2 dB".to_string()];
        let listed = draw("t", "s", &Log { explanations, ..log() }).unwrap();
        assert_eq!(listed.height() - plain.height(), 3 * ROW as u32);
        let has_ink = |y| (0..listed.width()).any(|x| listed.pixel(x, y) != Some([PAPER.0, PAPER.1, PAPER.2]));
        let bottom = plain.height() - MARGIN as u32;
        assert!((bottom + 2 * ROW as u32..listed.height() - MARGIN as u32).any(has_ink));
    }

    #[test]
    fn a_log_of_one_moment_is_an_error() {
        assert!(draw("t", "s", &Log { range: (5.0, 5.0), ..log() }).is_err());
    }
}
