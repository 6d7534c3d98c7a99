//! Whether labels can be used.

use super::label::{Answer, Part, SHORTEST_S};

/// Longest name of a state, in characters.
const LONGEST_NAME: usize = 40;

/// Most parts of a clip.
const MOST_PARTS: usize = 8;

/// Names that stand for something else.
const RESERVED: [&str; 3] = ["unknown", "normal", "fault"];

/// Why labels are refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(crate) enum LabelError {
    /// A name that cannot be a class.
    #[error("{0:?} cannot be the name of a state: give 1 to 40 letters, digits, - and _, not unknown, normal or fault")]
    Name(String),
    /// A name that people would take for another one.
    #[error("{given:?} differs from the state {known:?} in upper and lower case only: take that one, or another name")]
    Alike {
        /// What was given.
        given: String,
        /// The state of the model.
        known: String,
    },
    /// The ends are not in order, too near to each other, or not those of the clip.
    #[error(
        "the parts of a clip of {0:.3} s follow each other, each at least 0.975 s long, and the last ends with the clip"
    )]
    Parts(f64),
    /// More parts than a clip may have.
    #[error("a clip has at most 8 parts")]
    TooMany,
}

/// Checks the parts of a clip of `seconds`; none takes all labels back. `known` are the states of the model, which need not
/// look like names: they are what the model's file states.
///
/// # Errors
/// The first thing that is wrong.
pub(crate) fn check<'a>(
    parts: &[Part],
    seconds: f64,
    known: impl Iterator<Item = &'a str> + Clone,
) -> Result<(), LabelError> {
    if parts.len() > MOST_PARTS {
        return Err(LabelError::TooMany);
    }
    let mut from_s = 0.0;
    for (place, part) in parts.iter().enumerate() {
        let is_last = place + 1 == parts.len();
        // The length is rounded to milliseconds for the page, and a clip may be shorter than a window and a bit.
        let is_long = part.to_s - from_s >= SHORTEST_S || parts.len() == 1;
        let ends = if is_last { (part.to_s - seconds).abs() < 0.002 } else { part.to_s < seconds };
        if !(is_long && ends) {
            return Err(LabelError::Parts(seconds));
        }
        from_s = part.to_s;
        if let Some(Answer::State(state)) = &part.answer {
            check_name(&state.name, known.clone())?;
        }
    }
    Ok(())
}

/// Checks the name of a state.
fn check_name<'a>(name: &str, mut known: impl Iterator<Item = &'a str> + Clone) -> Result<(), LabelError> {
    if known.clone().any(|label| label == name) {
        return Ok(());
    }
    if let Some(label) = known.find(|label| label.to_lowercase() == name.to_lowercase()) {
        return Err(LabelError::Alike { given: name.into(), known: label.into() });
    }
    let is_plain = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    let is_long = (1..=LONGEST_NAME).contains(&name.chars().count());
    if is_long && name.chars().all(is_plain) && !RESERVED.contains(&name.to_lowercase().as_str()) {
        return Ok(());
    }
    Err(LabelError::Name(name.into()))
}

#[cfg(test)]
mod tests {
    use super::super::label::tests::state;
    use super::*;

    #[test]
    fn parts_follow_each_other_to_the_end_and_are_as_long_as_a_window() {
        let parts = |ends: &[f64]| ends.iter().map(|&to_s| Part { to_s, answer: None }).collect::<Vec<_>>();
        let check = |ends: &[f64]| check(&parts(ends), 5.0, std::iter::empty());
        for good in [&[][..], &[5.0], &[1.0, 5.0], &[0.975, 4.025, 5.001]] {
            assert_eq!(check(good), Ok(()), "{good:?}");
        }
        for bad in [&[4.0][..], &[6.0], &[0.9, 5.0], &[4.5, 5.0], &[3.0, 2.0, 5.0], &[f64::NAN], &[f64::NAN, 5.0]] {
            assert_eq!(check(bad), Err(LabelError::Parts(5.0)), "{bad:?}");
        }
        assert_eq!(check(&[1.0; 9]), Err(LabelError::TooMany));
        // A clip that a gap has cut to just a window.
        assert_eq!(super::check(&parts(&[0.975]), 0.975, std::iter::empty()), Ok(()));
    }

    #[test]
    fn a_new_state_has_a_plain_name_that_is_not_taken() {
        let check = |name: &str| {
            super::check(
                &[Part { to_s: 5.0, answer: Some(state(name, true)) }],
                5.0,
                ["on_state", "with a space"].into_iter(),
            )
        };
        for good in ["on_state", "with a space", "Lüfter-2", "x", &"x".repeat(40)] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in ["", " ", "a b", "a,b", "a/b", "..", "=1+1", "Unknown", "normal", "FAULT", "a\n", &"x".repeat(41)] {
            assert_eq!(check(bad), Err(LabelError::Name(bad.into())), "{bad}");
        }
        let alike = LabelError::Alike { given: "On_State".into(), known: "on_state".into() };
        assert_eq!(check("On_State"), Err(alike));
    }
}
