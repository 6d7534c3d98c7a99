//! Options of every command that follows devices at a broker.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

use crate::console::shown;

/// How the broker is reached, and whose reports are followed.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub(crate) struct Options {
    /// What the devices' topics begin with ([mqtt] prefix; monitor up to version 0.1); repeat it for several
    #[arg(long, value_name = "PREFIX", default_value = "acoustic-monitor", help_heading = "MQTT")]
    pub prefix: Vec<String>,
    /// Prefix of Home Assistant's discovery, which names the devices' models; empty for none
    #[arg(long, value_name = "PREFIX", default_value = "homeassistant", help_heading = "MQTT")]
    pub discovery: String,
    /// Follow only this device; repeat it for several
    #[arg(long, value_name = "ID", help_heading = "MQTT")]
    pub device: Vec<String>,
    /// File with the user on its first line and the password on its second
    #[arg(long, value_name = "FILE", help_heading = "MQTT")]
    pub credentials: Option<PathBuf>,
    /// Use TLS; file with the certificates (PEM) that the broker's must lead to. Needs the build feature tls
    #[arg(long, value_name = "FILE", help_heading = "MQTT")]
    pub ca: Option<PathBuf>,
    /// Time without a report after which a device is silent, in seconds (1 to 86400): more than twice [mqtt] every_s
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0, help_heading = "MQTT")]
    pub silent: f64,
}

impl Options {
    /// Checks the values.
    ///
    /// # Errors
    /// Names the option, the value and the remedy.
    pub(crate) fn validate(&self) -> anyhow::Result<()> {
        let is_name = |name: &str| !name.is_empty() && !name.contains(['+', '#', '\0']);
        for prefix in &self.prefix {
            let parts_are_names = prefix.split('/').all(is_name);
            ensure!(parts_are_names, "--prefix {prefix:?}: give the prefix of [mqtt], without + and #");
        }
        ensure!(
            self.discovery.is_empty() || self.discovery.split('/').all(is_name),
            "--discovery {:?}: give the prefix of the discovery, without + and #",
            self.discovery
        );
        for device in &self.device {
            ensure!(
                is_name(device) && !device.contains('/'),
                "--device {device:?}: give the id of a device, without / + #"
            );
        }
        ensure!(
            (1.0..=86_400.0).contains(&self.silent),
            "--silent {}: give a number of seconds from 1 to 86400",
            self.silent
        );
        ensure!(
            self.ca.is_none() || cfg!(feature = "tls"),
            "--ca: this build has no TLS; build it with `cargo build --release -p host-tools --features tls`"
        );
        Ok(())
    }

    /// The topics to subscribe to.
    pub(super) fn topics(&self) -> Vec<String> {
        let all = ["+".to_owned()];
        let devices = if self.device.is_empty() { &all[..] } else { &self.device[..] };
        let of = |device: &String| {
            let kinds = ["availability", "state", "event"].into_iter();
            kinds
                .flat_map(|kind| self.prefix.iter().map(move |prefix| (prefix, kind)))
                .map(|(prefix, kind)| format!("{prefix}/{device}/{kind}"))
                .collect::<Vec<_>>()
        };
        let model = |device: &String| format!("{}/device/{device}/config", self.discovery);
        let models = devices.iter().filter(|_| !self.discovery.is_empty()).map(model);
        devices.iter().flat_map(of).chain(models).collect()
    }

    /// User and password. Neither is ever part of a message.
    ///
    /// # Errors
    /// When the file cannot be read or has no user.
    pub(super) fn login(&self) -> anyhow::Result<Option<(String, String)>> {
        self.credentials.as_deref().map(login).transpose()
    }
}

fn login(path: &Path) -> anyhow::Result<(String, String)> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("--credentials {} cannot be read", shown(path)))?;
    let mut lines = text.lines();
    let user = lines.next().filter(|user| !user.is_empty());
    let user = user.with_context(|| {
        format!(
            "--credentials {}: no user on the first line; write the user there, the password on the second",
            shown(path)
        )
    })?;
    Ok((user.to_owned(), lines.next().unwrap_or_default().to_owned()))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        options: Options,
    }

    fn parsed(arguments: &[&str]) -> Options {
        Command::parse_from([&["x"], arguments].concat()).options
    }

    #[test]
    fn topics_are_those_of_all_devices_or_of_the_named_ones() {
        let topics = [
            "acoustic-monitor/+/availability",
            "acoustic-monitor/+/state",
            "acoustic-monitor/+/event",
            "homeassistant/device/+/config",
        ];
        assert_eq!(parsed(&[]).topics(), topics);
        assert_eq!(parsed(&["--discovery", ""]).topics(), topics[..3]);
        let topics = parsed(&["--prefix", "plant/line", "--device", "a", "--device", "b"]).topics();
        assert_eq!((topics.len(), &topics[4][..]), (8, "plant/line/b/state"));
        let topics = parsed(&["--prefix", "acoustic-monitor", "--prefix", "monitor", "--device", "a"]).topics();
        assert_eq!((topics.len(), &topics[1][..]), (7, "monitor/a/availability"));
    }

    #[test]
    fn wrong_values_are_named_with_the_remedy() {
        parsed(&[]).validate().unwrap();
        for (arguments, part) in [
            (["--prefix", "a/#"], "--prefix \"a/#\""),
            (["--prefix", "/a"], "--prefix \"/a\""),
            (["--discovery", "a//b"], "--discovery \"a//b\""),
            (["--device", "a/b"], "--device \"a/b\""),
            (["--silent", "0"], "from 1 to 86400"),
            (["--silent", "NaN"], "from 1 to 86400"),
        ] {
            let error = parsed(&arguments).validate().unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
        assert_eq!(parsed(&["--ca", "x"]).validate().is_ok(), cfg!(feature = "tls"));
    }

    #[test]
    fn the_login_is_two_lines_of_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("login");
        std::fs::write(&path, "plant\r\nsecret\r\n").unwrap();
        assert_eq!(login(&path).unwrap(), ("plant".into(), "secret".into()));
        std::fs::write(&path, "\nsecret\n").unwrap();
        let error = login(&path).unwrap_err().to_string();
        assert!(error.contains("no user on the first line") && !error.contains("secret"), "{error}");
    }
}
