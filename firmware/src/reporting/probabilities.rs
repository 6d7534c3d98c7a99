//! The probabilities of one window, in as many bytes as the model has classes.
//!
//! A machine has a handful of states: up to [`INLINE`] classes lie in the event itself. Models with more take a buffer of a
//! [`Pool`], which the copies of an event in all queues share; the pool allocates all its buffers with the first window of a
//! model, so that later ones allocate nothing.

use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

/// Classes that an event holds without a buffer.
const INLINE: usize = 16;

/// A window's probabilities, one for each class.
#[derive(Debug, Clone)]
pub enum Probabilities<'a> {
    /// Where the classifier wrote them: valid until the next window.
    Borrowed(&'a [f32]),
    /// In the event.
    Inline(heapless::Vec<f32, INLINE>),
    /// In a buffer of the pool.
    Pooled(Arc<[f32]>),
}

impl Deref for Probabilities<'_> {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        match self {
            Self::Borrowed(values) => values,
            Self::Inline(values) => values,
            Self::Pooled(values) => values,
        }
    }
}

impl PartialEq for Probabilities<'_> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

/// Buffers for the windows in all queues.
#[derive(Debug, Default)]
pub(super) struct Pool(Mutex<Buffers>);

#[derive(Debug, Default)]
struct Buffers {
    buffers: Vec<Arc<[f32]>>,
    /// The one to try first: the least recently used.
    next: usize,
}

impl Pool {
    /// Copies `values`, so that they outlive the window. `most` is the largest number of windows that are held at a time.
    pub(super) fn copy(&self, values: &[f32], most: usize) -> Probabilities<'static> {
        if let Ok(inline) = heapless::Vec::from_slice(values) {
            return Probabilities::Inline(inline);
        }
        // Only the inference thread sends windows: the lock has no contention.
        let mut pool = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if pool.buffers.len() < most || pool.buffers.first().is_some_and(|buffer| buffer.len() != values.len()) {
            *pool = Buffers { buffers: (0..most).map(|_| vec![0.0; values.len()].into()).collect(), next: 0 };
        }
        let Buffers { buffers, next } = &mut *pool;
        for step in 0..buffers.len() {
            let place = (*next + step) % buffers.len();
            if let Some(buffer) = Arc::get_mut(&mut buffers[place]) {
                buffer.copy_from_slice(values);
                *next = (place + 1) % buffers.len();
                return Probabilities::Pooled(Arc::clone(&buffers[place]));
            }
        }
        // All buffers are in use only if a sink keeps windows, which none does.
        Probabilities::Pooled(values.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_used_again_only_when_no_event_refers_to_it() {
        let pool = Pool::default();
        let window = |value: f32| pool.copy(&[value; 521], 2);
        let (first, second) = (window(1.0), window(2.0));
        let address = first.as_ptr();
        drop(first);
        let third = window(3.0);
        assert_eq!((third.as_ptr(), third[520], second[520]), (address, 3.0, 2.0));
        // More windows than announced: a buffer of its own, and no value is overwritten.
        let fourth = window(4.0);
        assert_eq!((third[0], second[0], fourth[0]), (3.0, 2.0, 4.0));
    }

    #[test]
    fn the_usual_number_of_classes_takes_no_buffer() {
        assert!(
            matches!(Pool::default().copy(&[0.5; INLINE], 9), Probabilities::Inline(values) if values.len() == INLINE)
        );
    }
}
