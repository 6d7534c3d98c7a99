//! The entries that this project adds to a model's metadata: the model card and the tables of the anomaly score.

use crc::{CRC_32_ISO_HDLC, Crc};
use monitor_core::anomaly::{
    Alarm, AnomalyModel, Detector, Explanation, Input, STATISTICS_LEN, WindowValues, spectrum,
};
use monitor_core::decision::Decision;
use monitor_core::features::EMBEDDING_LEN;
use monitor_core::model_card::ModelCard;

/// Parses the bytes as either entry. The tables end in a checksum, which no search would find: they are also parsed with the
/// correct one appended.
pub fn read(bytes: &[u8]) {
    card(bytes);
    tables(bytes);
    let summed = [bytes, &crc32(bytes).to_le_bytes()].concat();
    tables(&summed);
}

fn card(bytes: &[u8]) {
    let Ok(card) = ModelCard::from_bytes(bytes) else { return };
    let mut buffer = vec![0; card.max_len()];
    let written = card.write(&mut buffer).expect("a card that was read can be written into its stated length");
    assert_eq!(ModelCard::from_bytes(written), Ok(card));
    for class in 0..300 {
        assert!((0.0..=1.0).contains(&card.confidence_of(class)));
    }
    let _ = card.training.contains(&[7; 32]);
    for (classes, hop_s) in [(2, 0.48), (256, 0.1), (0, 1.0), (1, f32::NAN)] {
        let Ok(steps) = card.decision.per_window(hop_s) else { continue };
        let confidences: Vec<f32> = (0..classes).map(|class| card.confidence_of(class)).collect();
        if let Ok(mut decision) = Decision::new(steps, classes) {
            let _ = decision.set_confidences(&confidences);
        }
    }
}

fn tables(bytes: &[u8]) {
    let Ok(tables) = AnomalyModel::from_bytes(bytes) else { return };
    assert!(tables.persistence.check().is_ok() && tables.warning > 0.0 && tables.warning <= 1.0);
    let (k, n) = tables.persistence.windows(0.48);
    assert!((1..=128).contains(&n) && (1..=n).contains(&k));
    let embedding = tables.space(Input::Embedding).is_some();
    let detector = Detector::new(tables);
    for level in [0.0, -6.9, 1e30] {
        let patch = [[level; 64]; 96];
        let features = vec![level; EMBEDDING_LEN];
        // A table can make a z-score any number; there is one if there is its input, and the score is finite.
        let rumble = [level; monitor_core::rumble::BANDS];
        let window = WindowValues { patch: &patch, features: &features, rumble: &rumble };
        let outcome = Alarm::new(&tables.rules(), 0.48).update(0, &detector.z_scores(&window), true);
        assert!(outcome.score.is_none_or(|score| score.is_finite() && score >= 0.0));
        if let Some(spectra) = &tables.spectra {
            let explanation = Explanation::default().with_spectrum(spectra, &spectrum(&patch, &rumble));
            assert!(explanation.bands.iter().flatten().all(|band| band.from_hz < band.to_hz));
        }
        assert!(!embedding || detector.z_score(Input::Embedding, &window).is_some());
        let short = WindowValues { features: &features[..STATISTICS_LEN], ..window };
        assert!(detector.z_score(Input::Embedding, &short).is_none());
    }
}

/// The checksum at the end of the tables: CRC-32/ISO-HDLC.
pub fn crc32(bytes: &[u8]) -> u32 {
    Crc::<u32>::new(&CRC_32_ISO_HDLC).checksum(bytes)
}
