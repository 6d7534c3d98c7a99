//! Addresses of servers: checked without a network, and shown without what may be a secret.

/// An address, in parts that the configuration's check and the messages need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(feature = "notify"), allow(dead_code))] // Without it addresses are checked only.
pub(super) struct Url<'a> {
    /// Everything before the last `/` of the path, and that.
    pub(super) base: &'a str,
    /// The last part of the path; empty without one.
    pub(super) last: &'a str,
    /// Host and port.
    pub(super) host: &'a str,
}

impl<'a> Url<'a> {
    /// Reads `http://host[:port][/path]` or `https://...`; `None` for anything else, with a user or password, or a fragment.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
        let host = rest.split(['/', '?']).next()?;
        let is_plain = |c: char| c.is_ascii_graphic() && !"\"<>\\^`{|}#".contains(c);
        let is_host = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
        if host.is_empty() || !host.chars().all(is_host) || !text.chars().all(is_plain) {
            return None;
        }
        let path = text.len() - rest.len() + host.len();
        let at = text.get(path..)?.rfind('/').map(|at| path + at + 1);
        let (base, last) = at.map_or((text, ""), |at| text.split_at(at));
        Some(Self { base, last, host })
    }

    /// Whether the last part is a topic of ntfy: 1 to 64 letters, digits, `-` and `_`.
    pub(super) fn has_topic(&self) -> bool {
        (1..=64).contains(&self.last.len())
            && self.last.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_its_host_and_its_topic_or_is_refused() {
        let url = Url::parse("https://ntfy.sh/pump-7").unwrap();
        assert_eq!((url.base, url.last, url.host, url.has_topic()), ("https://ntfy.sh/", "pump-7", "ntfy.sh", true));
        let url = Url::parse("http://10.0.0.7:8080/plant/ntfy/alarms").unwrap();
        assert_eq!((url.base, url.host), ("http://10.0.0.7:8080/plant/ntfy/", "10.0.0.7:8080"));
        let url = Url::parse("http://gateway?x=/y").unwrap();
        assert_eq!((url.host, url.has_topic()), ("gateway", true));
        assert!(
            !Url::parse("https://ntfy.sh").unwrap().has_topic() && !Url::parse("https://ntfy.sh/").unwrap().has_topic()
        );
        for text in [
            "",
            "ntfy.sh/x",
            "ftp://a/b",
            "https://",
            "http:///x",
            "https://user:word@host/x",
            "http://a b/",
            "http://a/\n",
            "http://a/#x",
            "http://ä/",
        ] {
            assert_eq!(Url::parse(text), None, "{text}");
        }
    }
}
