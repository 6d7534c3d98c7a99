//! Packing for an instruction set that is selected at run time.

use super::body::Body;
use super::layout::{Layout, Task};
use super::pack;
use super::plan::Plan;
use super::simd::Isa;

/// Returns the number of bytes that [`pack()`] requires: exact, or an upper bound if weights may be split.
pub(crate) fn packed_len(isa: Isa, body: &Body, plan: &Plan) -> usize {
    isa.run(MaxLen { body, plan })
}

/// Returns the number of bytes that [`pack()`] uses if no weights are split or omitted.
pub(crate) fn usual_packed_len(isa: Isa, body: &Body, plan: &Plan) -> usize {
    isa.run(UsualLen { body, plan })
}

/// Packs `body` for the kernels of `isa` into `out`, which has at least [`packed_len`] bytes. Returns the number of bytes used.
pub(crate) fn pack(isa: Isa, body: &Body, plan: &Plan, out: &mut [u8]) -> usize {
    isa.run(Pack { body, plan, out })
}

struct MaxLen<'a> {
    body: &'a Body<'a>,
    plan: &'a Plan,
}

impl Task for MaxLen<'_> {
    type Output = usize;

    #[inline(always)]
    fn run<L: Layout>(self) -> usize {
        pack::max_len::<L>(self.body, self.plan)
    }
}

struct UsualLen<'a> {
    body: &'a Body<'a>,
    plan: &'a Plan,
}

impl Task for UsualLen<'_> {
    type Output = usize;

    #[inline(always)]
    fn run<L: Layout>(self) -> usize {
        pack::len::<L>(self.body, self.plan, 1)
    }
}

struct Pack<'a> {
    body: &'a Body<'a>,
    plan: &'a Plan,
    out: &'a mut [u8],
}

impl Task for Pack<'_> {
    type Output = usize;

    #[inline(always)]
    fn run<L: Layout>(self) -> usize {
        pack::pack::<L>(self.body, self.plan, self.out)
    }
}
