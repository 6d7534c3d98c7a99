//! The head of a file in a tar archive: POSIX.1-2017, `pax`, section "ustar Interchange Format".

/// Bytes of a block: a head is one, and content is padded to whole ones.
const BLOCK: usize = 512;

/// Longest name.
const LONGEST: usize = 100;

/// The head of a regular file; `None` where name or size do not fit.
pub(super) fn head(name: &str, bytes: u64, unix_s: u64) -> Option<Vec<u8>> {
    // Eleven octal digits.
    if name.is_empty() || name.len() > LONGEST || bytes >= 1 << 33 {
        return None;
    }
    let mut head = vec![0; BLOCK];
    let mut put = |at: usize, text: &[u8]| head[at..at + text.len()].copy_from_slice(text);
    put(0, name.as_bytes());
    put(100, b"0000644\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{bytes:011o}\0").as_bytes());
    put(136, format!("{:011o}\0", unix_s.min((1 << 33) - 1)).as_bytes());
    // The sum counts its own field as spaces.
    put(148, b"        ");
    put(156, b"0");
    put(257, b"ustar\x0000");
    let sum: u32 = head.iter().map(|byte| u32::from(*byte)).sum();
    head[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    Some(head)
}

/// What follows content of so many bytes.
pub(super) fn padding(bytes: u64) -> Vec<u8> {
    let over = (bytes % BLOCK as u64) as usize;
    vec![0; if over == 0 { 0 } else { BLOCK - over }]
}

/// The end of an archive.
pub(super) fn end() -> Vec<u8> {
    vec![0; 2 * BLOCK]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tar_reads_names_sizes_and_content() {
        let folder = tempfile::tempdir().unwrap();
        let files: [(&str, usize); 4] =
            [("teach/manifest.csv", 3), ("teach/ü.wav", 512), ("empty", 0), ("teach/x", 1025)];
        let mut archive = Vec::new();
        for (name, len) in files {
            archive.extend(head(name, len as u64, 1_700_000_000).unwrap());
            archive.extend(vec![b'x'; len]);
            archive.extend(padding(len as u64));
        }
        archive.extend(end());
        std::fs::write(folder.path().join("a.tar"), archive).unwrap();
        let run = std::process::Command::new("tar").args(["-xf", "a.tar"]).current_dir(folder.path()).output().unwrap();
        assert!(run.status.success() && run.stderr.is_empty(), "{}", String::from_utf8_lossy(&run.stderr));
        for (name, len) in files {
            assert_eq!(std::fs::read(folder.path().join(name)).unwrap(), vec![b'x'; len], "{name}");
        }
    }

    #[test]
    fn what_does_not_fit_has_no_head() {
        assert!(head(&"x".repeat(101), 0, 0).is_none() && head("x", 1 << 33, 0).is_none() && head("", 0, 0).is_none());
        assert!(head(&"x".repeat(100), (1 << 33) - 1, u64::MAX).is_some());
    }
}
