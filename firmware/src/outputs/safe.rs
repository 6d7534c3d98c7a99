//! The levels that the pins are left at when the program ends, even by a panic.
//!
//! On a panic anywhere in the program the hook sets them before anything else happens, and ends the program: a supervisor
//! starts it again. What no program can do is set levels after `SIGKILL` or a power cut: there the heartbeat line stands
//! still, and a resistor at the pin says the level.

use std::sync::{Arc, Mutex, PoisonError};

use super::gpio_chip::{Levels, Lines};

/// The lines in use and their safe levels.
static LINES: Mutex<Option<(Arc<dyn Lines>, Levels)>> = Mutex::new(None);

/// Says what is to be set at the end; replaces what was said before.
pub fn remember(lines: Arc<dyn Lines>, levels: Levels) {
    *LINES.lock().unwrap_or_else(PoisonError::into_inner) = Some((lines, levels));
}

/// Says that there is nothing to be set any more.
pub fn forget() {
    *LINES.lock().unwrap_or_else(PoisonError::into_inner) = None;
}

/// Sets the safe levels and gives the lines back. The second time it does nothing.
pub fn apply() {
    // Not to wait: whoever holds it may be the thread that panicked.
    let taken = match LINES.try_lock() {
        Ok(mut lines) => lines.take(),
        Err(std::sync::TryLockError::Poisoned(lines)) => lines.into_inner().take(),
        Err(std::sync::TryLockError::WouldBlock) => None,
    };
    if let Some((lines, levels)) = taken {
        // There is nobody left to tell.
        let _ = lines.set(&levels);
    }
}

/// From now on a panic sets the safe levels and ends the whole program, whichever thread it is in.
pub fn on_panic() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        apply();
        before(info);
        std::process::abort();
    }));
}
