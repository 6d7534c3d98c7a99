//! Round numbers along an axis.

/// Positions of ticks within `low..=high` and their labels: about `wanted` of them, a step of 1, 2 or 5 times a power of ten.
///
/// An empty or infinite range has no ticks.
pub(crate) fn ticks(low: f64, high: f64, wanted: usize) -> Vec<(f64, String)> {
    let span = high - low;
    if !(span.is_finite() && span > 0.0) {
        return Vec::new();
    }
    let rough = span / wanted.max(1) as f64;
    let power = 10f64.powi(rough.log10().floor() as i32);
    let step =
        [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * power).find(|&s| s >= rough * 0.999).unwrap_or(power * 10.0);
    let decimals = (-step.log10().floor()).clamp(0.0, 9.0) as usize;
    let first = (low / step - 1e-9).ceil() as i64;
    let last = (high / step + 1e-9).floor() as i64;
    (first..=last)
        .map(|k| {
            let value = k as f64 * step;
            // `+ 0.0` turns a negative zero into zero.
            (value, format!("{:.decimals$}", value + 0.0))
        })
        .collect()
}

/// The range of `values` with a margin on both sides; `0..1` if there is no finite value.
pub(crate) fn range(values: impl IntoIterator<Item = f64>) -> (f64, f64) {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for value in values.into_iter().filter(|v| v.is_finite()) {
        low = low.min(value);
        high = high.max(value);
    }
    if low > high {
        return (0.0, 1.0);
    }
    let air = if high > low { (high - low) * 0.05 } else { high.abs().max(1.0) * 0.5 };
    (low - air, high + air)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(low: f64, high: f64, wanted: usize) -> Vec<String> {
        ticks(low, high, wanted).into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn steps_are_round_and_labels_have_just_enough_decimals() {
        assert_eq!(labels(0.0, 1.0, 5), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(-7.0, 12.0, 5), ["-5", "0", "5", "10"]);
        assert_eq!(labels(0.0, 0.03, 3), ["0.00", "0.01", "0.02", "0.03"]);
    }

    #[test]
    fn zero_has_no_minus_sign() {
        assert!(labels(-1.0, 1.0, 4).contains(&"0.0".to_string()));
    }

    #[test]
    fn an_empty_or_endless_range_has_no_ticks() {
        assert!(ticks(1.0, 1.0, 5).is_empty());
        assert!(ticks(0.0, f64::INFINITY, 5).is_empty());
        assert!(ticks(f64::NAN, 1.0, 5).is_empty());
    }

    #[test]
    fn a_range_of_one_value_or_none_is_not_empty() {
        assert_eq!(range([]), (0.0, 1.0));
        assert_eq!(range([f64::NAN]), (0.0, 1.0));
        assert_eq!(range([4.0]), (2.0, 6.0));
    }
}
