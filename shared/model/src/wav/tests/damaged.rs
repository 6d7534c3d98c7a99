use super::*;
use proptest::prelude::*;

/// Reads the whole file and checks that the samples are finite and not more than the bytes.
fn survives(bytes: &[u8]) {
    for samples in [stream(bytes), read("damaged", bytes)].into_iter().flatten() {
        assert!(samples.len() <= bytes.len());
        assert!(samples.iter().all(|sample| sample.is_finite()));
    }
}

proptest! {
    #[test]
    fn any_change_of_any_bytes_is_survived(
        extensible: bool,
        channels in 1_u16..4,
        container in 1_u16..5,
        changes in prop::collection::vec((0_usize..120, any::<u8>()), 0..6),
        len in prop::option::of(0_usize..200),
    ) {
        let mut parts = Parts::new(PCM, container, container * 8, &[0x5a; 100]);
        parts.channels = channels;
        parts.before = b"LIST\x03\0\0\0abc\0".to_vec();
        let parts = if extensible { parts.extensible(container * 8) } else { parts };
        let mut file = parts.bytes();
        for (at, value) in changes {
            if let Some(byte) = file.get_mut(at) {
                *byte = value;
            }
        }
        file.truncate(len.unwrap_or(usize::MAX));
        survives(&file);
    }

    #[test]
    fn any_bytes_after_the_magic_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        survives(&[&b"RIFF\xff\0\0\0WAVE"[..], &bytes].concat());
        survives(&[&b"RIFF\xff\0\0\0WAVEfmt "[..], &bytes].concat());
    }

    #[test]
    fn any_description_of_the_samples_is_survived(fmt in prop::collection::vec(any::<u8>(), 40), tag in 0_u16..9) {
        let mut file = b"RIFF\xff\0\0\0WAVEfmt \x28\0\0\0".to_vec();
        file.extend(tag.to_le_bytes());
        file.extend(&fmt[2..]);
        // A supported rate, so that the rest is reached.
        file[24..28].copy_from_slice(&48_000_u32.to_le_bytes());
        file.extend(b"data\xff\xff\xff\xff");
        file.extend([0x80; 500]);
        survives(&file);
    }
}
