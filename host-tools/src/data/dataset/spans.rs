//! Parts of a long recording with labels of their own: an Audacity label track `NAME.txt` or a table `NAME.csv` with the
//! columns `from,to,label` beside `NAME.wav`, or these columns in the manifest.
//!
//! Audacity's format: a line `start<TAB>end<TAB>label` per label, in seconds; after it a line that starts with a backslash
//! if the label has a frequency range (Audacity Manual, "Importing and Exporting Labels").

use std::ops::Range;
use std::path::Path;

use anyhow::{Context, bail, ensure};

use super::text;
use crate::console::{one_line, shown};

/// A part of a recording.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Part {
    /// Its begin and end, in seconds.
    pub seconds: Range<f64>,
    pub label: String,
}

/// The parts that a file beside the recording `path` names; `None` if there is no such file.
///
/// # Errors
/// If it is one, and names parts that contradict each other.
pub(super) fn beside(path: &Path, remarks: &mut Vec<String>) -> anyhow::Result<Option<Vec<Part>>> {
    for (extension, parse) in [("txt", label_track as Parse), ("csv", table)] {
        let beside = path.with_extension(extension);
        if !beside.is_file() {
            continue;
        }
        let (text, note) = text::read(&beside)?;
        let Some(parts) = parse(&text).with_context(|| format!("in {}", shown(&beside)))? else {
            remarks.push(format!("{} names no parts of the recording beside it and was ignored", shown(&beside)));
            continue;
        };
        remarks.extend(note.map(|note| format!("{}: {note}", shown(&beside))));
        let points = parts.iter().filter(|part| part.seconds.is_empty()).count();
        if points > 0 {
            remarks.push(format!("{}: {points} labels of a point in time were left out", shown(&beside)));
        }
        return in_order(parts).map(Some).with_context(|| format!("in {}", shown(&beside)));
    }
    Ok(None)
}

/// Number of the labelled parts in the bytes of a label track or of a table `from,to,label`; `None` if they are neither.
///
/// # Errors
/// If they are one, and the parts contradict each other.
pub fn labelled_parts(bytes: &[u8]) -> anyhow::Result<Option<usize>> {
    let (text, _) = text::decode(bytes);
    let parts = match label_track(&text)? {
        None => table(&text)?,
        track => track,
    };
    Ok(parts.map(in_order).transpose()?.map(|parts| parts.len()))
}

type Parse = fn(&str) -> anyhow::Result<Option<Vec<Part>>>;

/// Parses a label track; `None` if the first line is not of one.
fn label_track(text: &str) -> anyhow::Result<Option<Vec<Part>>> {
    let mut parts = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('\\') {
            continue;
        }
        let fields: Vec<&str> = line.splitn(3, '\t').collect();
        match (&fields[..], parts.is_empty()) {
            ([from, to, label], _) if second(from).is_some() && second(to).is_some() => {
                parts.push(part(from, to, label).with_context(|| format!("line {}", number + 1))?);
            }
            (_, true) => return Ok(None),
            (_, false) => bail!("line {} is not start, tab, end, tab, label: {line:?}", number + 1),
        }
    }
    Ok(Some(parts).filter(|parts| !parts.is_empty()))
}

/// Parses a table with the columns `from,to,label`; `None` if it has none of these.
fn table(text: &str) -> anyhow::Result<Option<Vec<Part>>> {
    let separator = text::separator(text.lines().next().unwrap_or_default());
    let mut rows =
        csv::ReaderBuilder::new().delimiter(separator).trim(csv::Trim::All).flexible(true).from_reader(text.as_bytes());
    let headers = rows.headers().context("the first line cannot be read")?.clone();
    let column = |name: &str| headers.iter().position(|header| header.eq_ignore_ascii_case(name));
    let (Some(from), Some(to), Some(label)) = (column("from"), column("to"), column("label")) else { return Ok(None) };
    let mut parts = Vec::new();
    for row in rows.records() {
        let row = row.context("a line cannot be read")?;
        let line = row.position().map_or(0, csv::Position::line);
        let field = |column: usize| row.get(column).unwrap_or_default();
        parts.push(part(field(from), field(to), field(label)).with_context(|| format!("line {line}"))?);
    }
    Ok(Some(parts))
}

/// A part from its fields.
///
/// # Errors
/// If a time is no number of seconds, the part ends before it begins, or it has no label.
pub(super) fn part(from: &str, to: &str, label: &str) -> anyhow::Result<Part> {
    let (Some(start), Some(end)) = (second(from), second(to)) else {
        bail!("from {from:?} to {to:?}: give seconds from the start of the recording, such as 12.5");
    };
    let label = label.trim();
    ensure!(end >= start, "from {start} to {end} s: it ends before it begins");
    ensure!(!label.is_empty(), "from {start} to {end} s: it has no label");
    ensure!(!label.chars().any(char::is_control), "its label {} has a control character", one_line(label));
    Ok(Part { seconds: start..end, label: label.to_owned() })
}

/// Seconds with a decimal point or, as in some languages, a comma.
fn second(text: &str) -> Option<f64> {
    let seconds: f64 = text.trim().replace(',', ".").parse().ok()?;
    (seconds >= 0.0 && seconds.is_finite()).then_some(seconds)
}

/// The parts in the order of time; parts of one label that overlap or touch become one, points are dropped.
///
/// # Errors
/// If two parts of different labels overlap.
pub(super) fn in_order(mut parts: Vec<Part>) -> anyhow::Result<Vec<Part>> {
    parts.retain(|part| !part.seconds.is_empty());
    parts.sort_by(|a, b| a.seconds.start.total_cmp(&b.seconds.start));
    let mut merged: Vec<Part> = Vec::new();
    for part in parts {
        match merged.last_mut() {
            Some(last) if last.label == part.label && part.seconds.start <= last.seconds.end => {
                last.seconds.end = last.seconds.end.max(part.seconds.end);
            }
            Some(Part { seconds, label }) if part.seconds.start < seconds.end => bail!(
                "{label} from {} to {} s and {} from {} to {} s overlap: a part of a recording has one label",
                seconds.start,
                seconds.end,
                part.label,
                part.seconds.start,
                part.seconds.end
            ),
            _ => merged.push(part),
        }
    }
    Ok(merged)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(parts: &[Part]) -> Vec<(f64, f64, &str)> {
        parts.iter().map(|part| (part.seconds.start, part.seconds.end, &part.label[..])).collect()
    }

    #[test]
    fn a_label_track_of_audacity_is_read_with_its_frequency_lines() {
        let text = "0.000000\t10.500000\toff\r\n\\\t-1.000000\t6334.588867\r\n10.5\t20\ton state\r\n";
        let parts = label_track(text).unwrap().unwrap();
        assert_eq!(names(&parts), [(0.0, 10.5, "off"), (10.5, 20.0, "on state")]);
        assert_eq!(label_track("notes about\tthe\tday\n").unwrap(), None);
        assert_eq!(label_track("").unwrap(), None);
        for bad in ["0\t1\ta\nx\n", "0\t1\t\n", "5\t1\ta\n"] {
            assert!(label_track(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_table_of_parts_may_have_other_columns_and_separators() {
        let parts = table("label;from;to;note\non;1,5;3;x\n").unwrap().unwrap();
        assert_eq!(names(&parts), [(1.5, 3.0, "on")]);
        assert_eq!(table("time,value\n0,1\n").unwrap(), None);
        assert!(table("from,to,label\n0,inf,a\n").is_err());
    }

    #[test]
    fn parts_of_one_label_are_joined_and_contradictions_are_refused() {
        let of = |from: f64, to: f64, label: &str| Part { seconds: from..to, label: label.into() };
        let parts = in_order(vec![of(5.0, 9.0, "b"), of(2.0, 4.0, "a"), of(0.0, 3.0, "a"), of(1.0, 1.0, "c")]).unwrap();
        assert_eq!(names(&parts), [(0.0, 4.0, "a"), (5.0, 9.0, "b")]);
        let error = in_order(vec![of(0.0, 5.0, "a"), of(4.0, 9.0, "b")]).unwrap_err().to_string();
        assert!(error.contains("a from 0 to 5 s and b from 4 to 9 s overlap"), "{error}");
    }
}
