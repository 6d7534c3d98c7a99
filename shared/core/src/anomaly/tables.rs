//! The tables as bytes: little-endian, read in place.
//!
//! ```text
//! u16 schema, u8 spaces, u8 references, f32 warning, f32 raise_s, f32 within_s, f32 change_s
//! per space: u8 input (0 embedding, 1 log-mel, 2 tap, 3 rumble), u8 components, u16 clusters, f32 location, f32 scale,
//!            2 x (f32 typical, f32 alarm), f32 residual, u16 states, f32[components x values], f32[clusters x components],
//!            f32[components], where residual > 0: f32[values], f32[clusters x values], and per state: f32 location, f32 scale,
//!            f32[components]
//! if references > 0: f32 level deviation, f32[72] deviations, f32[references x 72] spectra of normal sound in dB
//! u32 CRC-32 (ISO HDLC) of all before it
//! ```

use super::space::state_len;
use super::{AlarmRules, Error, Input, Interval, Levels, MAX_COMPONENTS, Persistence, SubspaceDetector};
use super::{NormalSpectra, SPANS, SPECTRUM_LEN};
use crate::sealed::{Damaged, Reader, Writer};

/// The layout that this version writes.
pub(super) const SCHEMA: u16 = 6;
/// The layout before it, which is read too. It has no number of states, and none.
const WITHOUT_STATES: u16 = 5;
/// The layout before that. It has one pair of levels, those of the mean over 5 s, which then hold for both spans.
const ONE_SPAN: u16 = 4;
/// The layout before that. It has a 0 in place of the number of references, too, so that alarms name no bands.
const WITHOUT_SPECTRA: u16 = 3;

/// The anomaly detectors of a model. Borrows from the file.
#[derive(Debug, Clone, Copy)]
pub struct AnomalyModel<'m> {
    /// Score from which there is a warning: above 0, at most 1.
    pub warning: f32,
    /// How long scores must be above a level to raise it.
    pub persistence: Persistence,
    /// Spectra of normal sound; `None` in tables that name no bands.
    pub spectra: Option<NormalSpectra<'m>>,
    spaces: [Option<SubspaceDetector<'m>>; Input::ALL.len()],
}

impl<'m> AnomalyModel<'m> {
    /// Reads the tables.
    ///
    /// # Errors
    /// [`Error`] if the schema is unknown, or the bytes are truncated, corrupted or out of range.
    pub fn from_bytes(bytes: &'m [u8]) -> Result<Self, Error> {
        let schema = Reader::new(bytes).u16()?;
        if !(WITHOUT_SPECTRA..=SCHEMA).contains(&schema) {
            return Err(Error::Schema(schema));
        }
        let mut rest = Reader::open(bytes)?;
        let [_, _, count, references] = rest.take::<4>()?;
        if schema == WITHOUT_SPECTRA && references != 0 {
            return Err(Error::Damaged);
        }
        let warning = rest.number()?;
        let (raise_s, within_s, change_s) = (rest.number()?, rest.number()?, rest.number()?);
        let persistence = Persistence { raise_s, within_s, change_s }.check()?;
        let mut spaces = [None; Input::ALL.len()];
        for _ in 0..count {
            let (input, space) = space(&mut rest, schema)?;
            let place = spaces.get_mut(usize::from(input)).filter(|place| place.is_none()).ok_or(Error::Damaged)?;
            *place = Some(space);
        }
        let spectra = spectra(&mut rest, references.into())?;
        if count == 0 || !rest.rest().is_empty() || warning <= 0.0 || warning > 1.0 {
            return Err(Error::Damaged);
        }
        Ok(Self { warning, persistence, spectra, spaces })
    }

    /// What the alarm needs to know.
    pub fn rules(&self) -> AlarmRules {
        let intervals = self.spaces.map(|space| space.map(|space| space.intervals));
        AlarmRules { levels: Levels { intervals, warning: self.warning }, alarm: 1.0, persistence: self.persistence }
    }

    /// The space over `input`, if the model has one.
    pub fn space(&self, input: Input) -> Option<&SubspaceDetector<'m>> {
        self.spaces[input as usize].as_ref()
    }
}

fn spectra<'m>(rest: &mut Reader<'m>, references: usize) -> Result<Option<NormalSpectra<'m>>, Damaged> {
    if references == 0 {
        return Ok(None);
    }
    let level_deviation = rest.positive()?;
    let (deviations, references) = (rest.numbers(SPECTRUM_LEN)?, rest.numbers(references * SPECTRUM_LEN)?);
    if deviations.iter().any(|deviation| deviation <= 0.0) {
        return Err(Damaged);
    }
    Ok(Some(NormalSpectra { level_deviation, deviations, references }))
}

/// Reads a space of tables of `schema`. Where levels are of fewer spans, those of the last hold for the rest.
fn space<'m>(rest: &mut Reader<'m>, schema: u16) -> Result<(u8, SubspaceDetector<'m>), Damaged> {
    let spans = if schema > ONE_SPAN { SPANS } else { 1 };
    let [kind, components] = rest.take()?;
    let clusters = usize::from(rest.u16()?);
    let input = Input::ALL.get(usize::from(kind)).ok_or(Damaged)?;
    let (values, components) = (input.len(), usize::from(components));
    let (location, scale) = (rest.number()?, rest.positive()?);
    let mut intervals = [Interval { typical: rest.number()?, alarm: rest.number()? }; SPANS];
    for interval in &mut intervals[1..spans] {
        *interval = Interval { typical: rest.number()?, alarm: rest.number()? };
    }
    let residual = rest.number()?;
    let states = if schema > WITHOUT_STATES { usize::from(rest.u16()?) } else { 0 };
    let fits = (1..=MAX_COMPONENTS).contains(&components) && (1..=1024).contains(&clusters) && states <= 1024;
    if !fits || intervals.iter().any(|interval| interval.alarm <= interval.typical) || residual < 0.0 {
        return Err(Damaged);
    }
    let projection = rest.numbers(components * values)?;
    let (means, precisions) = (rest.numbers(clusters * components)?, rest.numbers(components)?);
    let counted = if residual > 0.0 { values } else { 0 };
    let (inverse_deviations, centres) = (rest.numbers(counted)?, rest.numbers(clusters * counted)?);
    let states = rest.numbers(states * state_len(components))?;
    let scale_of = states.iter().skip(1).step_by(state_len(components));
    if precisions.iter().any(|precision| precision < 0.0) || scale_of.into_iter().any(|scale| scale <= 0.0) {
        return Err(Damaged);
    }
    let detector = SubspaceDetector {
        location,
        scale,
        states,
        intervals,
        residual,
        projection,
        means,
        precisions,
        inverse_deviations,
        centres,
    };
    Ok((kind, detector))
}

/// Writes tables through `put`, piece by piece: warning level, persistence, spaces, and spectra of normal sound, of which there
/// are at most 255.
pub fn write(
    warning: f32,
    persistence: Persistence,
    spaces: &[(Input, SubspaceDetector<'_>)],
    spectra: Option<&NormalSpectra<'_>>,
    put: impl FnMut(&[u8]),
) {
    let mut writer = Writer::new(put);
    writer.bytes(&SCHEMA.to_le_bytes());
    writer.bytes(&[spaces.len() as u8, spectra.map_or(0, |spectra| spectra.count() as u8)]);
    let Persistence { raise_s, within_s, change_s } = persistence;
    writer.numbers(&[warning, raise_s, within_s, change_s]);
    for (input, space) in spaces {
        writer.bytes(&[*input as u8, space.components() as u8]);
        writer.bytes(&(space.clusters() as u16).to_le_bytes());
        writer.numbers(&[space.location, space.scale]);
        space.intervals.iter().for_each(|interval| writer.numbers(&[interval.typical, interval.alarm]));
        writer.numbers(&[space.residual]);
        writer.bytes(&(space.states() as u16).to_le_bytes());
        [space.projection, space.means, space.precisions, space.inverse_deviations, space.centres, space.states]
            .iter()
            .for_each(|numbers| writer.bytes(numbers.raw()));
    }
    if let Some(NormalSpectra { level_deviation, deviations, references }) = spectra {
        writer.numbers(&[*level_deviation]);
        writer.bytes(deviations.raw());
        writer.bytes(references.raw());
    }
    writer.seal();
}

#[cfg(test)]
mod tests {
    use super::super::{Detector, STATISTICS_LEN, WindowValues};
    use super::*;
    use crate::log_mel::BANDS;
    use crate::sealed::CRC;
    use crate::window::{COLUMNS, Patch};
    use monitor_tflite::Scalars;

    const PERSISTENCE: Persistence = Persistence { raise_s: 1.0, within_s: 1.5, change_s: 0.0 };

    fn le(numbers: &[f32]) -> std::vec::Vec<u8> {
        numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
    }

    /// One component along the first value, one cluster at 0, and the residual.
    fn bytes() -> std::vec::Vec<u8> {
        bytes_with(&[])
    }

    /// The same with `states`.
    fn bytes_with(states: &[f32]) -> std::vec::Vec<u8> {
        let mut first = [0.0; STATISTICS_LEN];
        first[0] = 1.0;
        let (projection, zeros) = (le(&first), le(&[0.0; STATISTICS_LEN]));
        let (one, ones, mean) = (le(&[0.25]), le(&[1.0; STATISTICS_LEN]), le(&[0.0]));
        let states = le(states);
        let space = SubspaceDetector {
            location: 0.0,
            scale: 0.5,
            states: Scalars::new(&states),
            intervals: [Interval { typical: 1.0, alarm: 2.0 }, Interval { typical: 0.5, alarm: 1.5 }],
            residual: 4.0,
            projection: Scalars::new(&projection),
            means: Scalars::new(&mean),
            precisions: Scalars::new(&one),
            inverse_deviations: Scalars::new(&ones),
            centres: Scalars::new(&zeros),
        };
        let (deviations, references) = (le(&[1.5; SPECTRUM_LEN]), le(&[-40.0; 2 * SPECTRUM_LEN]));
        let spectra = NormalSpectra {
            level_deviation: 2.0,
            deviations: Scalars::new(&deviations),
            references: Scalars::new(&references),
        };
        let mut out = std::vec::Vec::new();
        write(0.5, PERSISTENCE, &[(Input::Statistics, space)], Some(&spectra), |bytes| out.extend(bytes));
        out
    }

    #[test]
    fn what_is_written_is_read_and_scores_by_the_formula() {
        let bytes = bytes();
        let tables = AnomalyModel::from_bytes(&bytes).unwrap();
        assert_eq!(tables.persistence, PERSISTENCE);
        let spectra = tables.spectra.unwrap();
        assert_eq!((spectra.level_deviation, spectra.count()), (2.0, 2));
        assert!(spectra.deviations.iter().all(|deviation| deviation == 1.5));
        assert!(spectra.references.iter().all(|level| level == -40.0));
        let mut x = [0.0; STATISTICS_LEN];
        (x[0], x[1]) = (2.0, 1.5);
        // 2^2 / 4 + 4 * 1.5^2 = 10
        assert_eq!(tables.space(Input::Statistics).unwrap().distance(&x), 10.0_f32.sqrt());
        // The bands' means less their mean are 31.5 and 63 times -0.5, the first band's other values 32, 32 and 64.
        let patch: Patch =
            core::array::from_fn(|j| core::array::from_fn(|b| if b == 0 && j % 2 == 1 { 64.0 } else { 0.0 }));
        let q = 31.5 * 31.5 / 4.0 + 4.0 * (63.0 * 0.25 + 32.0 * 32.0 * 2.0 + 64.0 * 64.0);
        let expected = (f32::ln(f32::sqrt(q)) / 0.5 - 1.0 - 1.0).exp();
        let window = WindowValues { patch: &patch, features: &[], rumble: &[0.0; crate::rumble::BANDS] };
        let z = Detector::new(tables).z_scores(&window);
        let score = tables.rules().levels.score(&[z, [None; Input::ALL.len()]]).unwrap();
        assert!((score / expected - 1.0).abs() < 1e-4, "{score} {expected}");
        assert_eq!((COLUMNS, BANDS), (96, 64));
    }

    #[test]
    fn tables_cut_anywhere_or_changed_in_any_byte_are_refused() {
        let bytes = bytes();
        for end in 0..bytes.len() {
            assert!(AnomalyModel::from_bytes(&bytes[..end]).is_err(), "cut at {end}");
        }
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 0x10;
            assert!(AnomalyModel::from_bytes(&changed).is_err(), "changed at {at}");
        }
    }

    #[test]
    fn tables_of_the_schemas_before_have_one_pair_of_levels_and_the_first_name_no_bands() {
        let mut before = bytes();
        let sealed = |mut bytes: std::vec::Vec<u8>| {
            bytes.extend(CRC.checksum(&bytes).to_le_bytes());
            bytes
        };
        before.truncate(before.len() - 4);
        // The number of states, after 20 bytes of the tables and 32 of the space, one of them the residual's.
        before.drain(52..54);
        before[0] = 5;
        let without_states = sealed(before.clone());
        let tables = AnomalyModel::from_bytes(&without_states).unwrap();
        assert_eq!(tables.space(Input::Statistics).unwrap().states(), 0);
        // The levels of the long span, after 20 bytes of the tables and 20 of the space.
        before.drain(40..48);
        before[0] = 4;
        let with_spectra = sealed(before.clone());
        let tables = AnomalyModel::from_bytes(&with_spectra).unwrap();
        assert!(tables.spectra.is_some());
        let space = tables.space(Input::Statistics).unwrap();
        assert_eq!(space.intervals, [Interval { typical: 1.0, alarm: 2.0 }; SPANS]);
        before.truncate(before.len() - 4 * (1 + 3 * SPECTRUM_LEN));
        (before[0], before[3]) = (3, 0);
        let without = sealed(before);
        let tables = AnomalyModel::from_bytes(&without).unwrap();
        assert!(tables.spectra.is_none() && tables.space(Input::Statistics).is_some());
    }

    #[test]
    fn a_z_score_is_by_the_location_and_the_scale_of_the_nearest_state() {
        let bytes = bytes_with(&[1.0, 0.5, -2.0, 0.25, 2.0, 3.0]);
        let tables = AnomalyModel::from_bytes(&bytes).unwrap();
        let space = tables.space(Input::Statistics).unwrap();
        assert_eq!(space.states(), 2);
        for (first, state, location, scale) in [(-4.0, 0, 1.0, 0.5), (0.4, 0, 1.0, 0.5), (0.6, 1, 0.25, 2.0)] {
            let mut x = [0.0; STATISTICS_LEN];
            x[0] = first;
            let (ln, found) = space.ln_and_state(&x);
            assert_eq!((ln, found), (libm::logf(space.distance(&x)), state));
            assert_eq!(space.z_score(&x), (ln - location) / scale);
        }
        // A state without a deviation.
        assert_eq!(AnomalyModel::from_bytes(&bytes_with(&[1.0, 0.0, -2.0])).unwrap_err(), Error::Damaged);
    }

    #[test]
    fn a_later_schema_is_refused_by_its_number() {
        assert_eq!(AnomalyModel::from_bytes(&[9, 0, 1]).unwrap_err(), Error::Schema(9));
    }
}
