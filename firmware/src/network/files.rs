//! The files for the card's init: each holds one plain value, so that a shell reads it without parsing.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use super::{Addresses, NetworkConfig};
use crate::system::secret_file;

/// Writes the files to `folder`, which must be empty or absent:
///
/// - `hostname`;
/// - `eth0`, `wlan0`: a folder for each interface that is used, with `method` (`dhcp` or `fixed`) and, for `fixed`, `address`,
///   `gateway` and `dns` (one server a line) where they are given;
/// - `wpa_supplicant.conf`, readable by its owner alone, and `country` for Wi-Fi;
/// - `ntp`: one time server a line; absent without any.
///
/// # Errors
/// When a file cannot be written.
pub(crate) fn write(config: &NetworkConfig, folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let put = |path: &Path, text: &str| monitor_model::atomic_file::write(path, text.as_bytes());
    put(&folder.join("hostname"), &format!("{}\n", config.hostname))?;
    let checked = |addresses: Result<Option<Addresses>, _>| addresses.map_err(io::Error::other);
    for (name, addresses) in
        [("eth0", checked(config.ethernet_addresses())?), ("wlan0", checked(config.wifi_addresses())?)]
    {
        let Some(addresses) = addresses else { continue };
        let interface = folder.join(name);
        std::fs::create_dir_all(&interface)?;
        let put = |name: &str, text: String| put(&interface.join(name), &format!("{text}\n"));
        match addresses {
            Addresses::Dhcp => put("method", "dhcp".into())?,
            Addresses::Fixed { address, gateway, dns } => {
                put("address", address)?;
                if let Some(gateway) = gateway {
                    put("gateway", gateway.to_string())?;
                }
                if !dns.is_empty() {
                    put("dns", dns.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))?;
                }
                put("method", "fixed".into())?;
            }
        }
    }
    if !config.wifi.ssid.is_empty() {
        put(&folder.join("country"), &format!("{}\n", config.wifi.country))?;
        secret_file::write(&folder.join("wpa_supplicant.conf"), &wpa_supplicant(config))?;
    }
    if !config.time.servers.is_empty() {
        put(&folder.join("ntp"), &format!("{}\n", config.time.servers.join("\n")))?;
    }
    Ok(())
}

/// The configuration of `wpa_supplicant`. The name is written in hexadecimal digits: it may hold any byte. A passphrase ends at the
/// last quotation mark of its line.
fn wpa_supplicant(config: &NetworkConfig) -> String {
    let wifi = &config.wifi;
    let mut ssid = String::new();
    for byte in wifi.ssid.bytes() {
        let _ = write!(ssid, "{byte:02x}");
    }
    let key = if wifi.has_raw_key() { wifi.passphrase.clone() } else { format!("\"{}\"", wifi.passphrase) };
    format!("country={}\nnetwork={{\n\tssid={ssid}\n\tscan_ssid=1\n\tkey_mgmt=WPA-PSK\n\tpsk={key}\n}}\n", wifi.country)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The files that a configuration makes, by their paths.
    fn files(text: &str) -> Vec<(String, String)> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("network.toml");
        std::fs::write(&file, text).unwrap();
        let out = folder.path().join("out");
        write(&NetworkConfig::load(&file).unwrap(), &out).unwrap();
        let mut found = Vec::new();
        let mut todo = vec![out.clone()];
        while let Some(next) = todo.pop() {
            for entry in std::fs::read_dir(next).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    todo.push(path);
                } else {
                    let name = path.strip_prefix(&out).unwrap().display().to_string();
                    found.push((name, std::fs::read_to_string(path).unwrap()));
                }
            }
        }
        found.sort();
        found
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(name, text)| ((*name).into(), (*text).into())).collect()
    }

    #[test]
    fn the_defaults_are_dhcp_on_the_network_card() {
        let expected = [("eth0/method", "dhcp\n"), ("hostname", "acoustic-monitor\n"), ("ntp", "pool.ntp.org\n")];
        assert_eq!(files(""), pairs(&expected));
    }

    #[test]
    fn fixed_addresses_and_wifi_make_their_files() {
        let text = "hostname = \"press-3\"
[ethernet]
address = \"192.168.1.20/24\"
gateway = \"192.168.1.1\"
dns = [\"192.168.1.1\", \"fd00::1\"]
[wifi]
ssid = \"Halle ü\"
passphrase = 'say \"#1\"'
country = \"DE\"
[time]
servers = []";
        let conf = "country=DE\nnetwork={\n\tssid=48616c6c6520c3bc\n\tscan_ssid=1\n\tkey_mgmt=WPA-PSK\n\tpsk=\"say \"#1\"\"\n}\n";
        let expected = [
            ("country", "DE\n"),
            ("eth0/address", "192.168.1.20/24\n"),
            ("eth0/dns", "192.168.1.1\nfd00::1\n"),
            ("eth0/gateway", "192.168.1.1\n"),
            ("eth0/method", "fixed\n"),
            ("hostname", "press-3\n"),
            ("wlan0/method", "dhcp\n"),
            ("wpa_supplicant.conf", conf),
        ];
        assert_eq!(files(text), pairs(&expected));
    }

    #[test]
    fn a_key_of_hexadecimal_digits_is_written_without_quotation_marks() {
        let key = "0f".repeat(32);
        let text =
            format!("[ethernet]\nenabled = false\n[wifi]\nssid = \"a\"\ncountry = \"FR\"\npassphrase = \"{key}\"");
        let found = files(&text);
        let [conf] = &found.iter().filter(|(name, _)| name == "wpa_supplicant.conf").collect::<Vec<_>>()[..] else {
            panic!("{found:?}");
        };
        assert!(conf.1.contains(&format!("\tpsk={key}\n")), "{}", conf.1);
        assert!(!found.iter().any(|(name, _)| name.starts_with("eth0")), "{found:?}");
    }
}
