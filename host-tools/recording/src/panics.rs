//! Ends the program with the file's name and the remedy when a decoder panics on damaged sound.
//!
//! The codecs are foreign code, and released programs end at a panic. Sizes are checked before they see a file and they are
//! fuzzed; this is for what remains. A panic cannot be caught in a program that aborts, but its hook runs before.

use std::cell::RefCell;
use std::path::Path;

thread_local! {
    /// The recording that this thread has opened last.
    static OPENED: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Notes the file that this thread decodes from now on.
pub(crate) fn note(path: &Path) {
    OPENED.with_borrow_mut(|opened| {
        opened.clear();
        opened.push_str(&path.to_string_lossy());
    });
}

/// Reports a panic within the decoders as an error of the file, with exit code 1. Any other panic is reported as before.
pub fn report_by_file() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map(|location| location.file().to_owned()).unwrap_or_default();
        match OPENED.try_with(|opened| opened.try_borrow().map(|opened| message(&opened, &place))) {
            Ok(Ok(Some(message))) => {
                eprintln!("error: {message}");
                std::process::exit(1);
            }
            _ => before(panic),
        }
    }));
}

/// The error of a panic at `place`, a path of source code, while the recording `opened` was the last; `None` if it is not one
/// of a decoder.
fn message(opened: &str, place: &str) -> Option<String> {
    (place.contains("symphonia") && !opened.is_empty()).then(|| {
        format!(
            "{}: the decoder fails on this file, which is damaged ({}); copy or record it again, or move it out of the recordings",
            opened.escape_debug(),
            place.rsplit_once("symphonia").map_or(place, |(_, rest)| rest)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_a_decoder_names_the_file_and_any_other_does_not() {
        let place = "/registry/symphonia-codec-aac-0.6.1/src/aac/ics.rs";
        let text = message("on/a.m4a", place).unwrap();
        assert!(text.starts_with("on/a.m4a: the decoder fails") && text.contains("copy or record it again"), "{text}");
        assert_eq!((message("on/a.m4a", "src/main.rs"), message("", place)), (None, None));
    }
}
