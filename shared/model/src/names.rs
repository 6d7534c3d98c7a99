//! Names of files in text for people: a name may hold a newline or an escape sequence, and must not forge a line.

use std::path::Path;

/// A path as one line: control characters are escaped as in `\n` and `\u{1b}`, others stay.
#[must_use]
pub fn shown(path: &Path) -> String {
    one_line(&path.to_string_lossy())
}

/// A text as one line, as [`shown`].
#[must_use]
pub fn one_line(text: &str) -> String {
    if !text.contains(needs_escape) {
        return text.to_owned();
    }
    let escaped = |c: char| if needs_escape(c) { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(escaped).collect()
}

/// Control characters, and the two separators that some readers take for ends of lines.
fn needs_escape(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_and_other_letters_stay() {
        assert_eq!(shown(Path::new("a/größer 運転.wav")), "a/größer 運転.wav");
        assert_eq!(one_line("x\nb.wav | PASS\r\u{1b}[2J\u{2028}"), "x\\nb.wav | PASS\\r\\u{1b}[2J\\u{2028}");
    }
}
