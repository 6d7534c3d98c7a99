//! Mail addresses: checked strictly, so that none can add a command or a header.

/// Longest address (RFC 5321, section 4.5.3.1.3, without the brackets).
const LONGEST: usize = 254;

/// Whether it is an address as `name@host`: ASCII without spaces, quotes and brackets.
pub(super) fn is_address(text: &str) -> bool {
    let Some((name, host)) = text.rsplit_once('@') else { return false };
    let is_name = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    !name.is_empty() && name.chars().all(is_name) && is_host(host) && !host.contains(':') && text.len() <= LONGEST
}

/// Whether it is a host's name or an IP address.
pub(super) fn is_host(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || ".-:_".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_name_and_a_host_and_nothing_that_ends_a_line_or_a_bracket() {
        for text in ["shift@plant.example", "o'neil+pump_7@mail", "a.b@127.0.0.1"] {
            assert!(is_address(text), "{text}");
        }
        for text in
            ["", "shift", "@plant", "shift@", "a b@c", "a@b>\r\nDATA", "<a@b>", "a@b c", "ä@b", "a@b@c", "a@[::1]"]
        {
            assert!(!is_address(text), "{text}");
        }
        assert!(!is_address(&format!("{}@b", "a".repeat(253))));
        assert!(is_host("::1") && !is_host("mail plant") && !is_host("mail/x"));
    }
}
