//! Where packed bytes go: into the caller's memory, or nowhere while only measuring.

/// Memory to write to, or none.
pub struct Sink<'a> {
    out: Option<&'a mut [u8]>,
}

impl<'a> Sink<'a> {
    /// Writes to `out`, or measures.
    pub fn new(out: Option<&'a mut [u8]>) -> Self {
        Self { out }
    }

    /// Whether it only measures.
    pub fn measures(&self) -> bool {
        self.out.is_none()
    }

    /// Writes `bytes` at offset `at`.
    pub fn write(&mut self, at: usize, bytes: &[u8]) {
        self.with(at, bytes.len(), |out| out.copy_from_slice(bytes));
    }

    /// Has `fill` write `len` bytes at offset `at`; not called while measuring. What lies past the end is dropped.
    pub fn with(&mut self, at: usize, len: usize, fill: impl FnOnce(&mut [u8])) {
        if let Some(out) = self.out.as_deref_mut().and_then(|out| out.get_mut(at..at + len)) {
            fill(out);
        }
    }
}
