//! Where packed bytes go.

/// Memory to write to.
pub struct Sink<'a> {
    out: &'a mut [u8],
}

impl<'a> Sink<'a> {
    /// Writes to `out`.
    pub fn new(out: &'a mut [u8]) -> Self {
        Self { out }
    }

    /// Writes `bytes` at offset `at`.
    pub fn write(&mut self, at: usize, bytes: &[u8]) {
        self.with(at, bytes.len(), |out| out.copy_from_slice(bytes));
    }

    /// Has `fill` write `len` bytes at offset `at`. What does not fit is dropped; the packer reports it at the end.
    pub fn with(&mut self, at: usize, len: usize, fill: impl FnOnce(&mut [u8])) {
        if let Some(out) = self.out.get_mut(at..at + len) {
            fill(out);
        }
    }
}
