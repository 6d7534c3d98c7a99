//! The safe state when the program crashes: a fatal signal (a bad access, an overflowed stack, no memory left) sets the safe
//! levels before it ends the program.
//!
//! It is the last thing that the program does, and it is bounded: should the crash have happened while something was held
//! that setting a level needs, an alarm clock ends the program after [`TIMEOUT_S`]. After `SIGKILL` nothing runs any more.
#![allow(unsafe_code)]

use nix::errno::Errno;
use nix::libc;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, raise, sigaction};
use nix::unistd::alarm;

use super::safe;

/// The signals by which a program crashes.
const FATAL: [Signal; 5] = [Signal::SIGSEGV, Signal::SIGBUS, Signal::SIGILL, Signal::SIGFPE, Signal::SIGABRT];

/// Seconds that setting the levels may take.
const TIMEOUT_S: u32 = 1;

/// From now on a fatal signal sets the safe levels and then ends the program as it would have ended anyway.
///
/// # Errors
/// When the kernel takes no handlers.
pub fn on_fatal_signal() -> Result<(), Errno> {
    // The handler goes for good with its first use, so that it cannot run in circles; the standard library gave every
    // thread a stack of its own for signals, for the sake of overflowed ones.
    let flags = SaFlags::SA_ONSTACK | SaFlags::SA_RESETHAND;
    let action = SigAction::new(SigHandler::Handler(crashed), flags, SigSet::empty());
    for signal in FATAL {
        // SAFETY:
        // - `crashed` has the signature of a handler and lives as long as the program.
        // - It touches no state of the interrupted code: one atomic try-lock, system calls, and what `Lines::set` needs; if
        //   that waits for something the interrupted code holds (the allocator), the alarm ends the program.
        // - It never returns to running code: the raised signal ends the program as soon as it returns.
        unsafe { sigaction(signal, &action) }?;
    }
    Ok(())
}

extern "C" fn crashed(signal: libc::c_int) {
    alarm::set(TIMEOUT_S);
    safe::apply();
    // Blocked until this returns, and then at its default action: the end, with the right status for the supervisor.
    if let Ok(signal) = Signal::try_from(signal) {
        let _ = raise(signal);
    }
}
