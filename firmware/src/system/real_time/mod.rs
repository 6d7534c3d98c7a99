//! Real-time rights of the capture thread: scheduling, core, memory. Asked for one by one, each refusal survived and kept.
//!
//! A program that is refused them runs with less margin: it reports that once, with the way to grant them, and in every
//! health event.

mod heap;
mod memory;
mod sched;

use core::fmt;

use nix::errno::Errno;
use serde::Serialize;

pub(crate) use heap::settle_heap;
pub(crate) use memory::{lock_memory, prefault_stack};
pub(crate) use sched::{pin, schedule};

/// The privileges to ask for.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Wanted {
    /// Whether to lock the program's memory.
    pub(crate) lock_memory: bool,
    /// The core to pin the thread to, from 0.
    pub(crate) cpu: Option<usize>,
    /// SCHED_FIFO priority, 1 to 99; 0 for none.
    pub(crate) priority: u8,
}

/// What became of one privilege.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state", content = "reason")]
pub enum Grant {
    /// The configuration does not want it.
    NotAsked,
    /// The system gave it.
    Granted,
    /// The system refused, and why.
    Refused(String),
}

impl Grant {
    pub(crate) fn of(result: Result<(), Errno>) -> Self {
        match result {
            Ok(()) => Self::Granted,
            Err(errno) => Self::Refused(format!("{} ({errno:?})", errno.desc())),
        }
    }

    /// Whether it was requested and refused.
    #[must_use]
    pub const fn refused(&self) -> bool {
        matches!(self, Self::Refused(_))
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAsked => f.write_str("not asked for"),
            Self::Granted => f.write_str("granted"),
            Self::Refused(reason) => write!(f, "refused: {reason}"),
        }
    }
}

/// What became of the privileges of the capture thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RealTime {
    /// SCHED_FIFO.
    pub scheduling: Grant,
    /// Locked memory.
    pub memory: Grant,
    /// A core of its own choice.
    pub pinning: Grant,
}

impl RealTime {
    /// Asks for all of `wanted`, for the calling thread, and touches its stack.
    #[must_use]
    pub(crate) fn acquire(wanted: Wanted) -> Self {
        let real_time = Self {
            memory: if wanted.lock_memory { lock_memory() } else { Grant::NotAsked },
            pinning: wanted.cpu.map_or(Grant::NotAsked, pin),
            scheduling: if wanted.priority == 0 { Grant::NotAsked } else { schedule(wanted.priority) },
        };
        prefault_stack();
        real_time
    }

    /// Whether nothing that was asked for was refused.
    #[must_use]
    pub const fn granted(&self) -> bool {
        !(self.scheduling.refused() || self.memory.refused() || self.pinning.refused())
    }

    /// One line for people if something was refused: what, and how to grant it.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        let mut refused = Vec::new();
        for (name, grant) in [
            ("real-time scheduling", &self.scheduling),
            ("locked memory", &self.memory),
            ("the core to run on", &self.pinning),
        ] {
            if let Grant::Refused(reason) = grant {
                refused.push(format!("{name}: {reason}"));
            }
        }
        if refused.is_empty() {
            return None;
        }
        Some(format!(
            "running on without {}; sound may be lost under load. To grant it: run as root, or `setcap \
             cap_sys_nice,cap_ipc_lock+ep` on the program, or in the systemd unit LimitRTPRIO=95 and \
             LimitMEMLOCK=infinity, or docker run --cap-add SYS_NICE --cap-add IPC_LOCK --ulimit rtprio=95 --ulimit \
             memlock=-1. To root in a container only a share of real time in its CPU group helps (cpu.rt_runtime_us); a core \
             must exist and belong to the program's CPU set",
            refused.join("; ")
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_one_warning_with_the_remedy() {
        let real_time =
            RealTime { scheduling: Grant::of(Err(Errno::EPERM)), memory: Grant::Granted, pinning: Grant::NotAsked };
        let warning = real_time.warning().unwrap();
        assert!(warning.contains("real-time scheduling: Operation not permitted (EPERM)"), "{warning}");
        assert!(warning.contains("LimitRTPRIO") && warning.contains("setcap") && !warning.contains('\n'));
        assert!(!real_time.granted());
    }

    #[test]
    fn a_core_that_does_not_exist_is_refused_and_survived() {
        let real_time = RealTime::acquire(Wanted { cpu: Some(1023), ..Wanted::default() });
        assert!(real_time.pinning.refused());
        assert_eq!(real_time.scheduling, Grant::NotAsked);
    }

    #[test]
    fn a_granted_priority_is_the_policy_the_kernel_shows() {
        std::thread::spawn(|| {
            let granted = schedule(7);
            let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
            // Field 41 is the policy, 40 the priority; the name in field 2 may hold spaces.
            let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
            let expected = if granted == Grant::Granted { ("7", "1") } else { ("0", "0") };
            assert_eq!((fields[37], fields[38]), expected, "{granted}");
        })
        .join()
        .unwrap();
    }
}
