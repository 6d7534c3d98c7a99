//! Parts of the HTML page. Every text from outside passes [`escape`].

use std::fmt::Display;

/// Escapes text for an HTML element or attribute.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            letter => out.push(letter),
        }
    }
    out
}

/// A paragraph with a CSS class (may be empty).
pub(super) fn paragraph(class: &str, text: &str) -> String {
    let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
    format!("<p{class}>{}</p>\n", escape(text))
}

/// A table: headings, then rows. The first column has names, the others numbers.
pub(super) fn table(headings: &[&str], rows: &[Vec<String>]) -> String {
    table_of_class("", headings, rows)
}

/// As [`table`], with sentences in all columns but the first.
pub(super) fn table_of_sentences(headings: &[&str], rows: &[Vec<String>]) -> String {
    table_of_class(" class=\"sentences\"", headings, rows)
}

fn table_of_class(class: &str, headings: &[&str], rows: &[Vec<String>]) -> String {
    let row = |cells: &mut dyn Iterator<Item = &str>, tag: &str| {
        let cells: String = cells.map(|cell| format!("<{tag}>{}</{tag}>", escape(cell))).collect();
        format!("<tr>{cells}</tr>\n")
    };
    let mut text = format!("<div class=\"wide\"><table{class}>\n<thead>{}</thead>\n<tbody>\n", {
        row(&mut headings.iter().copied(), "th")
    });
    rows.iter().for_each(|cells| text.push_str(&row(&mut cells.iter().map(String::as_str), "td")));
    text + "</tbody></table></div>\n"
}

/// Names with their values.
pub(super) fn definitions(entries: &[(&str, String)]) -> String {
    let entries: String =
        entries.iter().map(|(name, value)| format!("<dt>{}</dt><dd>{}</dd>\n", escape(name), escape(value))).collect();
    format!("<dl>\n{entries}</dl>\n")
}

/// A large figure with its caption.
pub(super) fn tile(figure: impl Display, what: &str) -> String {
    format!("<div class=\"tile\"><b>{}</b>{}</div>\n", escape(&figure.to_string()), escape(what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_set_as_text_and_not_as_numbers() {
        let rows = [vec!["a.wav".to_string(), "it is empty".to_string()]];
        assert!(table_of_sentences(&["file", "why"], &rows).contains("<table class=\"sentences\">"));
        assert!(table(&["class", "files"], &rows).contains("<table>"));
        assert!(include_str!("style.css").contains(".sentences td + td { white-space: normal;"));
    }

    #[test]
    fn a_name_cannot_become_markup() {
        let text = table(&["class"], &[vec!["<script>alert('x')</script> & \"y\"".into()]]);
        assert!(!text.contains("<script") && text.contains("&lt;script&gt;alert(&#39;x&#39;)"), "{text}");
        assert!(text.contains("&amp; &quot;y&quot;"));
    }
}
