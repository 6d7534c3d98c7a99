//! A value of a table of comma-separated values (RFC 4180).

/// The value as it stands in the table: in quotes where it would be read as another, also by programs that separate by `;` or tabs,
/// or trim. Names of states are those of the model, which may contain anything.
pub(crate) fn quoted(value: &str) -> String {
    if value.contains([',', '"', '\n', '\r', ';', '\t']) || value.trim() != value {
        return format!("\"{}\"", value.replace('"', "\"\""));
    }
    value.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_with_separators_quotes_and_outer_spaces_stay_one_value() {
        for (value, expected) in [
            ("on_state", "on_state"),
            ("", ""),
            ("a b", "a b"),
            ("a,\"b\"\n", "\"a,\"\"b\"\"\n\""),
            ("a;b", "\"a;b\""),
            ("a\tb", "\"a\tb\""),
            (" a", "\" a\""),
        ] {
            assert_eq!(quoted(value), expected);
        }
    }
}
