//! Scheduling of the calling thread, by calls that no safe wrapper has.
#![allow(unsafe_code)]

use nix::errno::Errno;
use nix::libc;
use nix::sched::{CpuSet, sched_setaffinity};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::unistd::Pid;

use super::Grant;

/// Puts the calling thread under SCHED_FIFO with `priority`, 1 to 99.
#[must_use]
pub(crate) fn schedule(priority: u8) -> Grant {
    // Up to the hard limit needs no privilege; a refusal shows below.
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_RTPRIO)
        && soft < hard
    {
        let _ = setrlimit(Resource::RLIMIT_RTPRIO, hard, hard);
    }
    // SAFETY:
    // - `sched_param` is a C struct of integers in every libc: all zeros is a value of it.
    let mut param: libc::sched_param = unsafe { core::mem::zeroed() };
    param.sched_priority = priority.into();
    // By thread, not `sched_setscheduler`, which musl refuses.
    // SAFETY:
    // - `pthread_self` is the calling thread's own handle, valid while it runs.
    // - `param` outlives the call, which only reads it.
    let result = unsafe { libc::pthread_setschedparam(libc::pthread_self(), libc::SCHED_FIFO, &raw const param) };
    Grant::of(if result == 0 { Ok(()) } else { Err(Errno::from_raw(result)) })
}

/// Keeps the calling thread on core `cpu`, counted from 0.
#[must_use]
pub(crate) fn pin(cpu: usize) -> Grant {
    let mut set = CpuSet::new();
    Grant::of(set.set(cpu).and_then(|()| sched_setaffinity(Pid::from_raw(0), &set)))
}
