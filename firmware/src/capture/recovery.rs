//! What to do about each error of a sound device: one table, no side effects.
//!
//! | the device reports | meaning | remedy |
//! |---|---|---|
//! | EPIPE | overrun | [`Remedy::Restart`] |
//! | ESTRPIPE | the system was suspended | [`Remedy::Resume`] |
//! | EAGAIN, EINTR | nothing yet | [`Remedy::Wait`]; a stall when it lasts |
//! | ENODEV, ENXIO, ENOENT, EBADF, ESHUTDOWN | unplugged | [`Remedy::Reopen`] |
//! | EIO, as ALSA calls a POLLERR without errno | the state shows it | as the state; else [`Remedy::Restart`] |
//! | anything else | undocumented error of a driver | [`Remedy::Restart`] |
//!
//! A remedy that was tried [`MAX_FAILURES`] times without a frame in between is followed by [`Remedy::Reopen`]. Capture
//! reopens without limit, with a back-off.

use nix::errno::Errno;

use super::pcm::{PcmError, PcmState};

/// How many remedies in a row may bring no frame before the device is reopened.
pub(crate) const MAX_FAILURES: u32 = 5;

/// What to do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// Retry a little later.
    Wait,
    /// Prepare and start again; frames are lost.
    Restart,
    /// Wake the device where it left off, or restart it if it cannot; frames are lost.
    Resume,
    /// Close and open the same device by name; frames are lost.
    Reopen,
}

/// The remedy for `error` of a device that is in `state`.
#[must_use]
pub(crate) const fn remedy(error: PcmError, state: PcmState) -> Remedy {
    if matches!(state, PcmState::Gone) {
        return Remedy::Reopen;
    }
    match (error.errno, state) {
        (Errno::EAGAIN | Errno::EINTR, _) => Remedy::Wait,
        (Errno::ENODEV | Errno::ENXIO | Errno::ENOENT | Errno::EBADF | Errno::ESHUTDOWN, _) => Remedy::Reopen,
        (Errno::ESTRPIPE, _) | (Errno::EIO, PcmState::Suspended) => Remedy::Resume,
        _ => Remedy::Restart,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(errno: Errno, state: PcmState) -> Remedy {
        remedy(PcmError::new("test", errno), state)
    }

    #[test]
    fn an_overrun_is_restarted() {
        assert_eq!(of(Errno::EPIPE, PcmState::Overrun), Remedy::Restart);
    }

    #[test]
    fn an_error_without_a_reason_is_read_from_the_state() {
        assert_eq!(of(Errno::EIO, PcmState::Overrun), Remedy::Restart);
        assert_eq!(of(Errno::EIO, PcmState::Suspended), Remedy::Resume);
        assert_eq!(of(Errno::EIO, PcmState::Gone), Remedy::Reopen);
        assert_eq!(of(Errno::EIO, PcmState::Running), Remedy::Restart);
    }

    #[test]
    fn an_unplugged_device_is_reopened_whatever_the_error() {
        assert_eq!(of(Errno::ENODEV, PcmState::Running), Remedy::Reopen);
        assert_eq!(of(Errno::EPIPE, PcmState::Gone), Remedy::Reopen);
    }
}
