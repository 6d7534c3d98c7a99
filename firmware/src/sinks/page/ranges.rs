//! The part of a file that a request asks for: RFC 9110, section 14.

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// The whole file: no range, several, or none that can be read.
    All,
    /// Bytes from `first` to before `end`.
    Part {
        /// The first byte.
        first: u64,
        /// The byte after the last one, at most the length of the file and more than `first`.
        end: u64,
    },
    /// A part behind the end.
    Nothing,
}

/// The part of a file of `len` bytes that the header `Range` asks for.
pub(super) fn asked(range: Option<&str>, len: u64) -> Asked {
    let Some((first, last)) = range.and_then(|range| range.strip_prefix("bytes=")?.trim().split_once('-')) else {
        return Asked::All;
    };
    let part = match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), Ok(last)) if last >= first => (first, last.saturating_add(1).min(len)),
        (Ok(first), Err(_)) if last.is_empty() => (first, len),
        // The last bytes.
        (Err(_), Ok(count)) if first.is_empty() => (len.saturating_sub(count), len),
        _ => return Asked::All,
    };
    if part.0 < part.1 { Asked::Part { first: part.0, end: part.1 } } else { Asked::Nothing }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_within_the_file_and_what_is_no_single_range_is_the_whole_file() {
        let part = |first, end| Asked::Part { first, end };
        for (range, expected) in [
            ("bytes=0-", part(0, 100)),
            ("bytes=10-19", part(10, 20)),
            ("bytes=90-1000", part(90, 100)),
            ("bytes=99-99", part(99, 100)),
            ("bytes=-10", part(90, 100)),
            ("bytes=-1000", part(0, 100)),
            ("bytes=0-18446744073709551615", part(0, 100)),
            ("bytes=100-", Asked::Nothing),
            ("bytes=-0", Asked::Nothing),
            ("bytes=5-4", Asked::All),
            ("bytes=0-1,5-6", Asked::All),
            ("bytes=a-b", Asked::All),
            ("bytes=-", Asked::All),
            ("lines=1-2", Asked::All),
        ] {
            assert_eq!(asked(Some(range), 100), expected, "{range}");
        }
        assert_eq!((asked(None, 100), asked(Some("bytes=0-"), 0)), (Asked::All, Asked::Nothing));
    }
}
