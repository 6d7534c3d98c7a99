//! The levels that the pins are left at when the program ends, even by a panic.
//!
//! On a panic anywhere in the program the hook sets them before anything else happens, and ends the program: a supervisor
//! starts it again. A crash that is no panic is [`super::crash`]'s. What no program can do is set levels after `SIGKILL` or a
//! power cut: there the heartbeat line stands still, and a resistor at the pin says the level.

use std::sync::{Arc, Mutex, PoisonError};

use super::gpio::chip::{Levels, Lines};

/// The lines in use and their safe levels.
static LINES: Remembered = Remembered(Mutex::new(None));

/// Lines, and what they are to be left at.
struct Remembered(Mutex<Option<(Arc<dyn Lines>, Levels)>>);

impl Remembered {
    fn remember(&self, lines: Arc<dyn Lines>, levels: Levels) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((lines, levels));
    }

    fn forget(&self, lines: &Arc<dyn Lines>) {
        let mut remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.as_ref().is_some_and(|(known, _)| Arc::ptr_eq(known, lines)) {
            *remembered = None;
        }
    }

    fn apply(&self) {
        // Not to wait: whoever holds it may be the thread that panicked.
        let taken = match self.0.try_lock() {
            Ok(mut lines) => lines.take(),
            Err(std::sync::TryLockError::Poisoned(lines)) => lines.into_inner().take(),
            Err(std::sync::TryLockError::WouldBlock) => None,
        };
        if let Some((lines, levels)) = taken {
            // There is nobody left to tell.
            let _ = lines.set(&levels);
        }
    }
}

/// Says what is to be set at the end; replaces what was said before.
pub fn remember(lines: Arc<dyn Lines>, levels: Levels) {
    LINES.remember(lines, levels);
}

/// Says that nothing is to be set on these lines any more; others that were remembered since stay.
pub fn forget(lines: &Arc<dyn Lines>) {
    LINES.forget(lines);
}

/// Sets the safe levels and gives the lines back. The second time it does nothing.
pub fn apply() {
    LINES.apply();
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

#[cfg(test)]
mod tests {
    use super::super::gpio::chip::Error;
    use super::*;

    #[derive(Default)]
    struct Fake(Mutex<Levels>);

    impl Lines for Fake {
        fn set(&self, levels: &[(u32, bool)]) -> Result<(), Error> {
            self.0.lock().unwrap().extend(levels);
            Ok(())
        }
    }

    #[test]
    fn what_was_remembered_is_set_once() {
        let (remembered, fake) = (Remembered(Mutex::new(None)), Arc::new(Fake::default()));
        remembered.remember(fake.clone(), vec![(27, true)]);
        remembered.apply();
        remembered.apply();
        assert_eq!(*fake.0.lock().unwrap(), [(27, true)]);
    }

    #[test]
    fn pins_that_end_leave_the_safe_levels_of_those_after_them_alone() {
        let (before, after) = (Arc::new(Fake::default()), Arc::new(Fake::default()));
        let (first, remembered): (Arc<dyn Lines>, _) = (before.clone(), Remembered(Mutex::new(None)));
        remembered.remember(Arc::clone(&first), vec![(27, false)]);
        remembered.remember(after.clone(), vec![(27, true)]);
        remembered.forget(&first);
        remembered.apply();
        assert!(before.0.lock().unwrap().is_empty());
        assert_eq!(*after.0.lock().unwrap(), [(27, true)]);
    }
}
