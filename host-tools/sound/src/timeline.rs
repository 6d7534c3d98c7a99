//! The true states of a long recording: `<name>.timeline.csv` beside `<name>.wav`, with the columns `start_s,end_s,label`.
//!
//! Such a recording belongs to no class. `evaluate` uses it to measure how a model follows a machine that changes state.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

/// Extension that replaces `.wav`.
const EXTENSION: &str = "timeline.csv";

/// A part of the recording with one label.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Span {
    /// First second.
    pub start_s: f64,
    /// Second at which it ends.
    pub end_s: f64,
    /// Its label.
    pub label: String,
}

/// Spans in chronological order. They do not overlap, but may leave gaps.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Timeline {
    /// The spans.
    pub spans: Vec<Span>,
}

impl Timeline {
    /// Reads a timeline.
    ///
    /// # Errors
    /// If the file cannot be read, or its spans are not numbers, empty, or out of chronological order.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("in {}", path.display()))
    }

    /// Parses the text of a timeline file.
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
        // Writing to memory cannot fail.
        header.chain(spans).for_each(|row| drop(rows.write_record(row)));
        String::from_utf8(rows.into_inner().unwrap_or_default()).unwrap_or_default()
    }

    /// The label at `second`; `None` in a gap and outside the timeline.
    pub fn label_at(&self, second: f64) -> Option<&str> {
        self.spans.iter().find(|span| (span.start_s..span.end_s).contains(&second)).map(|span| &span.label[..])
    }
}

/// The path of a recording's timeline file, whether or not the file exists.
pub fn beside(wav: &Path) -> PathBuf {
    wav.with_extension(EXTENSION)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_has_the_label_of_the_span_around_it() {
        let timeline = Timeline::parse("start_s,end_s,label\n0,10,off\n10,20,on\n21,25,on\n").unwrap();
        let labels = [0.0, 9.9, 10.0, 20.5, 24.9, 25.0].map(|second| timeline.label_at(second));
        assert_eq!(labels, [Some("off"), Some("off"), Some("on"), None, Some("on"), None]);
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
