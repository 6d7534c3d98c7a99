//! What a refit reads: the training sample in a model, the file of a refit, and the list of labels.

use std::path::Path;

use monitor_core::anomaly::Detector;
use monitor_core::features::FeatureKind;
use monitor_core::head::{Dense, Head};
use monitor_core::training_sample::TrainingSample;
use monitor_model::refit::overlay::Overlay;
use monitor_model::refit::{Refitted, refit};
use monitor_tflite::Scalars;

use crate::metadata::crc32;

/// Parses the bytes as each of them; the binary ones also with their correct checksum appended, which no search would find.
pub fn read(bytes: &[u8]) {
    let summed = [bytes, &crc32(bytes).to_le_bytes()].concat();
    for bytes in [bytes, &summed] {
        sample(bytes);
        overlay(bytes);
    }
    if let Ok(text) = core::str::from_utf8(bytes)
        && let Ok(clips) = firmware::refit::parse_labels(text, Path::new("/nowhere"))
    {
        assert!(clips.len() <= text.lines().count() + text.matches('\r').count());
    }
}

fn sample(bytes: &[u8]) {
    let Ok(sample) = TrainingSample::from_bytes(bytes) else { return };
    let classes = sample.classes().len();
    assert_eq!(sample.places().count(), sample.values());
    assert!(sample.places().all(|place| place < sample.kind.len()));
    for window in sample.to_fit().chain(sample.to_validate()) {
        assert!(usize::from(window.class) < classes && window.values.len() == sample.values());
    }
    if sample.kind != FeatureKind::LogMel || classes > 8 {
        return;
    }
    let (weights, bias) = (vec![0; 4 * classes * sample.kind.len()], vec![0; 4 * classes]);
    let layer = Dense { weights: Scalars::new(&weights), bias: Scalars::new(&bias), relu: false };
    let head = Head::new([layer]).expect("a head of zeros");
    let mut rounds = 0;
    if let Ok(Refitted { weights, bias, .. }) = refit(sample, &head, classes, &[], &mut |_, _| rounds += 1) {
        assert_eq!((weights.len(), bias.len(), rounds), (classes * sample.kind.len(), classes, 1));
    }
}

fn overlay(bytes: &[u8]) {
    let Ok(overlay) = Overlay::parse(bytes) else { return };
    let classes = overlay.head.as_ref().map_or(0, Head::classes);
    assert_eq!((overlay.labels.len(), overlay.confidences.len()), (classes, classes));
    if let Some(head) = &overlay.head {
        let mut probabilities = vec![f32::NAN; classes];
        head.run(&[0.5; 1152], &mut probabilities);
        assert!(probabilities.iter().all(|p| (0.0..=1.0).contains(p)));
    }
    let _ = overlay.tables.map(|tables| Detector::new(tables).tables().rules());
}
