//! Text in headers of HTTP and mail, which are ASCII: encoded words (RFC 2047).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Longest text that stands as it is, so that lines of mail stay short.
const LONGEST_PLAIN: usize = 60;

/// Bytes of text in an encoded word: 60 characters of base64, and 72 with their frame. RFC 2047 allows 75.
const WORD: usize = 45;

/// The text as encoded words, with `between` where two meet; as it is where it is short and plain ASCII.
pub(super) fn encode(text: &str, between: &str) -> String {
    let is_plain = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if is_plain && text.len() <= LONGEST_PLAIN && !text.contains("=?") {
        return text.into();
    }
    let mut words = vec![String::new()];
    for c in text.chars() {
        match words.last_mut() {
            Some(word) if word.len() + c.len_utf8() <= WORD => word.push(c),
            _ => words.push(c.into()),
        }
    }
    words.iter().map(|word| format!("=?UTF-8?B?{}?=", STANDARD.encode(word))).collect::<Vec<_>>().join(between)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_stands_as_it_is_and_all_other_is_whole_characters_in_words_of_75() {
        assert_eq!(encode("pump-7: alarm", " "), "pump-7: alarm");
        assert_eq!(encode("Mühle", " "), "=?UTF-8?B?TcO8aGxl?=");
        assert!(encode("=?x?=", " ").starts_with("=?UTF-8?B?"));
        // No line ends in a header, whatever the text.
        assert!(encode("a\r\nBcc: b", " ").bytes().all(|byte| matches!(byte, b' '..=b'~')));
        let text = "Ж".repeat(100) + &"x".repeat(100);
        let encoded = encode(&text, " ");
        let decoded: String = encoded
            .split(' ')
            .map(|word| {
                assert!(word.len() <= 75, "{word}");
                let inner = word.strip_prefix("=?UTF-8?B?").and_then(|word| word.strip_suffix("?=")).unwrap();
                String::from_utf8(STANDARD.decode(inner).unwrap()).unwrap()
            })
            .collect();
        assert_eq!(decoded, text);
    }
}
