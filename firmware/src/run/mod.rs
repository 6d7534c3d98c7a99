//! `firmware run`: sound in, state out, for as long as it is let.
//!
//! Threads: *capture* copies frames from the device into a ring ([`crate::capture`]); *inference* ([`listen`]) takes them
//! out, drives the chain and the decision; one per output ([`crate::outputs`]) writes what inference tells; the *main*
//! thread ([`supervisor`]) waits for signals, counts, and tells systemd. Each is joined to the next by a bounded queue that
//! drops and counts, so that nobody waits for anybody behind.

mod file_sound;
mod health;
mod listen;
mod not_used;
mod notify;
mod player;
mod progress;
mod setup;
mod signals;
mod sound;
mod supervisor;

pub use file_sound::FileSound;
pub use health::cpu_millidegrees;
pub use listen::{Listening, listen};
pub use progress::{Progress, Times};
pub use setup::{Setup, SetupError, now_ns};
pub use sound::{Piece, Sound};
pub(crate) use supervisor::open;
pub use supervisor::{Input, Options, run};
