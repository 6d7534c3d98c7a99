//! Sound devices for tests on machines without sound hardware: libasound's `file` plugin and the paced plugin built here.
//!
//! libasound reads its configuration once per process, from a path in the environment. Tests therefore open these devices
//! in a separate process, which [`Devices::command`] prepares.
#![allow(dead_code, clippy::unwrap_used)] // Each test program uses its part; a panic is how a test fails.

pub mod model;
pub mod page_client;
pub mod place;
pub mod program;
pub mod sign;
pub mod voice;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The paced plugin, built once per test program.
fn plugin() -> &'static Path {
    static PLUGIN: OnceLock<PathBuf> = OnceLock::new();
    PLUGIN.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/paced_pcm/paced_pcm.c");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        // Test programs run side by side: each builds its own and renames it into place.
        let (library, own) = (folder.join("libpaced.so"), folder.join(format!("libpaced.{}.so", std::process::id())));
        let built = Command::new("cc")
            .args(["-O2", "-Wall", "-Werror", "-shared", "-fPIC", "-DPIC", "-o"])
            .args([own.as_os_str(), source.as_os_str()])
            .arg("-lasound")
            .status()
            .expect("a C compiler, cc, is needed (package gcc)");
        assert!(built.success(), "the paced plugin does not build: is libasound2-dev there?");
        fs::rename(own, &library).unwrap();
        library
    })
}

/// A folder with sounds and an ALSA configuration that defines a device for each.
pub struct Devices {
    pub folder: tempfile::TempDir,
    config: String,
}

impl Devices {
    pub fn new() -> Self {
        let config = "</usr/share/alsa/alsa.conf>\n".to_owned()
            + &format!("pcm_type.paced {{ lib \"{}\" }}\n", plugin().display());
        Self { folder: tempfile::tempdir().unwrap(), config }
    }

    /// Adds the device `name`, which delivers `raw` as fast as it is read.
    pub fn unpaced(mut self, name: &str, raw: &[u8]) -> Self {
        let path = self.write(name, raw);
        self.config += &format!(
            "pcm.{name} {{ type file slave.pcm \"null\" file \"/dev/null\" infile \"{}\" format \"raw\" }}\n",
            path.display()
        );
        self
    }

    /// Adds the device `name`, which delivers `raw` in real time. `format` is an ALSA format name.
    pub fn paced(mut self, name: &str, raw: &[u8], format: &str, rate: u32, channels: u16) -> Self {
        let path = self.write(name, raw);
        self.config += &format!(
            "pcm.{name} {{ type paced infile \"{}\" format \"{format}\" rate {rate} channels {channels} }}\n",
            path.display()
        );
        self
    }

    fn write(&self, name: &str, raw: &[u8]) -> PathBuf {
        let path = self.folder.path().join(format!("{name}.raw"));
        fs::write(&path, raw).unwrap();
        path
    }

    /// `program` with these devices.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let path = self.folder.path().join("asound.conf");
        fs::write(&path, &self.config).unwrap();
        let mut command = Command::new(program);
        command.env("ALSA_CONFIG_PATH", path);
        command
    }
}

/// `frames` frames that count up by one, the same on every channel, as S16 (modulo 2^16) or S32.
pub fn ramp(format: &str, frames: u32, channels: u16) -> Vec<u8> {
    let mut raw = Vec::new();
    for frame in 0..frames {
        for _ in 0..channels {
            match format {
                "S16_LE" => raw.extend((frame as u16).to_le_bytes()),
                _ => raw.extend(frame.to_le_bytes()),
            }
        }
    }
    raw
}
