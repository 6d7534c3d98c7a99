//! Classes whose names differ only in how they are written: most likely one class, of which a part was named by another hand.

use std::collections::BTreeMap;

/// A remark for each set of such names.
pub(super) fn remarks(classes: &[String]) -> Vec<String> {
    let mut alike: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for class in classes {
        alike.entry(folded(class)).or_default().push(class);
    }
    let several = alike.into_values().filter(|names| names.len() > 1);
    several
        .map(|names| {
            let names: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
            format!(
                "the classes {} differ only in how they are written (upper case, accents, spaces or signs) and are trained as \
                 different states; if they are one, give them one name",
                names.join(" and ")
            )
        })
        .collect()
}

/// A name without case, white space and signs. Accents count neither as letters of their own, as macOS writes them, nor as
/// parts of a letter.
fn folded(name: &str) -> String {
    let letters = name.chars().flat_map(char::to_lowercase).map(without_accent);
    letters.filter(|letter| letter.is_alphanumeric()).collect()
}

/// A lower-case Latin letter without its accent, of those in U+00E0 to U+00FF.
fn without_accent(letter: char) -> char {
    match letter {
        '\u{e0}'..='\u{e5}' => 'a',
        '\u{e7}' => 'c',
        '\u{e8}'..='\u{eb}' => 'e',
        '\u{ec}'..='\u{ef}' => 'i',
        '\u{f1}' => 'n',
        '\u{f2}'..='\u{f6}' | '\u{f8}' => 'o',
        '\u{f9}'..='\u{fc}' => 'u',
        '\u{fd}' | '\u{ff}' => 'y',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_in_case_accents_spaces_or_signs_are_remarked() {
        let of = |names: &[&str]| remarks(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        for pair in [["On_State", "on_state"], ["lüfter", "lu\u{308}fter"], ["on state", "on_state"], ["on", "on "]] {
            let remarks = of(&pair);
            assert!(remarks.len() == 1 && remarks[0].contains(&format!("{:?}", pair[0])), "{remarks:?}");
        }
        assert_eq!(of(&["on", "off", "on_1", "on_2", "運転", "停止"]), [""; 0]);
    }
}
