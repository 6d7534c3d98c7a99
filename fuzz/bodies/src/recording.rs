//! Recordings of every format: any bytes are an error or finite samples, and memory and time are bounded by the input's size.

use monitor_recording::RecordingReader;

/// Most frames that are read of one input: silence is compressed without limit.
const MOST: usize = 1 << 20;

/// Reads a recording to its end.
pub fn read(bytes: &[u8]) {
    let Ok(mut reader) = RecordingReader::from_bytes(bytes) else { return };
    assert!(monitor_model::wav::RATES_HZ.contains(&reader.rate_hz()) && reader.channels() > 0);
    let mut block = vec![f32::NAN; 333 * usize::from(reader.channels())];
    let mut all = 0;
    while let Ok(read @ 1..) = reader.read_all_channels(&mut block) {
        let samples = &block[..read * usize::from(reader.channels())];
        assert!(samples.iter().all(|sample| sample.is_finite()), "a sample that is not finite");
        all += read;
        if all > MOST {
            break;
        }
    }
    reader.remarks().iter().for_each(|remark| assert!(!remark.text.is_empty()));
}
