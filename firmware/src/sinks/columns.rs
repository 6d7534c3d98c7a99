//! The log-mel columns of a whole sound.

use monitor_core::log_mel::{Column, LogMel};
use monitor_core::resample::{Error, Resampler};

/// Calls `each` with the columns, one every 10 ms, of mono samples at `rate_hz`, given in parts.
///
/// # Errors
/// When the rate is outside 8 to 384 kHz.
pub(super) fn for_each_column<P: AsRef<[f32]>>(
    rate_hz: u32,
    parts: impl IntoIterator<Item = P>,
    mut each: impl FnMut(&Column),
) -> Result<(), Error> {
    let mut storage = vec![0.0; Resampler::storage_len(rate_hz)?];
    let mut resampler = Resampler::new(rate_hz, &mut storage)?;
    let mut log_mel = LogMel::new();
    for part in parts {
        resampler.push(part.as_ref(), |sample| log_mel.push(&[sample], |column| each(column)));
    }
    Ok(())
}
