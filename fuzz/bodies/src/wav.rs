//! Recordings: any accepted bytes give finite samples, no more of them than the bytes can hold.

use std::io::Cursor;

use monitor_core::pcm::Channel;
use monitor_model::wav::{RATES_HZ, WavReader};

/// Reads to the end in blocks, then again after skipping a part.
pub fn read(bytes: &[u8]) {
    let Ok(mut reader) = WavReader::new(Cursor::new(bytes)) else { return };
    assert!(RATES_HZ.contains(&reader.rate_hz()) && reader.channels() > 0);
    let all = rest(&mut reader);
    assert!(all <= bytes.len(), "{all} samples of {} bytes", bytes.len());
    let skipped = bytes.len() / 7 % 50;
    let mut again = WavReader::new(Cursor::new(bytes)).expect("the same bytes are accepted again");
    again.skip(skipped as u64).expect("memory does not fail");
    assert_eq!(rest(&mut again), all.saturating_sub(skipped));
    let Ok(mut examined) = WavReader::examined(Cursor::new(bytes), Channel::Average) else { return };
    let frames = examined.frames().expect("the length of memory is known");
    let all = rest(&mut examined);
    assert!(frames == all as u64 && all <= bytes.len(), "{all} of {frames} samples");
    examined.remarks().iter().for_each(|remark| assert!(!remark.to_string().is_empty()));
    let mut again =
        WavReader::examined(Cursor::new(bytes), Channel::Average).expect("the same bytes are accepted again");
    again.skip(skipped as u64).expect("memory does not fail");
    assert_eq!(rest(&mut again), all.saturating_sub(skipped));
}

fn rest(reader: &mut WavReader<Cursor<&[u8]>>) -> usize {
    let mut block = [f32::NAN; 333];
    let mut all = 0;
    loop {
        let read = reader.read(&mut block).expect("memory does not fail");
        assert!(block[..read].iter().all(|sample| sample.is_finite()), "a sample that is not finite");
        all += read;
        if read < block.len() {
            assert_eq!(reader.read(&mut block).expect("memory does not fail"), 0, "nothing follows the end");
            return all;
        }
    }
}
