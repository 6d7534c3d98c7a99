//! Lines of JSON with a check sum: what a power cut leaves half written is recognised.

use monitor_core::sealed::CRC;

/// JSON as a line: the JSON, a tab, its check sum as 8 hexadecimal digits, the line's end.
pub fn sealed(mut json: Vec<u8>) -> Vec<u8> {
    let sum = CRC.checksum(&json);
    json.extend(format!("\t{sum:08x}\n").bytes());
    json
}

/// The JSON of a line without its end; `None` for one that is torn or was never one.
pub(crate) fn opened(line: &[u8]) -> Option<&[u8]> {
    let (json, sum) = line.split_last_chunk::<9>()?;
    let sum = std::str::from_utf8(sum.strip_prefix(b"\t")?).ok()?;
    (u32::from_str_radix(sum, 16).ok()? == CRC.checksum(json)).then_some(json)
}
