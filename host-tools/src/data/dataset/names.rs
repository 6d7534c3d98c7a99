//! Which recording a file is a part of, by its name.
//!
//! Recorders and people number the parts of a recording at the end of the name: `fan_001`, `fan_001_`, `fan-1`, `fan (1)`,
//! `fan 1`. A time of day after a date is such a number too: recordings of one day are one group, since room, load and
//! microphone rarely change within a day. A date alone stays.

/// A file's name without folder, extension and the number of the part.
pub(super) fn stem(name: &str) -> &str {
    let file = name.rsplit_once('/').map_or(name, |(_, file)| file);
    let whole = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    match without_time(whole).unwrap_or_else(|| without_number(whole)) {
        "" => whole,
        stem => stem,
    }
}

/// Without a time of day that follows a date; the name as it is if it ends with a date; `None` if it ends with neither.
fn without_time(name: &str) -> Option<&str> {
    if date_len(name).is_some() {
        return Some(name);
    }
    // 120102, 12-01-02, 12_01_02, 12.01.02, 1201, with `_`, `-`, `T` or a space before.
    let time_len = [8, 6, 5, 4].into_iter().find(|len| {
        let Some(at) = name.len().checked_sub(*len).filter(|at| name.is_char_boundary(*at)) else { return false };
        let (before, time) = name.split_at(at);
        let separator = |c: char| matches!(c, '-' | '_' | '.' | ':' | 'h');
        let digits = time.bytes().filter(u8::is_ascii_digit).count();
        let even =
            time.split(separator).all(|part| part.len() == 2 || (part.len() == time.len() && part.len() % 2 == 0));
        even && matches!(digits, 4 | 6)
            && time.chars().all(|c| c.is_ascii_digit() || separator(c))
            && before.ends_with(['_', '-', 'T', ' '])
            && date_len(&before[..before.len() - 1]).is_some()
    })?;
    let before = &name[..name.len() - time_len];
    Some(&before[..before.len() - 1])
}

/// Length of the date at the end of a name: 20240501, 2024-05-01, 2024_05_01 or 2024.05.01, of the years 1990 to 2099.
fn date_len(name: &str) -> Option<usize> {
    [8, 10].into_iter().find(|len| {
        let Some(date) = name.len().checked_sub(*len).and_then(|at| name.get(at..)) else { return false };
        let before = name[..name.len() - len].chars().next_back();
        let parts: Vec<&str> = match len {
            8 => [(0, 4), (4, 6), (6, 8)].into_iter().filter_map(|(from, to)| date.get(from..to)).collect(),
            _ => date.split(['-', '_', '.']).collect(),
        };
        let number = |at: usize, len: usize| {
            parts
                .get(at)
                .filter(|part| part.len() == len && part.bytes().all(|b| b.is_ascii_digit()))?
                .parse::<u32>()
                .ok()
        };
        let is_date = number(0, 4).is_some_and(|year| (1990..2100).contains(&year))
            && number(1, 2).is_some_and(|month| (1..=12).contains(&month))
            && number(2, 2).is_some_and(|day| (1..=31).contains(&day));
        is_date && parts.len() == 3 && !before.is_some_and(|c| c.is_ascii_digit())
    })
}

/// Without a number at the end and what separates it.
fn without_number(name: &str) -> &str {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some((stem, number)) = name.strip_suffix(')').and_then(|name| name.rsplit_once('(')) {
        return if digits(number) { stem.trim_end() } else { name };
    }
    let inner = name.strip_suffix('_').unwrap_or(name);
    match inner.rsplit_once(['_', '-', ' ']) {
        Some((stem, number)) if digits(number) => stem.trim_end(),
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_part_is_no_part_of_the_group() {
        for (name, group) in [
            ("on/thr20_000.wav", "thr20"),
            ("on/thr20_7.wav", "thr20"),
            ("on/thr20.wav", "thr20"),
            ("on/a_b_001.WAV", "a_b"),
            ("on/_001.wav", "_001"),
            ("on/on_merged.wav", "on_merged"),
            ("on/v1.2_003.wav", "v1.2"),
            ("on/fan_000_.wav", "fan"),
            ("on/fan-1.wav", "fan"),
            ("on/fan(1).wav", "fan"),
            ("on/fan (12).wav", "fan"),
            ("on/fan 3.wav", "fan"),
            ("on/fan (left).wav", "fan (left)"),
            ("on/00000000.wav", "00000000"),
            ("on/größe-2.wav", "größe"),
        ] {
            assert_eq!(stem(name), group, "{name}");
        }
    }

    #[test]
    fn recordings_of_one_day_are_one_group() {
        for (name, group) in [
            ("fan_20240501_120102.wav", "fan_20240501"),
            ("fan_2024-05-01_12-01-02.wav", "fan_2024-05-01"),
            ("2024-05-01T120102.wav", "2024-05-01"),
            ("20240501-1201.wav", "20240501"),
            ("2024-05-01 12.01.02.wav", "2024-05-01"),
            ("2024-05-01.wav", "2024-05-01"),
            ("fan_20240501.wav", "fan_20240501"),
            ("fan_2024_05_01.wav", "fan_2024_05_01"),
            ("fan_99999999.wav", "fan"),
            ("fan_20240501_007.wav", "fan_20240501"),
        ] {
            assert_eq!(stem(name), group, "{name}");
        }
    }
}
