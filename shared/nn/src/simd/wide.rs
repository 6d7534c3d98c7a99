//! Loops of other crates, compiled for wider vectors than every processor of the architecture has.

/// Work whose loops compilers vectorise.
pub trait Work {
    /// Result of the work.
    type Output;

    /// Does the work. Implementations and what they call are `#[inline(always)]`, so that they are compiled with the caller's
    /// target features.
    fn run(self) -> Self::Output;
}

/// Runs `work` with AVX2 where the processor has it. The result is the same bit for bit: compilers neither reorder sums of
/// floats nor fuse a multiplication with an addition.
pub fn in_wide_vectors<W: Work>(work: W) -> W::Output {
    #[cfg(target_arch = "x86_64")]
    if super::Isa::Avx2.is_available() {
        // SAFETY: the processor has AVX2, as the check has found.
        return unsafe { with_avx2(work) };
    }
    work.run()
}

/// Runs `work` with AVX2.
///
/// # Safety
/// This processor has AVX2.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn with_avx2<W: Work>(work: W) -> W::Output {
    work.run()
}
