//! A heap that gives back what a reload leaves. A call that no safe wrapper has.
#![allow(unsafe_code)]

/// Smallest piece that gets pages of its own, which go back to the system when it is freed: glibc's first setting.
#[cfg(target_env = "gnu")]
const OWN_PAGES: nix::libc::c_int = 128 * 1024;

/// To be called before the first thread is started.
///
/// Left alone, glibc gives threads heaps of their own, and keeps the pages of every model that was ever replaced, as it raises
/// the size from which a piece has its own pages to that of the largest piece freed. Nothing that listens allocates: one heap
/// for all costs no time.
pub(crate) fn settle_heap() {
    #[cfg(target_env = "gnu")]
    // SAFETY:
    // - `mallopt` takes any two numbers; it refuses those that it does not like, and then all stays as it was.
    unsafe {
        nix::libc::mallopt(nix::libc::M_ARENA_MAX, 1);
        nix::libc::mallopt(nix::libc::M_MMAP_THRESHOLD, OWN_PAGES);
    }
}
