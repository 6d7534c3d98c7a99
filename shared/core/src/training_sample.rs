//! A sample of the training windows in the model file, by which a device refits the head to clips that were labelled on site.
//!
//! The entry [`ENTRY`] holds standardised features in 8 bits: windows to fit, and windows of other groups to validate by. It is
//! read in place. Little-endian:
//!
//! ```text
//! u16 schema, u8 feature kind, u8 flags, f32 alpha, f32 temperature, f32 step, u16 classes, u16 values,
//! u16 windows to fit, u16 windows to validate by
//! u8[length of the features / 8]: which features vary, the lowest bit first; `values` of them do
//! f32[values] means, f32[values] 1 / deviations
//! per class: u32 windows in training, f32 weight of each of them
//! per window, those to fit first: u16 class, u16 group, i8[values] in units of `step`
//! u32 CRC-32 (ISO HDLC) of all before it
//! ```

use crate::MAX_CLASSES;
use crate::features::FeatureKind;
use crate::sealed::{Damaged, Reader, Writer};
use monitor_tflite::Scalars;

/// Name of the Metadata entry.
pub const ENTRY: &str = "acoustic_monitor_training";
/// The layout that this version writes, and the only one that it reads.
pub const SCHEMA: u16 = 1;
/// Bytes of a class in the table of classes.
const CLASS_BYTES: usize = 8;
/// Bytes of a window before its features.
const WINDOW_BYTES: usize = 4;

/// Where the windows to validate by come from, and what the head is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flags {
    /// Windows to validate by lie in recordings of windows to fit: figures by them are optimistic.
    pub within_recording: bool,
    /// The model's own head was trained on the windows to validate by: its figures by them are optimistic.
    pub trained_on: bool,
    /// The model's own head is the linear one that `alpha` and the weights led to.
    pub linear: bool,
}

impl Flags {
    fn from_bits(bits: u8) -> Result<Self, Error> {
        let is = |bit: u8| bits & bit != 0;
        if bits > 7 {
            Err(Error::Damaged)
        } else {
            Ok(Self { within_recording: is(1), trained_on: is(2), linear: is(4) })
        }
    }

    fn bits(self) -> u8 {
        u8::from(self.within_recording) | (u8::from(self.trained_on) << 1) | (u8::from(self.linear) << 2)
    }
}

/// What training knew of a class.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClassSummary {
    /// Number of windows that the head was trained on.
    pub windows: u32,
    /// Weight of each of them in the loss, 0 and up.
    pub weight: f32,
}

/// One window of the sample. Borrows from the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleWindow<'m> {
    /// Its class, below [`TrainingSample::classes`].
    pub class: u16,
    /// Its group; equal numbers are one group, in both parts of the sample.
    pub group: u16,
    /// Standardised features in units of [`TrainingSample::step`], one byte (two's complement) each.
    pub values: &'m [u8],
}

/// The sample. Borrows from the file.
#[derive(Debug, Clone, Copy)]
pub struct TrainingSample<'m> {
    /// Kind of the features.
    pub kind: FeatureKind,
    /// See [`Flags`].
    pub flags: Flags,
    /// Strength of the regularisation that training chose, above 0: the factor of half the squared length of the weights.
    pub alpha: f32,
    /// Divisor of the logits that training folded into the head, above 0.
    pub temperature: f32,
    /// Standardised value of one unit of a window's bytes, above 0.
    pub step: f32,
    /// One bit for each feature of the kind, lowest first: whether it varied in training. The others are left out.
    pub varying: &'m [u8],
    /// Mean of each feature that varies.
    pub means: Scalars<'m, f32>,
    /// One over the deviation of each feature that varies, above 0.
    pub scales: Scalars<'m, f32>,
    /// The table of classes, as in the file.
    classes: &'m [u8],
    /// The windows, as in the file.
    windows: &'m [u8],
    /// Number of windows to fit; the others are to validate by.
    fit: usize,
}

impl<'m> TrainingSample<'m> {
    /// Reads the entry.
    ///
    /// # Errors
    /// [`Error`] if the schema is unknown, or the bytes are truncated, corrupted or out of range.
    pub fn from_bytes(bytes: &'m [u8]) -> Result<Self, Error> {
        let schema = Reader::new(bytes).u16()?;
        if schema != SCHEMA {
            return Err(Error::Schema(schema));
        }
        let mut rest = Reader::open(bytes)?;
        let [_, _, kind, flags] = rest.take::<4>()?;
        let kind = *FeatureKind::ALL.get(usize::from(kind)).ok_or(Error::Damaged)?;
        let (alpha, temperature, step) = (rest.positive()?, rest.positive()?, rest.positive()?);
        let (classes, values) = (usize::from(rest.u16()?), usize::from(rest.u16()?));
        let (fit, validate) = (usize::from(rest.u16()?), usize::from(rest.u16()?));
        let varying = rest.bytes(kind.len() / 8)?;
        let (means, scales) = (rest.numbers(values)?, rest.numbers(values)?);
        let class_table = rest.bytes(CLASS_BYTES * classes)?;
        let windows = (WINDOW_BYTES + values).checked_mul(fit + validate).ok_or(Error::Damaged)?;
        let windows = rest.bytes(windows)?;
        let sample = Self {
            kind,
            flags: Flags::from_bits(flags)?,
            alpha,
            temperature,
            step,
            varying,
            means,
            scales,
            classes: class_table,
            windows,
            fit,
        };
        if rest.rest().is_empty() && sample.is_valid(classes) { Ok(sample) } else { Err(Error::Damaged) }
    }

    fn is_valid(&self, classes: usize) -> bool {
        let varying: usize = self.varying.iter().map(|bits| bits.count_ones() as usize).sum();
        (1..=MAX_CLASSES).contains(&classes)
            && varying == self.values()
            && varying > 0
            && self.scales.iter().all(|scale| scale > 0.0)
            && self.classes().all(|class| class.weight.is_finite() && class.weight >= 0.0)
            && self.all().all(|window| usize::from(window.class) < classes)
    }

    /// Number of features that vary.
    pub fn values(&self) -> usize {
        self.means.len()
    }

    /// What training knew of each class, in the order of the labels.
    pub fn classes(&self) -> impl ExactSizeIterator<Item = ClassSummary> + use<'m> {
        self.classes.chunks_exact(CLASS_BYTES).map(|class| {
            let mut reader = Reader::new(class);
            // A chunk has the bytes of one class.
            ClassSummary {
                windows: reader.u32().unwrap_or_default(),
                weight: reader.take().map_or(0.0, f32::from_le_bytes),
            }
        })
    }

    /// The windows to fit.
    pub fn to_fit(&self) -> impl Iterator<Item = SampleWindow<'m>> + use<'m> {
        self.all().take(self.fit)
    }

    /// The windows to validate by.
    pub fn to_validate(&self) -> impl Iterator<Item = SampleWindow<'m>> + use<'m> {
        self.all().skip(self.fit)
    }

    fn all(&self) -> impl ExactSizeIterator<Item = SampleWindow<'m>> + use<'m> {
        self.windows.chunks_exact(WINDOW_BYTES + self.values()).map(|window| {
            let mut reader = Reader::new(window);
            SampleWindow {
                class: reader.u16().unwrap_or_default(),
                group: reader.u16().unwrap_or_default(),
                values: reader.rest(),
            }
        })
    }

    /// Places of the features that vary, ascending.
    pub fn places(&self) -> impl Iterator<Item = usize> + use<'m> {
        let varying = self.varying;
        (0..8 * varying.len())
            .filter(move |place| varying.get(place / 8).is_some_and(|bits| bits >> (place % 8) & 1 == 1))
    }

    /// Writes the entry through `put`, piece by piece. `classes` are in the order of the labels; `windows` are those to fit, then
    /// from number `fit` on those to validate by, at most 65,535 each. What [`Self::from_bytes`] would reject is written as well.
    pub fn write(
        header: &Header<'_>,
        classes: &[ClassSummary],
        (windows, fit): (&[SampleWindow<'_>], usize),
        put: impl FnMut(&[u8]),
    ) {
        let mut writer = Writer::new(put);
        let count = |count: usize| u16::try_from(count).unwrap_or(u16::MAX).to_le_bytes();
        writer.bytes(&SCHEMA.to_le_bytes());
        writer.bytes(&[header.kind as u8, header.flags.bits()]);
        writer.numbers(&[header.alpha, header.temperature, header.step]);
        for number in [classes.len(), header.means.len(), fit, windows.len().saturating_sub(fit)] {
            writer.bytes(&count(number));
        }
        writer.bytes(header.varying);
        writer.numbers(header.means.iter().chain(header.scales));
        for class in classes {
            writer.bytes(&class.windows.to_le_bytes());
            writer.numbers(&[class.weight]);
        }
        for window in windows {
            writer.bytes(&window.class.to_le_bytes());
            writer.bytes(&window.group.to_le_bytes());
            writer.bytes(window.values);
        }
        writer.seal();
    }
}

/// The fields before the classes; see [`TrainingSample`].
#[derive(Debug, Clone, Copy)]
pub struct Header<'a> {
    /// Kind of the features.
    pub kind: FeatureKind,
    /// See [`Flags`].
    pub flags: Flags,
    /// Strength of the regularisation.
    pub alpha: f32,
    /// Divisor of the logits.
    pub temperature: f32,
    /// Standardised value of one unit of a window's bytes.
    pub step: f32,
    /// Which features vary.
    pub varying: &'a [u8],
    /// Their means.
    pub means: &'a [f32],
    /// One over their deviations.
    pub scales: &'a [f32],
}

/// Why the entry cannot be read. Permanent for a given file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A schema number that this version does not support.
    #[error(
        "the model's training sample has schema {0}, this version reads {SCHEMA}; train the model again with the host-tools of \
         this version, or update this program"
    )]
    Schema(u16),
    /// The bytes are truncated, corrupted or out of range.
    #[error("the model's training sample is damaged; export the model again")]
    Damaged,
}

impl From<Damaged> for Error {
    fn from(_: Damaged) -> Self {
        Self::Damaged
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VARYING: [u8; 16] = [0b101, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80];
    const CLASSES: [ClassSummary; 2] =
        [ClassSummary { windows: 100, weight: 1.5 }, ClassSummary { windows: 300, weight: 0.5 }];

    fn header() -> Header<'static> {
        Header {
            kind: FeatureKind::LogMel,
            flags: Flags { within_recording: true, trained_on: false, linear: true },
            alpha: 11.0,
            temperature: 0.8,
            step: 0.0625,
            varying: &VARYING,
            means: &[1.0, -2.0, 0.5],
            scales: &[10.0, 0.5, 2.0],
        }
    }

    fn windows() -> [SampleWindow<'static>; 3] {
        [
            SampleWindow { class: 0, group: 7, values: &[1, 2, 3] },
            SampleWindow { class: 1, group: 8, values: &[255, 128, 0] },
            SampleWindow { class: 1, group: 9, values: &[4, 5, 6] },
        ]
    }

    fn written(header: &Header<'_>, windows: &[SampleWindow<'_>]) -> std::vec::Vec<u8> {
        let mut bytes = std::vec::Vec::new();
        TrainingSample::write(header, &CLASSES, (windows, 2), |part| bytes.extend_from_slice(part));
        bytes
    }

    #[test]
    fn what_was_written_is_read_back() {
        let bytes = written(&header(), &windows());
        let sample = TrainingSample::from_bytes(&bytes).unwrap();
        assert_eq!((sample.kind, sample.flags, sample.alpha), (FeatureKind::LogMel, header().flags, 11.0));
        assert_eq!((sample.temperature, sample.step, sample.values()), (0.8, 0.0625, 3));
        assert!(sample.means.equals(header().means) && sample.scales.equals(header().scales));
        assert!(sample.classes().eq(CLASSES));
        assert!(sample.places().eq([0, 2, 127]));
        assert!(sample.to_fit().eq(windows()[..2].iter().copied()));
        assert!(sample.to_validate().eq(windows()[2..].iter().copied()));
    }

    #[test]
    fn every_truncated_or_changed_entry_is_damaged() {
        let bytes = written(&header(), &windows());
        for len in 0..bytes.len() {
            assert_eq!(TrainingSample::from_bytes(&bytes[..len]).err(), Some(Error::Damaged), "{len}");
        }
        for at in 2..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert_eq!(TrainingSample::from_bytes(&changed).err(), Some(Error::Damaged), "{at}");
        }
        assert_eq!(TrainingSample::from_bytes(&[2, 0]).err(), Some(Error::Schema(2)));
    }

    #[test]
    fn values_that_no_training_writes_are_damaged() {
        let damaged = |bytes: std::vec::Vec<u8>| TrainingSample::from_bytes(&bytes).err() == Some(Error::Damaged);
        assert!(damaged(written(&Header { alpha: 0.0, ..header() }, &windows())));
        assert!(damaged(written(&Header { temperature: f32::NAN, ..header() }, &windows())));
        assert!(damaged(written(&Header { scales: &[1.0, -1.0, 1.0], ..header() }, &windows())));
        assert!(damaged(written(&Header { varying: &[0; 16], ..header() }, &windows())));
        let wrong = SampleWindow { class: 2, group: 0, values: &[0; 3] };
        assert!(damaged(written(&header(), &[wrong, wrong])));
    }
}
