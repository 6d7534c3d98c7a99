//! As much of a shell as the documents use: words, quotation marks, comments, `&&`, `|`, `;` and redirection.

/// The words of each simple command of a line.
pub(crate) fn commands(line: &str, is_powershell: bool) -> Vec<Vec<String>> {
    let mut commands = vec![Vec::new()];
    let (mut word, mut quote, mut redirected) = (None::<String>, None, false);
    let mut signs = line.chars().chain([' ']).peekable();
    while let Some(sign) = signs.next() {
        match (quote, sign) {
            (Some(open), _) if sign == open => quote = None,
            (Some(_), _) => word.get_or_insert_default().push(sign),
            (None, '\'' | '"') => {
                quote = Some(sign);
                word.get_or_insert_default();
            }
            // In PowerShell it separates folders.
            (None, '\\') if !is_powershell => word.get_or_insert_default().extend(signs.next()),
            (None, '#') if word.is_none() => break,
            (None, ' ' | '\t' | '|' | '&' | ';' | '>' | '<') => {
                if let Some(word) = word.take()
                    && !std::mem::take(&mut redirected)
                    && let Some(command) = commands.last_mut()
                {
                    command.push(word);
                }
                match sign {
                    // The word after it is a file.
                    '>' | '<' => redirected = true,
                    '|' | '&' | ';' => commands.push(Vec::new()),
                    _ => {}
                }
            }
            (None, _) => word.get_or_insert_default().push(sign),
        }
    }
    commands.retain(|words| !words.is_empty());
    commands
}

/// The arguments of a simple command if it starts `program`, directly or in its container.
pub(crate) fn arguments(words: &[String], program: &str) -> Option<Vec<String>> {
    let words = if words.first().is_some_and(|word| word == "sudo") { &words[1..] } else { words };
    let (first, rest) = words.split_first()?;
    let name = first.rsplit(['/', '\\']).next().unwrap_or(first);
    // Debian's packages install the programs under the product's name, too.
    let name = match name {
        "acoustic-monitor" => "firmware",
        "acoustic-monitor-tools" => "host-tools",
        name => name,
    };
    if name == program {
        return Some(rest.to_vec());
    }
    // The container is named `acoustic-monitor` in the documents and starts the device's program.
    if name == "docker" && program == "firmware" && rest.first().is_some_and(|word| word == "run") {
        let at = rest.iter().rposition(|word| word == "acoustic-monitor" || word.starts_with("acoustic-monitor:"))?;
        let inner = rest.get(at + 1..).filter(|inner| !inner.is_empty())?;
        return Some(inner.to_vec());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(line: &str) -> Vec<String> {
        commands(line, false).into_iter().map(|words| words.join("|")).collect()
    }

    #[test]
    fn words_quotation_marks_comments_and_redirection_are_those_of_a_shell() {
        assert_eq!(split("a 'b c' \"d # e\" f#g # comment"), ["a|b c|d # e|f#g"]);
        assert_eq!(split("a >out b; c <in && d || e"), ["a|b", "c", "d", "e"]);
        assert_eq!(split(r"a\ b c"), ["a b|c"]);
        assert_eq!(split("a ''"), ["a|"]);
        assert_eq!(split("# nothing"), [""; 0]);
        assert_eq!(commands(r"a b\c", true), [["a", r"b\c"]]);
    }

    #[test]
    fn a_program_is_started_by_name_by_path_or_in_its_container() {
        let of = |line: &str| commands(line, false).first().and_then(|words| arguments(words, "firmware"));
        assert_eq!(of("sudo target/release/firmware run"), Some(vec!["run".into()]));
        assert_eq!(of("acoustic-monitor health"), Some(vec!["health".into()]));
        assert_eq!(of("docker run -d --name acoustic-monitor -v m:/x acoustic-monitor"), None, "without a command");
        assert_eq!(of("docker run --rm acoustic-monitor check x.wav"), Some(vec!["check".into(), "x.wav".into()]));
        assert_eq!(of("cargo build -p firmware"), None);
    }
}
