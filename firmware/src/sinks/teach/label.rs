//! What people answered about a clip, or about its parts.

use serde::{Deserialize, Serialize};

/// Shortest part of a clip, in seconds: a window of the classifier.
pub(crate) const SHORTEST_S: f64 = monitor_core::window::SECONDS;

/// An answer. In JSON `"normal"`, `"fault"`, `"skip"` or `{"state": {"name": "on_state", "normal": true}}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Answer {
    /// Normal sound.
    Normal,
    /// A fault.
    Fault,
    /// Of no use.
    Skip,
    /// This state.
    State(NamedState),
}

/// A state of the model, or a new one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NamedState {
    /// Its name.
    pub(crate) name: String,
    /// Whether it is normal operation, and its sound is not to raise an alarm.
    #[serde(default)]
    pub(crate) normal: bool,
}

/// A part of a clip, from the end of the part before, or from the clip's begin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Part {
    /// Its end, in seconds from the begin of the clip.
    pub(crate) to_s: f64,
    /// The answer; `None` until there is one.
    #[serde(default)]
    pub(crate) answer: Option<Answer>,
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) fn state(name: &str, normal: bool) -> Answer {
        Answer::State(NamedState { name: name.into(), normal })
    }

    #[test]
    fn an_answer_is_a_word_or_a_state() {
        let parts: Vec<Part> = serde_json::from_str(
            r#"[{"to_s":1,"answer":"normal"},{"to_s":2,"answer":{"state":{"name":"on"}}},
                {"to_s":3,"answer":{"state":{"name":"on","normal":true}}},{"to_s":4,"answer":null},{"to_s":5}]"#,
        )
        .unwrap();
        let answers: Vec<_> = parts.into_iter().map(|part| part.answer).collect();
        assert_eq!(answers, [Some(Answer::Normal), Some(state("on", false)), Some(state("on", true)), None, None]);
        for bad in [r#""perhaps""#, r#"{"state":"on"}"#, r#"{"state":{"name":"on","is":1}}"#] {
            assert!(serde_json::from_str::<Answer>(bad).is_err(), "{bad}");
        }
    }
}
