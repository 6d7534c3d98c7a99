//! Rows of an activation that are the same in two overlapping windows.
//!
//! A later window contains the columns of an earlier one, moved by a *shift*. A row of an activation depends on a range of
//! columns, its receptive field. If the field lies within both windows, and the shift is a multiple of the columns per row, then
//! the row equals a row of the earlier window, bit for bit. Rows whose field reaches into the padding at either end of a window
//! differ. Each convolution widens the field, so that few rows of late layers can be reused.

use core::ops::Range;

use heapless::Vec;

use super::body::MAX_LAYERS;
use super::plan::{Plan, Step};
use crate::PATCH_COLUMNS;

/// The rows of an activation in relation to the columns of the patch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rows {
    /// Columns of the patch from one row to the next.
    pub stride: usize,
    /// Rows whose receptive field contains no padding.
    pub inner: Range<usize>,
}

impl Rows {
    /// The patch itself.
    const PATCH: Self = Self { stride: 1, inner: 0..PATCH_COLUMNS };

    /// Returns the rows of the result of a convolution over three rows, with `top` rows of padding before the first.
    fn convolved(&self, stride: usize, top: usize) -> Self {
        // Row y reads the rows y * stride - top to y * stride - top + 2.
        let start = (self.inner.start + top).div_ceil(stride);
        let end = (self.inner.end + top).checked_sub(3).map_or(0, |last| last / stride + 1);
        Self { stride: self.stride * stride, inner: start..end.max(start) }
    }

    /// Returns the rows of a window that the window `shift` columns earlier also has, and how many rows further it has them.
    /// `None` if there are none.
    pub(crate) fn shared(&self, shift: usize) -> Option<(Range<usize>, usize)> {
        let further = shift / self.stride;
        let rows = self.inner.start..self.inner.end.saturating_sub(further);
        (shift.is_multiple_of(self.stride) && !rows.is_empty()).then_some((rows, further))
    }
}

/// Returns the rows of every step's result.
pub(crate) fn rows(plan: &Plan) -> Vec<Rows, MAX_LAYERS> {
    let (mut rows, mut top) = (Rows::PATCH, plan.image.top);
    let next = |step: &Step| {
        match step {
            // The first convolution.
            Step::Product(product, _) if product.lines > 1 => rows = rows.convolved(product.input_step, top),
            Step::Product(..) => {}
            Step::Planes(planes) => rows = rows.convolved(planes.stride, top),
        }
        if let Step::Product(_, wide) = step {
            top = wide.top;
        }
        rows.clone()
    };
    plan.steps.iter().map(next).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_a_convolution_with_padding_at_both_ends_lose_one_at_each() {
        let rows = Rows { stride: 2, inner: 0..47 }.convolved(1, 1);
        assert_eq!(rows, Rows { stride: 2, inner: 1..46 });
    }

    #[test]
    fn at_stride_two_a_row_is_inner_if_all_three_rows_that_it_reads_are() {
        // Row 0 reads rows 0 to 2, row 21 reads 42 to 44, row 22 reads 44 to 46.
        let rows = Rows { stride: 2, inner: 1..46 }.convolved(2, 0);
        assert_eq!(rows, Rows { stride: 4, inner: 1..22 });
    }

    #[test]
    fn a_shift_that_is_no_multiple_of_the_stride_shares_nothing() {
        let rows = Rows { stride: 4, inner: 1..22 };
        assert_eq!(rows.shared(48), Some((1..10, 12)));
        assert_eq!(rows.shared(10), None);
        assert_eq!(rows.shared(84), None, "no row is left");
    }

    #[test]
    fn an_activation_that_is_all_padding_has_no_inner_rows() {
        let rows = Rows { stride: 32, inner: 1..2 }.convolved(2, 1);
        assert_eq!(rows.shared(0), None);
        assert!(rows.inner.is_empty());
    }
}
