//! Square roots of many values, for the front end: compilers do not join calls of `libm::sqrtf` to one vector instruction.

/// Replaces each value by its square root, correctly rounded: equal to `libm::sqrtf` bit for bit.
pub fn square_roots(values: &mut [f32]) {
    let (fours, rest) = values.as_chunks_mut::<4>();
    fours.iter_mut().for_each(|four| *four = of_four(*four));
    rest.iter_mut().for_each(|value| *value = libm::sqrtf(*value));
}

#[cfg(target_arch = "x86_64")]
#[inline]
fn of_four(four: [f32; 4]) -> [f32; 4] {
    // SAFETY: every x86-64 processor has SSE.
    bytemuck::cast(unsafe { core::arch::x86_64::_mm_sqrt_ps(bytemuck::cast(four)) })
}

#[cfg(not(target_arch = "x86_64"))]
#[inline]
fn of_four(four: [f32; 4]) -> [f32; 4] {
    four.map(libm::sqrtf)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn square_roots_are_those_of_libm_bit_for_bit(values in prop::collection::vec(0_u32..=0x7f80_0000, 0..50)) {
            let values: Vec<f32> = values.into_iter().map(f32::from_bits).collect();
            let mut roots = values.clone();
            square_roots(&mut roots);
            for (root, value) in roots.iter().zip(values) {
                prop_assert_eq!(root.to_bits(), libm::sqrtf(value).to_bits(), "{}", value);
            }
        }
    }
}
