//! The file of a refit: a head, its labels and anomaly tables that belong to the bytes of one model.
//!
//! Little-endian:
//!
//! ```text
//! "RFT1", u32 CRC-32 of the model's file, u32 CRC-32 of the baseline that the tables were widened from (0: the model's own),
//! u64 seconds since 1970 (0: unknown), u16 classes (0: the model's head), u16 features, u16 length of the labels, u32 length of the
//! tables (0: the model's or the baseline's),
//! u32 length of the report
//! labels, one line each; u8[classes] confidences in hundredths, 255: the model's; f32[classes x features] weights;
//! f32[classes] biases; anomaly tables as in the model; report, UTF-8
//! u32 CRC-32 (ISO HDLC) of all before it
//! ```

use monitor_core::anomaly::AnomalyModel;
use monitor_core::head::{Dense, Head};
use monitor_core::sealed::{CRC, Damaged, Reader};
use self_cell::self_cell;

const MAGIC: [u8; 4] = *b"RFT1";
/// The confidence of a class for which the model's applies.
pub const OF_MODEL: u8 = 255;
/// Longest label in bytes.
pub const LONGEST_LABEL: usize = 64;

/// What a refit replaces. Borrows from the file.
#[derive(Debug)]
pub struct Overlay<'f> {
    /// CRC-32 of the model's file.
    pub model: u32,
    /// CRC-32 of the baseline that the tables were widened from; 0 for the model's own tables.
    pub baseline: u32,
    /// Seconds since 1970 at which it was made; 0 if the clock was not set.
    pub created_unix: u64,
    /// Names of the classes; empty without a head.
    pub labels: Vec<&'f str>,
    /// Confidence of each class in hundredths, or [`OF_MODEL`].
    pub confidences: &'f [u8],
    /// The head; `None` where the model's is used.
    pub head: Option<Head<'f>>,
    /// The anomaly tables; `None` where the model's or the baseline's are used.
    pub tables: Option<AnomalyModel<'f>>,
    /// The figures of the refit, for people.
    pub report: &'f str,
}

impl<'f> Overlay<'f> {
    /// Reads a file of any model.
    ///
    /// # Errors
    /// [`Refused::Damaged`].
    pub fn parse(file: &'f [u8]) -> Result<Self, Refused> {
        let mut rest = Reader::open(file)?;
        if rest.take()? != MAGIC {
            return Err(Refused::Damaged);
        }
        let (model, baseline) = (rest.u32()?, rest.u32()?);
        let created_unix = u64::from_le_bytes(rest.take()?);
        let [classes, features, labels] = [rest.u16()?, rest.u16()?, rest.u16()?].map(usize::from);
        let (tables, report) = (rest.u32()? as usize, rest.u32()? as usize);
        let labels: Vec<&str> = rest.text(labels)?.lines().collect();
        let confidences = rest.bytes(classes)?;
        let weights = rest.numbers(classes.checked_mul(features).ok_or(Refused::Damaged)?)?;
        let bias = rest.numbers(classes)?;
        let tables = rest.bytes(tables)?;
        let report = rest.text(report)?;
        let fits = rest.rest().is_empty() && labels.len() == classes && are_labels(&labels);
        if !fits || confidences.iter().any(|confidence| *confidence > 100 && *confidence != OF_MODEL) {
            return Err(Refused::Damaged);
        }
        let head = (classes > 0).then(|| Head::new([Dense { weights, bias, relu: false }])).transpose();
        let head = head.map_err(|_| Refused::Damaged)?;
        let tables = (!tables.is_empty()).then(|| AnomalyModel::from_bytes(tables)).transpose();
        let tables = tables.map_err(|_| Refused::Damaged)?;
        Ok(Self { model, baseline, created_unix, labels, confidences, head, tables, report })
    }
}

/// Whether `labels` can be the names of classes.
fn are_labels(labels: &[&str]) -> bool {
    let is_label = |(place, label): (usize, &&str)| is_label(label) && !labels[..place].contains(label);
    labels.iter().enumerate().all(is_label)
}

/// Whether `label` can be the name of a class.
pub fn is_label(label: &str) -> bool {
    let is_plain = !label.chars().any(char::is_control) && label.trim() == label;
    (1..=LONGEST_LABEL).contains(&label.len()) && is_plain
}

self_cell!(
    /// The bytes of a file, and what was parsed of them.
    struct File {
        owner: Vec<u8>,
        #[covariant]
        dependent: Overlay,
    }
    impl {Debug}
);

/// An overlay with the bytes of the file that it borrows from.
#[derive(Debug)]
pub struct OwnedOverlay(File);

impl OwnedOverlay {
    /// Reads a file that was made for the model of the bytes `model`, with a head for `features` features.
    ///
    /// # Errors
    /// If it is of another model or damaged.
    pub fn open(model: &[u8], features: usize, file: Vec<u8>) -> Result<Self, Refused> {
        let own = CRC.checksum(model);
        File::try_new(file, |file| {
            let overlay = Overlay::parse(file)?;
            let is_other = overlay.head.as_ref().is_some_and(|head| head.features() != features);
            if overlay.model != own || is_other { Err(Refused::OtherModel) } else { Ok(overlay) }
        })
        .map(Self)
    }

    /// Returns the bytes of the file.
    pub fn file(&self) -> &[u8] {
        self.0.borrow_owner()
    }

    /// Returns what it contains.
    pub fn contents(&self) -> &Overlay<'_> {
        self.0.borrow_dependent()
    }
}

/// What a file is made of.
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a> {
    /// The bytes of the model.
    pub model: &'a [u8],
    /// The bytes of the baseline's file that the tables were widened from, if it was not the model's tables.
    pub baseline: Option<&'a [u8]>,
    /// See [`Overlay::created_unix`].
    pub created_unix: u64,
    /// Names of the classes.
    pub labels: &'a [String],
    /// Confidence of each class in hundredths, or [`OF_MODEL`].
    pub confidences: &'a [u8],
    /// `[classes x features]`, row-major.
    pub weights: &'a [f32],
    /// One for each class.
    pub bias: &'a [f32],
    /// Anomaly tables; empty for none.
    pub tables: &'a [u8],
    /// The figures of the refit.
    pub report: &'a str,
}

/// The bytes of a file.
///
/// # Errors
/// [`Refused::Damaged`] if they could not be read back: labels that are no labels, or weights that are no numbers.
pub fn seal(parts: &Parts<'_>) -> Result<Vec<u8>, Refused> {
    let labels = parts.labels.join("\n");
    let features = parts.weights.len() / parts.bias.len().max(1);
    let mut file = MAGIC.to_vec();
    let crc = |bytes: &[u8]| CRC.checksum(bytes).to_le_bytes();
    file.extend(crc(parts.model));
    file.extend(parts.baseline.map_or([0; 4], crc));
    file.extend(parts.created_unix.to_le_bytes());
    for count in [parts.bias.len(), features, labels.len()] {
        file.extend(u16::try_from(count).unwrap_or(u16::MAX).to_le_bytes());
    }
    for len in [parts.tables.len(), parts.report.len()] {
        file.extend(u32::try_from(len).unwrap_or(u32::MAX).to_le_bytes());
    }
    file.extend(labels.as_bytes());
    file.extend(parts.confidences);
    file.extend(parts.weights.iter().chain(parts.bias).flat_map(|number| number.to_le_bytes()));
    file.extend(parts.tables);
    file.extend(parts.report.as_bytes());
    file.extend(CRC.checksum(&file).to_le_bytes());
    Overlay::parse(&file)?;
    Ok(file)
}

/// Why a refit is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It was made for another model.
    #[error("it was made with another model; run `firmware refit` again")]
    OtherModel,
    /// It is cut short, changed, or no refit.
    #[error("it is damaged; run `firmware refit` again")]
    Damaged,
}

impl From<Damaged> for Refused {
    fn from(_: Damaged) -> Self {
        Self::Damaged
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(labels: &[&str], weights: &[f32]) -> Result<Vec<u8>, Refused> {
        let labels: Vec<String> = labels.iter().map(ToString::to_string).collect();
        seal(&Parts {
            model: b"model",
            baseline: Some(b"baseline"),
            created_unix: 7,
            labels: &labels,
            confidences: &[OF_MODEL, 55],
            weights,
            bias: &[0.5, -0.5],
            tables: &[],
            report: "better",
        })
    }

    #[test]
    fn what_was_sealed_is_read_back_for_its_model_alone() {
        let file = sealed(&["off", "on"], &[1.0, 2.0, 3.0, 4.0]).unwrap();
        let overlay = OwnedOverlay::open(b"model", 2, file.clone()).unwrap();
        let contents = overlay.contents();
        assert_eq!((&contents.labels[..], contents.confidences), (&["off", "on"][..], &[OF_MODEL, 55][..]));
        let head = contents.head.as_ref().unwrap();
        assert_eq!((head.features(), head.classes(), contents.report), (2, 2, "better"));
        assert_eq!((contents.created_unix, contents.baseline), (7, CRC.checksum(b"baseline")));
        assert_eq!(OwnedOverlay::open(b"other", 2, file.clone()).unwrap_err(), Refused::OtherModel);
        assert_eq!(OwnedOverlay::open(b"model", 3, file).unwrap_err(), Refused::OtherModel);
    }

    #[test]
    fn every_truncated_or_changed_file_is_damaged() {
        let file = sealed(&["off", "on"], &[1.0, 2.0, 3.0, 4.0]).unwrap();
        for at in 0..file.len() {
            assert_eq!(Overlay::parse(&file[..at]).err(), Some(Refused::Damaged));
            let mut changed = file.clone();
            changed[at] ^= 0x10;
            assert_eq!(Overlay::parse(&changed).err(), Some(Refused::Damaged), "{at}");
        }
    }

    #[test]
    fn labels_and_weights_that_no_model_has_are_refused() {
        for labels in [&["off", "off"][..], &["off", ""], &["off", " on"], &["off"], &["off", "a\tb"]] {
            assert_eq!(sealed(labels, &[0.0; 4]), Err(Refused::Damaged), "{labels:?}");
        }
        assert_eq!(sealed(&["off", "on"], &[f32::NAN; 4]), Err(Refused::Damaged));
        assert!(!is_label(&"x".repeat(LONGEST_LABEL + 1)) && is_label("soft_state"));
    }
}
