//! The name of this computer.

/// The host name; empty if the system has none.
pub(crate) fn name() -> String {
    nix::unistd::gethostname().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
