//! Where the broker is: `HOST`, `HOST:PORT` or `[IPV6]:PORT`.

use std::fmt;
use std::str::FromStr;

/// Ports of a broker without and with TLS.
const PLAIN: u16 = 1883;
const TLS: u16 = 8883;

/// A broker's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    /// Name or address, without brackets.
    pub host: String,
    /// The port, if one was given.
    port: Option<u16>,
}

impl Address {
    /// The port: without one, 1883, and 8883 with TLS.
    pub(crate) fn port(&self, tls: bool) -> u16 {
        self.port.unwrap_or(if tls { TLS } else { PLAIN })
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let usage = || format!("{text:?}: give HOST or HOST:PORT, such as broker.plant:1883 or [fe80::1]:1883");
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (host, after) = rest.split_once(']').ok_or_else(usage)?;
                let port = if after.is_empty() { None } else { Some(after.strip_prefix(':').ok_or_else(usage)?) };
                (host, port)
            }
            // Several colons without brackets: an IPv6 address without a port.
            None if text.matches(':').count() > 1 => (text, None),
            None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
        };
        let port = port.map(|port| port.parse().ok().filter(|port| *port != 0).ok_or_else(usage)).transpose()?;
        let is_plain = |c: char| !c.is_whitespace() && !c.is_control() && c != '/';
        if host.is_empty() || !host.chars().all(is_plain) {
            return Err(usage());
        }
        Ok(Self { host: host.into(), port })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.host.contains(':'), self.port) {
            (true, Some(port)) => write!(f, "[{}]:{port}", self.host),
            (false, Some(port)) => write!(f, "{}:{port}", self.host),
            (_, None) => f.write_str(&self.host),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_optional_and_ipv6_has_brackets_before_one() {
        let of = |text: &str| text.parse::<Address>().map(|address| (address.host.clone(), address.port(false)));
        assert_eq!(of("broker"), Ok(("broker".into(), 1883)));
        assert_eq!(of("10.0.0.7:1884"), Ok(("10.0.0.7".into(), 1884)));
        assert_eq!(of("[fe80::1]:1884"), Ok(("fe80::1".into(), 1884)));
        assert_eq!(of("fe80::1"), Ok(("fe80::1".into(), 1883)));
        assert_eq!("broker".parse::<Address>().unwrap().port(true), 8883);
        for wrong in
            ["", ":1883", "broker:", "broker:0", "broker:70000", "broker:x", "[fe80::1", "mqtt://broker", "a b"]
        {
            let error = of(wrong).unwrap_err();
            assert!(error.contains("HOST:PORT"), "{wrong}: {error}");
        }
    }
}
