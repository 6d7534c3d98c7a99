//! The labels as `host-tools train --data` reads them: `manifest.csv` beside the clips, with a row for each labelled part.

use std::fmt::Write;

use super::entry::{Entry, Queued, Reason};
use super::label::Answer;
use crate::sinks::csv::quoted;
use crate::system::clock;

/// Name of the file.
pub(crate) const NAME: &str = "manifest.csv";

/// The group of clips whose day is not known.
const NO_DAY: &str = "unsynchronised";

/// The text: `file,label,group,from,to,condition`. Clips of one day are one group, so that no fold of a validation has clips
/// of one day on both sides. A label for the whole clip has no `from` and `to`.
pub(crate) fn text(clips: &[Queued]) -> String {
    let mut text = "file,label,group,from,to,condition\n".to_owned();
    for one in clips {
        let entry = &one.entry;
        let mut from_s = 0.0;
        for part in &entry.parts {
            if let Some((label, condition)) = part.answer.as_ref().and_then(|answer| row(entry, answer)) {
                let span = if entry.parts.len() == 1 { ",".into() } else { format!("{from_s:.3},{:.3}", part.to_s) };
                // Writing to a text cannot fail.
                let _ = writeln!(text, "{},{},{},{span},{condition}", quoted(&one.clip), quoted(label), group(entry));
            }
            from_s = part.to_s;
        }
    }
    text
}

/// Whether the text has a row of the clip.
#[cfg(feature = "page")]
pub(crate) fn names(one: &Queued) -> bool {
    one.entry.parts.iter().filter_map(|part| part.answer.as_ref()).any(|answer| row(&one.entry, answer).is_some())
}

/// The class and the condition that an answer stands for; `None` for what is of no use. Of normal sound the class is the
/// reported state, unless the device was unsure of it.
fn row<'a>(entry: &'a Entry, answer: &'a Answer) -> Option<(&'a str, &'static str)> {
    let reported = entry.facts.state.as_deref().filter(|_| entry.facts.reason != Reason::Unsure);
    match answer {
        Answer::Normal => Some((reported.unwrap_or_default(), "normal")),
        Answer::Fault => Some(("", "fault")),
        Answer::State(state) => Some((&state.name, if state.normal { "normal" } else { "" })),
        Answer::Skip => None,
    }
}

/// The day in UTC.
fn group(entry: &Entry) -> String {
    let stamp = clock::stamp(entry.facts.unix_ms / 1000);
    let day = stamp.split('T').next().filter(|_| entry.facts.synchronised);
    day.unwrap_or(NO_DAY).to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::entry::{Facts, tests::entry};
    use super::super::label::{Part, tests::state};
    use super::super::spectrum::Spectrum;
    use super::*;

    fn queued(clip: &str, parts: &[(f64, Option<Answer>)], facts: impl FnOnce(Facts) -> Facts) -> Queued {
        let entry = entry(Reason::Unsure, Spectrum::default());
        let parts = parts.iter().cloned().map(|(to_s, answer)| Part { to_s, answer }).collect();
        Queued { clip: clip.into(), bytes: 0, entry: Entry { facts: facts(entry.facts.clone()), parts, ..entry } }
    }

    #[test]
    fn each_labelled_part_is_a_row_with_its_span_and_its_day() {
        let normal = Some(Answer::Normal);
        let alarm = |facts| Facts { reason: Reason::Alarm, ..facts };
        let cut = [
            (1.5, Some(state("a \"b\", c", true))),
            (3.25, None),
            (4.5, Some(Answer::Skip)),
            (6.0, Some(Answer::Fault)),
        ];
        let clips = [
            queued("a.wav", &[(5.0, normal.clone())], alarm),
            queued("b.wav", &[(5.0, normal)], |facts| Facts { synchronised: false, ..facts }),
            queued("c.wav", &cut, |facts| facts),
            queued("d.wav", &[(5.0, Some(Answer::Skip))], |facts| facts),
            queued("e.wav", &[], |facts| facts),
            queued("f.wav", &[(5.0, Some(state("rubbing", false)))], alarm),
        ];
        let expected = "file,label,group,from,to,condition\n\
                        a.wav,on_state,20231114,,,normal\n\
                        b.wav,,unsynchronised,,,normal\n\
                        c.wav,\"a \"\"b\"\", c\",20231114,0.000,1.500,normal\n\
                        c.wav,,20231114,4.500,6.000,fault\n\
                        f.wav,rubbing,20231114,,,\n";
        assert_eq!(text(&clips), expected);
    }
}
