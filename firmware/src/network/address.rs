//! How an interface gets its address.

use std::net::{IpAddr, Ipv4Addr};

use super::text;
use crate::setting::InvalidSetting;

/// Addresses of an interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Addresses {
    /// Asked of a DHCP server.
    Dhcp,
    /// Given in the file.
    Fixed {
        /// Own address, `a.b.c.d/prefix`.
        address: String,
        /// Router.
        gateway: Option<Ipv4Addr>,
        /// Name servers.
        dns: Vec<IpAddr>,
    },
}

impl Addresses {
    /// Checks what the file gives; `keys` are its keys for address, gateway and name servers.
    pub(super) fn of(
        keys: [&'static str; 3],
        address: &str,
        gateway: &str,
        dns: &[String],
    ) -> Result<Self, InvalidSetting> {
        let [of_address, of_gateway, of_dns] = keys;
        if address.is_empty() {
            let given = dns.first().map(|first| (of_dns, first.as_str()));
            return match (!gateway.is_empty()).then_some((of_gateway, gateway)).or(given) {
                Some((key, value)) => text(key, value, "give an address too, or leave all to DHCP"),
                None => Ok(Self::Dhcp),
            };
        }
        let parsed = address.split_once('/').and_then(|(own, length)| {
            let length = length.parse::<u32>().ok().filter(|length| (1..=32).contains(length))?;
            Some((own.parse::<Ipv4Addr>().ok()?, length))
        });
        let Some((own, length)) = parsed else {
            return text(of_address, address, "give an IPv4 address with its prefix, such as 192.168.1.20/24");
        };
        let network = |ip: Ipv4Addr| ip.to_bits() & (u32::MAX << (32 - length));
        let gateway = match gateway.parse::<Ipv4Addr>() {
            _ if gateway.is_empty() => None,
            Ok(router) if network(router) == network(own) => Some(router),
            Ok(_) => return text(of_gateway, gateway, "it lies outside the network of address"),
            Err(_) => return text(of_gateway, gateway, "give the IPv4 address of the router"),
        };
        let mut servers = Vec::new();
        for server in dns {
            match server.parse() {
                Ok(ip) => servers.push(ip),
                Err(_) => return text(of_dns, server, "give addresses of name servers"),
            }
        }
        Ok(Self::Fixed { address: address.into(), gateway, dns: servers })
    }
}
