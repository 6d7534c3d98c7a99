//! Destination of packed bytes.

/// A bounds-checked output buffer.
pub(super) struct Sink<'a> {
    out: &'a mut [u8],
}

impl<'a> Sink<'a> {
    /// Creates a sink that writes to `out`.
    pub(super) fn new(out: &'a mut [u8]) -> Self {
        Self { out }
    }

    /// Writes `bytes` at offset `at`.
    pub(super) fn write(&mut self, at: usize, bytes: &[u8]) {
        self.with(at, bytes.len(), |out| out.copy_from_slice(bytes));
    }

    /// Calls `fill` on the `len` bytes at offset `at`. Does nothing if they lie outside; callers size the buffer with
    /// `max_len`, and `Verified` checks the result.
    pub(super) fn with(&mut self, at: usize, len: usize, fill: impl FnOnce(&mut [u8])) {
        if let Some(out) = self.out.get_mut(at..at + len) {
            fill(out);
        }
    }
}
