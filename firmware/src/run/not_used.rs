//! What was offered to this device and is not used, and why: told together with who speaks, on every output.
//!
//! Two things can be offered: an update of the card, which `firmware update` has decided on before this program began, and a
//! model and configuration to be read again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::report::Who;

/// Longest text that is told, in bytes: with the labels of any usual model it fits [`monitor_wire::USUAL_FRAME`].
const MOST: usize = 512;

/// See the module.
#[derive(Debug, Default)]
pub struct NotUsed(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// Of the card's update, one reason each.
    update: Vec<String>,
    /// Of the last time that model and configuration were read again.
    reload: Option<String>,
    /// Who was told to speak last.
    said: Option<Arc<Who>>,
}

impl NotUsed {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what the card's update did not use.
    pub fn of_update(&self, reasons: Vec<String>) {
        self.lock().update = reasons;
    }

    /// Who speaks, with this beside it; remembers it.
    pub fn beside(&self, who: Who) -> Arc<Who> {
        let mut inner = self.lock();
        let who = Arc::new(Who { not_used: inner.text(), ..who });
        inner.said = Some(Arc::clone(&who));
        who
    }

    /// Takes how reading again went: why nothing was changed, or `None`. Returns what is to be said anew.
    pub fn of_reload(&self, why: Option<String>) -> Option<Arc<Who>> {
        let mut inner = self.lock();
        inner.reload = why;
        let text = inner.text();
        let who = inner.said.as_ref().filter(|said| said.not_used != text)?;
        let who = Arc::new(Who { not_used: text, ..Who::clone(who) });
        inner.said = Some(Arc::clone(&who));
        Some(who)
    }
}

impl Inner {
    /// One line for each, cut where it is too long.
    fn text(&self) -> String {
        // A reason is one line, whatever is in it.
        let lines: Vec<String> =
            self.update.iter().chain(&self.reload).map(|why| why.replace(['\r', '\n'], " ")).collect();
        let text = lines.join("\n");
        if text.len() <= MOST {
            return text;
        }
        let end = (0..=MOST - 3).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        format!("{}...", &text[..end])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who() -> Who {
        Who {
            model: "m.tflite".into(),
            model_sha256: [0; 32],
            labels: String::new(),
            rate_hz: 48_000,
            hop_us: 480_000,
            not_used: String::new(),
        }
    }

    #[test]
    fn reasons_are_told_with_who_speaks_and_a_good_reload_ends_only_that_of_the_one_before() {
        let not_used = NotUsed::default();
        not_used.of_update(vec!["firmware: does not\nstart".into()]);
        assert_eq!(not_used.beside(who()).not_used, "firmware: does not start");
        let again = not_used.of_reload(Some("no such file".into())).unwrap();
        assert_eq!(again.not_used, "firmware: does not start\nno such file");
        assert_eq!(not_used.of_reload(Some("no such file".into())), None, "it was said");
        not_used.of_reload(None);
        assert_eq!(not_used.beside(who()).not_used, "firmware: does not start");
    }

    #[test]
    fn before_anybody_was_told_to_speak_there_is_nothing_to_say_anew() {
        assert_eq!(NotUsed::default().of_reload(Some("no such file".into())), None);
    }

    #[test]
    fn a_text_that_is_too_long_is_cut_between_two_characters() {
        let not_used = NotUsed::default();
        not_used.of_update(vec!["ä".repeat(400)]);
        let text = not_used.beside(who()).not_used.clone();
        assert_eq!(text, format!("{}...", "ä".repeat(254)));
    }
}
