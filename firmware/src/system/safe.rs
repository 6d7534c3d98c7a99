//! The safe state that outputs are left in when the program ends, even by a panic.
//!
//! On a panic anywhere in the program the hook applies it before anything else happens, and ends the program: a supervisor
//! starts it again. A crash that is no panic is [`super::crash`]'s. No program can act after `SIGKILL` or a power cut: there
//! the heartbeat line stops, and a resistor at the pin sets the level.

use std::sync::{Arc, Mutex, PoisonError};

/// Something that has a safe state: the GPIO lines.
pub trait SafeState: Send + Sync {
    /// Sets the safe state. It runs in a crashing program: bounded, and without waiting for other threads.
    fn apply(&self);
}

/// What is to be set at the end.
static REGISTERED: Registered = Registered(Mutex::new(None));

struct Registered(Mutex<Option<Arc<dyn SafeState>>>);

impl Registered {
    fn set(&self, state: Arc<dyn SafeState>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(state);
    }

    fn clear(&self, state: &Arc<dyn SafeState>) {
        let mut registered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if registered.as_ref().is_some_and(|known| Arc::ptr_eq(known, state)) {
            *registered = None;
        }
    }

    fn apply(&self) {
        // Without waiting: the thread that panicked may hold the lock.
        let taken = match self.0.try_lock() {
            Ok(mut state) => state.take(),
            Err(std::sync::TryLockError::Poisoned(state)) => state.into_inner().take(),
            Err(std::sync::TryLockError::WouldBlock) => None,
        };
        if let Some(state) = taken {
            state.apply();
        }
    }
}

/// Registers what is to be applied at the end, in place of what was registered before.
pub(crate) fn register(state: Arc<dyn SafeState>) {
    REGISTERED.set(state);
}

/// Withdraws this state; another one that was registered since stays.
pub(crate) fn withdraw(state: &Arc<dyn SafeState>) {
    REGISTERED.clear(state);
}

/// Applies the registered state. The second time it does nothing.
pub(crate) fn apply() {
    REGISTERED.apply();
}

/// From now on a panic applies the safe state and ends the whole program, whichever thread it is in.
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
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

    use super::*;

    #[derive(Default)]
    struct Fake(AtomicU32);

    impl SafeState for Fake {
        fn apply(&self) {
            self.0.fetch_add(1, Relaxed);
        }
    }

    #[test]
    fn what_was_registered_is_applied_once() {
        let (registered, fake) = (Registered(Mutex::new(None)), Arc::new(Fake::default()));
        registered.set(fake.clone());
        registered.apply();
        registered.apply();
        assert_eq!(fake.0.load(Relaxed), 1);
    }

    #[test]
    fn pins_that_end_leave_the_safe_levels_of_those_after_them_alone() {
        let (before, after) = (Arc::new(Fake::default()), Arc::new(Fake::default()));
        let (first, registered): (Arc<dyn SafeState>, _) = (before.clone(), Registered(Mutex::new(None)));
        registered.set(Arc::clone(&first));
        registered.set(after.clone());
        registered.clear(&first);
        registered.apply();
        assert_eq!((before.0.load(Relaxed), after.0.load(Relaxed)), (0, 1));
    }
}
