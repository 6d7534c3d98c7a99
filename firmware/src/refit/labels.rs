//! The list of labels: the `manifest.csv` that `host-tools train` takes, with a column `condition`.

use std::path::Path;

use super::{Clip, Condition, Error};

/// Reads the list at `path`. Files are relative to its folder.
///
/// # Errors
/// When it cannot be read, lacks a column, or has a value that no column may have.
pub(crate) fn read_labels(path: &Path) -> Result<Vec<Clip>, Error> {
    let failed = |cause: String| Error::Labels { path: path.to_path_buf(), cause };
    let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    parse(&text, path.parent().unwrap_or(Path::new(""))).map_err(failed)
}

/// The labels in the text of a list in `folder`.
///
/// # Errors
/// As [`read_labels`]: line, value and remedy.
pub fn parse(text: &str, folder: &Path) -> Result<Vec<Clip>, String> {
    let text = text.trim_start_matches('\u{feff}');
    let first_line = text.lines().next().unwrap_or_default();
    let count = |separator: u8| first_line.bytes().filter(|byte| *byte == separator).count();
    let separator = [b',', b';', b'\t'].into_iter().max_by_key(|separator| count(*separator)).unwrap_or(b',');
    let mut rows =
        csv::ReaderBuilder::new().delimiter(separator).trim(csv::Trim::All).flexible(true).from_reader(text.as_bytes());
    let headers = rows.headers().map_err(|error| error.to_string())?.clone();
    let column = |name: &str| headers.iter().position(|header| header.eq_ignore_ascii_case(name));
    let (Some(file), label, condition) = (column("file"), column("label"), column("condition")) else {
        return Err(format!("the first line is {first_line:?}; it must name the column file, and label or condition"));
    };
    if label.or(condition).is_none() {
        return Err(format!("the first line is {first_line:?}; it must name a column label or condition"));
    }
    let (group, from, to) = (column("group"), column("from"), column("to"));
    let mut clips = Vec::new();
    for row in rows.records() {
        let row = row.map_err(|error| error.to_string())?;
        let line = row.position().map_or(0, csv::Position::line);
        let field = |column: Option<usize>| column.and_then(|column| row.get(column)).filter(|field| !field.is_empty());
        let Some(name) = field(Some(file)) else { continue };
        let condition = match field(condition) {
            None => None,
            Some(text) if text.eq_ignore_ascii_case("normal") => Some(Condition::Normal),
            Some(text) if text.eq_ignore_ascii_case("fault") => Some(Condition::Fault),
            Some(text) => {
                return Err(format!("line {line}: the condition is \"{text}\"; write normal, fault or nothing"));
            }
        };
        let label = field(label).map(str::to_owned);
        if label.is_none() && condition.is_none() {
            continue;
        }
        clips.push(Clip {
            file: folder.join(name.replace('\\', "/")),
            label,
            condition,
            group: field(group).map(str::to_owned),
            part_s: part(field(from), field(to)).map_err(|cause| format!("line {line}: {cause}"))?,
        });
    }
    Ok(clips)
}

/// A part of a file, from its first and last second.
fn part(from: Option<&str>, to: Option<&str>) -> Result<Option<(f64, f64)>, String> {
    let (from, to) = match (from, to) {
        (None, None) => return Ok(None),
        (Some(from), Some(to)) => (from, to),
        _ => return Err("a part of a file needs both from and to".into()),
    };
    let number = |text: &str| {
        let number = text.replace(',', ".").parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0);
        number.ok_or_else(|| format!("\"{text}\" is not a time in seconds"))
    };
    let (first, last) = (number(from)?, number(to)?);
    if first < last {
        Ok(Some((first, last)))
    } else {
        Err(format!("the part ends at {to} s, before it begins at {from} s"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Clip>, String> {
        parse(text, Path::new("/clips"))
    }

    #[test]
    fn columns_come_in_any_order_and_rows_without_a_label_are_left_out() {
        let text =
            "\u{feff}label;condition;file;group;from;to\nfan;;a.wav;g1;;\n;NORMAL;sub\\b.wav;;0,5;3\n;;c.wav;;;\n";
        let clips = read(text).unwrap();
        let [first, second] = &clips[..] else { panic!("{clips:?}") };
        assert_eq!((first.label.as_deref(), first.condition, first.group.as_deref()), (Some("fan"), None, Some("g1")));
        assert_eq!((first.file.to_str(), first.part_s), (Some("/clips/a.wav"), None));
        assert_eq!((second.label.as_deref(), second.condition), (None, Some(Condition::Normal)));
        assert_eq!((second.file.to_str(), second.part_s), (Some("/clips/sub/b.wav"), Some((0.5, 3.0))));
    }

    #[test]
    fn wrong_values_are_named_with_their_line() {
        for (text, part) in [
            ("name,label\na.wav,x\n", "must name the column file"),
            ("file,group\na.wav,x\n", "must name a column label or condition"),
            ("file,condition\na.wav,broken\n", "line 2: the condition is \"broken\""),
            ("file,label,from,to\na.wav,x,1,\n", "line 2: a part of a file needs both"),
            ("file,label,from,to\na.wav,x,3,2\n", "before it begins"),
            ("file,label,from,to\na.wav,x,1,inf\n", "\"inf\" is not a time"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }
}
