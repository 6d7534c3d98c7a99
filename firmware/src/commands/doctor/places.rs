//! Files and devices beside the sound: serial line, disk; and whether a device may be opened at all.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::fcntl::OFlag;
use nix::sys::statvfs::statvfs;

use super::report::{Check, Verdict};
use crate::sinks::serial::Config as SerialConfig;

/// Free space, in bytes, under which there is a warning: about ten minutes of recording.
const LITTLE: u64 = 100_000_000;
/// And under which it is broken.
const NONE: u64 = 10_000_000;

/// Whether `path` can be opened for reading and writing, without changing or waiting for anything.
fn open(path: &Path) -> std::io::Result<std::fs::File> {
    let quietly = OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    OpenOptions::new().read(true).write(true).custom_flags(quietly.bits()).open(path)
}

/// Whether the device `path` may be opened; `group` is whose it is, `absent` what to do when it is not there.
pub(super) fn access(name: &'static str, path: &Path, group: &str, absent: &str) -> Check {
    match open(path) {
        Ok(_) => Check::new(name, Verdict::Good, format!("{} can be opened", path.display())),
        Err(error) => {
            let remedy = match error.kind() {
                std::io::ErrorKind::NotFound => absent.to_owned(),
                std::io::ErrorKind::PermissionDenied => {
                    format!("add the user to the group `{group}`, or give the container --device {}", path.display())
                }
                _ => "is it the right device, and in use by no other program?".to_owned(),
            };
            Check::new(name, Verdict::Broken, format!("{}: {error}", path.display())).remedy(remedy)
        }
    }
}

/// The configured serial line.
pub(super) fn serial(config: &SerialConfig) -> Check {
    if config.device.as_os_str().is_empty() {
        return Check::new("serial", Verdict::Good, "no line is configured");
    }
    access(
        "serial",
        &config.device,
        "dialout",
        "set serial.device; on a Pi enable_uart=1 in config.txt, and no console on it in cmdline.txt",
    )
}

/// Space for recordings and status in `folder`.
pub(super) fn free_space(folder: &Path) -> Check {
    match statvfs(folder) {
        Ok(space) => {
            // Their types differ from one architecture to the next.
            #[allow(clippy::useless_conversion, clippy::unnecessary_cast)]
            let free = space.blocks_available() as u64 * space.fragment_size() as u64;
            let verdict = if free < NONE {
                Verdict::Broken
            } else if free < LITTLE {
                Verdict::Warn
            } else {
                Verdict::Good
            };
            let check = Check::new("free space", verdict, format!("{} MB in {}", free / 1_000_000, folder.display()));
            if verdict == Verdict::Good { check } else { check.remedy("delete recordings, or choose another --space") }
        }
        Err(errno) => Check::new("free space", Verdict::Broken, format!("{}: {}", folder.display(), errno.desc()))
            .remedy("choose a folder that exists with --space"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_configured_is_good() {
        assert_eq!(serial(&SerialConfig::default()).verdict, Verdict::Good);
    }

    #[test]
    fn a_configured_line_that_is_not_there_is_broken_with_a_remedy() {
        let check = serial(&SerialConfig { device: "/dev/no-such-line".into(), ..SerialConfig::default() });
        assert_eq!(check.verdict, Verdict::Broken);
        assert!(check.remedy.unwrap().contains("enable_uart"));
    }

    #[test]
    fn free_space_is_reported_for_any_folder_and_a_missing_one_is_broken() {
        assert!(free_space(Path::new("/")).found.ends_with("MB in /"));
        assert_eq!(free_space(Path::new("/no/such/folder")).verdict, Verdict::Broken);
    }
}
