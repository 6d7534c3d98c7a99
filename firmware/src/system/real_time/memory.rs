//! Memory that is there when it is needed: locked, and touched before.

use nix::errno::Errno;
use nix::libc;
use nix::sys::mman::{MlockAllFlags, mlockall};
use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit, setrlimit};

use super::Grant;

/// Bytes of stack that capture is given before it starts; its deepest call, inside ALSA, needs a fraction of it.
const STACK: usize = 128 * 1024;

/// `CAP_IPC_LOCK` in `/proc/self/status`.
const IPC_LOCK: u32 = 14;

/// Locks the program's memory, page by page as it is touched, so that stacks and heaps never used cost nothing.
///
/// Where the amount is limited only what is there now is locked: under a limit, memory locked in advance would make later
/// allocations fail instead of page faults slow.
#[must_use]
pub(crate) fn lock_memory() -> Grant {
    let mut flags = MlockAllFlags::MCL_CURRENT;
    if unlimited() {
        flags |= MlockAllFlags::MCL_FUTURE;
    }
    let on_fault = MlockAllFlags::from_bits_retain(libc::MCL_ONFAULT);
    // Kernels before 4.4 do not know it.
    Grant::of(
        mlockall(flags | on_fault).or_else(|errno| if errno == Errno::EINVAL { mlockall(flags) } else { Err(errno) }),
    )
}

fn unlimited() -> bool {
    let limit = getrlimit(Resource::RLIMIT_MEMLOCK).map_or(0, |(soft, hard)| {
        // Up to the hard limit needs no privilege.
        if soft != hard && setrlimit(Resource::RLIMIT_MEMLOCK, hard, hard).is_err() { soft } else { hard }
    });
    limit == RLIM_INFINITY || capability(IPC_LOCK)
}

fn capability(bit: u32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask >> bit & 1 == 1)
}

/// Touches the calling thread's stack, 128 KiB deep.
#[inline(never)]
pub(crate) fn prefault_stack() {
    core::hint::black_box([0u8; STACK]);
}
