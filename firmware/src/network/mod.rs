//! `network.toml` of the card: Ethernet, Wi-Fi, the host's name and the time servers, and the files that the card's init makes the
//! network from. The monitor itself never needs them: without the file, or with a wrong one, it listens all the same.

mod address;
mod files;

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::setting::InvalidSetting;
pub(crate) use address::Addresses;
pub(crate) use files::write;

/// The whole file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NetworkConfig {
    /// Name of the device in the network.
    pub hostname: String,
    /// The network card.
    pub ethernet: EthernetConfig,
    /// The wireless network.
    pub wifi: WifiConfig,
    /// The clock.
    pub time: TimeConfig,
}

/// `[ethernet]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EthernetConfig {
    /// Use the network card.
    pub enabled: bool,
    /// Own address with the length of its prefix; empty for DHCP.
    pub address: String,
    /// Router to other networks; empty for none.
    pub gateway: String,
    /// Name servers.
    pub dns: Vec<String>,
}

/// `[wifi]`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WifiConfig {
    /// Name of the network; empty for no Wi-Fi.
    pub ssid: String,
    /// Passphrase, or the key that is made of it.
    pub passphrase: String,
    /// Country whose radio rules hold.
    pub country: String,
    /// Own address with the length of its prefix; empty for DHCP.
    pub address: String,
    /// Router to other networks; empty for none.
    pub gateway: String,
    /// Name servers.
    pub dns: Vec<String>,
}

/// `[time]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TimeConfig {
    /// Time servers (NTP); none: the clock is not set.
    pub servers: Vec<String>,
}

impl Default for NetworkConfig {
    fn default() -> Self {
        Self {
            hostname: "acoustic-monitor".into(),
            ethernet: EthernetConfig::default(),
            wifi: WifiConfig::default(),
            time: TimeConfig::default(),
        }
    }
}

impl Default for EthernetConfig {
    fn default() -> Self {
        Self { enabled: true, address: String::new(), gateway: String::new(), dns: Vec::new() }
    }
}

impl Default for TimeConfig {
    fn default() -> Self {
        Self { servers: vec!["pool.ntp.org".into()] }
    }
}

/// Why a file is no configuration of the network.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("{}: the network configuration cannot be read: {error}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        error: std::io::Error,
    },
    /// No TOML, an unknown key or a value of the wrong type; the text has line and column.
    #[error("{}: {}", .path.display(), .error.to_string().trim_end())]
    Parse {
        /// The file.
        path: PathBuf,
        /// The cause.
        error: Box<toml::de::Error>,
    },
    /// A setting that cannot be used.
    #[error("{}: {error}", .path.display())]
    Setting {
        /// The file.
        path: PathBuf,
        /// The cause.
        error: InvalidSetting,
    },
}

impl NetworkConfig {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// When it cannot be read, is no TOML, or has a setting that cannot be used: with file, key, value and remedy.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let of = || path.to_path_buf();
        let text = std::fs::read_to_string(path).map_err(|error| Error::Read { path: of(), error })?;
        let config: Self =
            toml::from_str(&text).map_err(|error| Error::Parse { path: of(), error: Box::new(error) })?;
        config.validate().map_err(|error| Error::Setting { path: of(), error })?;
        Ok(config)
    }

    fn validate(&self) -> Result<(), InvalidSetting> {
        if !is_label(&self.hostname) {
            return text("hostname", &self.hostname, "give 1 to 63 letters, digits and hyphens, none at the ends");
        }
        self.ethernet_addresses()?;
        self.wifi_addresses()?;
        self.wifi.validate()?;
        match self.time.servers.iter().find(|server| !is_host(server)) {
            Some(wrong) => text("time.servers", wrong, "give names or addresses of time servers"),
            None => Ok(()),
        }
    }

    /// How the network card gets its address; `None` if it is not used.
    ///
    /// # Errors
    /// When an address cannot be used.
    pub(crate) fn ethernet_addresses(&self) -> Result<Option<Addresses>, InvalidSetting> {
        let EthernetConfig { enabled, address, gateway, dns } = &self.ethernet;
        let keys = ["ethernet.address", "ethernet.gateway", "ethernet.dns"];
        let addresses = Addresses::of(keys, address, gateway, dns)?;
        Ok(enabled.then_some(addresses))
    }

    /// How Wi-Fi gets its address; `None` if it is not used.
    ///
    /// # Errors
    /// When an address cannot be used.
    pub(crate) fn wifi_addresses(&self) -> Result<Option<Addresses>, InvalidSetting> {
        let WifiConfig { ssid, address, gateway, dns, .. } = &self.wifi;
        let addresses = Addresses::of(["wifi.address", "wifi.gateway", "wifi.dns"], address, gateway, dns)?;
        Ok((!ssid.is_empty()).then_some(addresses))
    }
}

impl WifiConfig {
    /// A key of 256 bits in hexadecimal digits, rather than a passphrase.
    pub(crate) fn has_raw_key(&self) -> bool {
        self.passphrase.len() == 64 && self.passphrase.bytes().all(|byte| byte.is_ascii_hexdigit())
    }

    fn validate(&self) -> Result<(), InvalidSetting> {
        if self.ssid.is_empty() {
            let others = !self.passphrase.is_empty() || !self.country.is_empty();
            return if others { text("wifi.ssid", "", "give the name of the wireless network") } else { Ok(()) };
        }
        if self.ssid.len() > 32 {
            return text("wifi.ssid", &self.ssid, "give at most 32 bytes");
        }
        let printable = self.passphrase.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        let is_passphrase = printable && (8..=63).contains(&self.passphrase.len());
        if !self.has_raw_key() && !is_passphrase {
            // A secret is not shown on a console.
            let count = format!("({} characters)", self.passphrase.chars().count());
            let remedy = "give 8 to 63 characters of ASCII, or 64 hexadecimal digits; networks without a passphrase are not used";
            return text("wifi.passphrase", &count, remedy);
        }
        if self.country.len() != 2 || !self.country.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return text("wifi.country", &self.country, "give the two capital letters of the country, such as DE");
        }
        Ok(())
    }
}

fn text<T>(key: &'static str, value: &str, remedy: &'static str) -> Result<T, InvalidSetting> {
    Err(InvalidSetting::Text { key, value: value.into(), remedy })
}

/// One part of a name of the DNS (RFC 1123).
fn is_label(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=63).contains(&name.len()) && name.bytes().all(allowed) && !name.starts_with('-') && !name.ends_with('-')
}

/// A name of the DNS, or an address.
fn is_host(name: &str) -> bool {
    name.parse::<std::net::IpAddr>().is_ok()
        || name.len() <= 253 && name.strip_suffix('.').unwrap_or(name).split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<NetworkConfig, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("network.toml");
        std::fs::write(&path, text).unwrap();
        NetworkConfig::load(&path).map_err(|error| error.to_string())
    }

    #[test]
    fn an_empty_file_means_ethernet_by_dhcp() {
        let config = load("").unwrap();
        assert_eq!(config, NetworkConfig::default());
        assert_eq!(config.ethernet_addresses().unwrap(), Some(Addresses::Dhcp));
        assert_eq!(config.wifi_addresses().unwrap(), None);
    }

    #[test]
    fn the_example_of_the_card_is_the_defaults() {
        assert_eq!(load(include_str!("../../network.toml")).unwrap(), NetworkConfig::default());
    }

    #[test]
    fn every_error_names_file_key_value_and_remedy() {
        let wifi = |keys: &str| format!("[wifi]\nssid = \"hall\"\npassphrase = \"12345678\"\ncountry = \"DE\"\n{keys}");
        let without = |key: &str| wifi("").lines().filter(|line| !line.starts_with(key)).collect::<Vec<_>>().join("\n");
        for (text, expected) in [
            ("hostname = \"press 3\"".to_string(), "hostname = \"press 3\" cannot be used: give 1 to 63 letters"),
            ("hostname = \"-a\"".into(), "hostname = \"-a\""),
            (
                "[ethernet]\naddress = \"192.168.1.20\"".into(),
                "ethernet.address = \"192.168.1.20\" cannot be used: give an IPv4 address with its prefix",
            ),
            ("[ethernet]\naddress = \"192.168.1.20/33\"".into(), "ethernet.address = \"192.168.1.20/33\""),
            (
                "[ethernet]\naddress = \"192.168.1.20/24\"\ngateway = \"192.168.2.1\"".into(),
                "ethernet.gateway = \"192.168.2.1\" cannot be used: it lies outside the network of address",
            ),
            (
                "[ethernet]\ngateway = \"192.168.2.1\"".into(),
                "ethernet.gateway = \"192.168.2.1\" cannot be used: give an address too",
            ),
            (
                "[ethernet]\naddress = \"192.168.1.20/24\"\ndns = [\"dns.local\"]".into(),
                "ethernet.dns = \"dns.local\" cannot be used: give addresses of name servers",
            ),
            ("[ethernet]\nadress = \"\"".into(), "unknown field `adress`"),
            (
                "[wifi]\ncountry = \"DE\"".into(),
                "wifi.ssid = \"\" cannot be used: give the name of the wireless network",
            ),
            (wifi("").replace("hall", &"x".repeat(33)), "give at most 32 bytes"),
            (
                wifi("").replace("12345678", "short"),
                "wifi.passphrase = \"(5 characters)\" cannot be used: give 8 to 63",
            ),
            (without("passphrase"), "wifi.passphrase = \"(0 characters)\""),
            (without("country"), "wifi.country = \"\" cannot be used: give the two capital letters"),
            (wifi("").replace("DE", "de"), "wifi.country = \"de\""),
            (wifi("address = \"10.0.0.1\""), "wifi.address = \"10.0.0.1\""),
            ("[time]\nservers = [\"a b\"]".into(), "time.servers = \"a b\" cannot be used: give names or addresses"),
            ("[time".into(), "line 1"),
        ] {
            let error = load(&text).unwrap_err();
            assert!(error.contains("network.toml: ") && error.contains(expected), "{text}\n{error}");
            assert!(!error.contains("short"), "a secret is shown: {error}");
        }
        let absent = NetworkConfig::load(Path::new("/nowhere/network.toml")).unwrap_err().to_string();
        assert!(absent.starts_with("/nowhere/network.toml: the network configuration cannot be read: "), "{absent}");
    }

    #[test]
    fn passphrases_up_to_63_characters_keys_and_time_servers_are_accepted() {
        for passphrase in ["12345678".into(), "x".repeat(63), "0f".repeat(32), "with \\\"quotes\\\" and #".to_string()]
        {
            let text = format!("[wifi]\nssid = \"Halle 3 ü\"\npassphrase = \"{passphrase}\"\ncountry = \"DE\"");
            load(&text).unwrap_or_else(|error| panic!("{error}"));
        }
        load("[time]\nservers = [\"ntp.plant.example.\", \"192.168.1.1\", \"fd00::1\"]").unwrap();
        load("[time]\nservers = []").unwrap();
    }
}
