//! What is known to happen in a long recording: `<name>.timeline.csv` beside `<name>.wav`, `start_s,end_s,label`.
//!
//! Such a recording belongs to no class: it serves to see a model follow a machine that changes state.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

/// The extension that takes the place of `.wav`.
const EXTENSION: &str = "timeline.csv";

/// A stretch of one label.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Span {
    /// First second.
    pub start_s: f64,
    /// Second after the last.
    pub end_s: f64,
    /// What happens.
    pub label: String,
}

/// Spans in the order of time; they do not overlap, but may leave gaps.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Timeline {
    /// The stretches.
    pub spans: Vec<Span>,
}

impl Timeline {
    /// Reads a timeline.
    ///
    /// # Errors
    /// If the file cannot be read, or its spans are not numbers, empty, or not in the order of time.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("in {}", path.display()))
    }

    /// Reads the text of a timeline file.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let mut rows = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
        let mut spans: Vec<Span> = Vec::new();
        for (number, span) in rows.deserialize().enumerate() {
            let line = number + 2;
            let span: Span = span.with_context(|| format!("line {line} is not start_s,end_s,label"))?;
            let earliest = spans.last().map_or(0.0, |last| last.end_s);
            if !(span.start_s >= earliest && span.end_s > span.start_s && span.end_s.is_finite()) {
                bail!(
                    "line {line} goes from {} to {} s; it must start at {earliest} s or later and end after its start",
                    span.start_s,
                    span.end_s
                );
            }
            spans.push(span);
        }
        Ok(Self { spans })
    }

    /// The text of the file.
    pub fn to_csv(&self) -> String {
        let mut rows = csv::Writer::from_writer(Vec::new());
        let header = [["start_s", "end_s", "label"].map(String::from)].into_iter();
        let spans =
            self.spans.iter().map(|span| [span.start_s.to_string(), span.end_s.to_string(), span.label.clone()]);
        // Memory takes whatever is written.
        header.chain(spans).for_each(|row| drop(rows.write_record(row)));
        String::from_utf8(rows.into_inner().unwrap_or_default()).unwrap_or_default()
    }

    /// The label at one moment.
    pub fn label_at(&self, second: f64) -> Option<&str> {
        self.spans.iter().find(|span| (span.start_s..span.end_s).contains(&second)).map(|span| &span.label[..])
    }

    /// The label of a window, if one label covers all of it.
    pub fn label_over(&self, start_s: f64, end_s: f64) -> Option<&str> {
        let label = self.label_at(start_s)?;
        let mut reached = start_s;
        for span in &self.spans {
            if span.start_s <= reached && reached < span.end_s && span.label == label {
                reached = span.end_s;
            }
        }
        (reached >= end_s).then_some(label)
    }
}

/// Where the timeline of a recording is, if it has one.
pub fn beside(wav: &Path) -> PathBuf {
    wav.with_extension(EXTENSION)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_across_a_change_has_no_label() {
        let timeline = Timeline::parse("start_s,end_s,label\n0,10,off\n10,20,on\n20,25,on\n").unwrap();
        assert_eq!(timeline.label_over(9.0, 10.0), Some("off"));
        assert_eq!(timeline.label_over(9.5, 10.5), None);
        assert_eq!(timeline.label_over(19.5, 20.5), Some("on"));
        assert_eq!(timeline.label_over(24.5, 25.5), None);
        assert_eq!(timeline.label_at(25.0), None);
    }

    #[test]
    fn what_is_written_is_read_back() {
        let timeline = Timeline::parse("start_s,end_s,label\n0,10.5,off\n10.5,20,\"on, \"\"loud\"\"\"\n").unwrap();
        assert_eq!(timeline.spans[1].label, "on, \"loud\"");
        assert_eq!(Timeline::parse(&timeline.to_csv()).unwrap(), timeline);
    }

    #[test]
    fn spans_out_of_order_are_refused_with_their_line() {
        for text in ["0,10,a\n5,20,b\n", "10,10,a\n", "NaN,10,a\n", "0,inf,a\n", "-1,2,a\n", "0,x,a\n", "0,1\n"] {
            let error = Timeline::parse(&format!("start_s,end_s,label\n{text}")).unwrap_err();
            assert!(format!("{error:#}").contains("line "), "{error:#}");
        }
    }
}
