//! Widens anomaly tables by clips that were labelled as normal.
//!
//! Normal sound of the model stays normal: clusters, projections, precisions and scales are kept. A clip that exceeds what normal
//! sound usually reaches adds a cluster to each detector in which it does, the mean of its windows, and its mean spectrum to those
//! that alarms are explained by. Distances are those to the nearest cluster, so they can only fall.
//!
//! The alarm level of a detector rises where halves of a clip show that its sound varies more than that of training: each half in
//! turn takes the place of a group, the highest mean z-score of the other half to its cluster is that of unseen normal sound
//! ([`super::thresholds`]), and the level is at least [`MARGIN`] above it. It rises at most to [`MOST_WIDER`] times its distance
//! from the usual highest value of normal sound, so that no label makes a detector deaf.

use monitor_core::anomaly::{
    Alarm, AnomalyModel, Detector, Input, Interval, NormalSpectra, SPANS, SPECTRUM_LEN, Spectrum, SubspaceDetector,
    WindowValues, spectrum, write,
};
use monitor_tflite::Scalars;

use super::highest::highest;

/// Most clusters that are added to a detector, and most spectra.
pub const MOST_CLUSTERS: usize = 32;
/// Most of both, those of the model included: the limits of the file.
const MOST_OF_ALL: usize = 1024;
const MOST_SPECTRA: usize = 255;
/// Distance of the alarm level from the highest z-score of unseen normal sound: that of the levels of training.
const MARGIN: f32 = 0.5;
/// Most by which the level's distance from the usual highest value grows.
const MOST_WIDER: f32 = 1.5;

/// What the detectors read of successive windows of one clip.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ClipWindows {
    /// The inputs of each detector, in the order of [`Input::ALL`].
    inputs: [Vec<Vec<f32>>; Input::ALL.len()],
    spectra: Vec<Spectrum>,
}

impl ClipWindows {
    /// Adds the next window; only what the detectors of `tables` read is kept.
    pub fn add(&mut self, tables: &AnomalyModel<'_>, window: &WindowValues<'_>) {
        for input in Input::ALL.into_iter().filter(|input| tables.space(*input).is_some()) {
            self.inputs[input as usize].extend(window.with(input, <[f32]>::to_vec));
        }
        if tables.spectra.is_some() {
            self.spectra.push(spectrum(window.patch, window.rumble));
        }
    }

    /// Number of windows.
    pub fn len(&self) -> usize {
        self.inputs.iter().map(Vec::len).max().unwrap_or(0)
    }

    /// Whether there is no window.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Highest anomaly score of the clip by `tables`, for windows `hop_s` seconds apart; `None` for a clip that is too short for a
    /// score.
    pub fn highest_score(&self, tables: &AnomalyModel<'_>, hop_s: f32) -> Option<f32> {
        let mut alarm = Alarm::new(&tables.rules(), hop_s);
        let detector = Detector::new(*tables);
        let scores = (0..self.len()).filter_map(|at| {
            let z = Input::ALL.map(|input| {
                let space = detector.tables().space(input)?;
                Some(space.z_score(self.inputs[input as usize].get(at)?))
            });
            alarm.update(at as u64, &z, true).score
        });
        scores.reduce(f32::max)
    }
}

/// Widened tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Widened {
    /// As in a model file.
    pub tables: Vec<u8>,
    /// Clips that added a cluster to at least one detector.
    pub added: usize,
    /// Clips that would have, beyond [`MOST_CLUSTERS`].
    pub left: usize,
}

/// The clusters of one detector.
struct Clusters<'m> {
    input: Input,
    own: SubspaceDetector<'m>,
    means: Vec<u8>,
    centres: Vec<u8>,
    added: usize,
    /// Highest mean z-score over each span of a half of an added clip to the cluster of the other half.
    highest: [f32; SPANS],
}

impl<'m> Clusters<'m> {
    fn space(&self) -> SubspaceDetector<'_> {
        SubspaceDetector { means: Scalars::new(&self.means), centres: Scalars::new(&self.centres), ..self.own }
    }

    /// The same with one more cluster, at the mean of `windows`.
    fn with(&self, windows: &[Vec<f32>]) -> (Vec<u8>, Vec<u8>) {
        let values = self.input.len();
        let mut sums = vec![0.0_f64; values];
        for window in windows {
            sums.iter_mut().zip(window).for_each(|(sum, value)| *sum += f64::from(*value));
        }
        let centre: Vec<f32> = sums.iter().map(|sum| (sum / windows.len().max(1) as f64) as f32).collect();
        let mean = self.own.project(&centre);
        let (mut means, mut centres) = (self.means.clone(), self.centres.clone());
        means.extend(mean[..self.own.components()].iter().flat_map(|number| number.to_le_bytes()));
        if !self.own.centres.is_empty() {
            centres.extend(centre.iter().flat_map(|number| number.to_le_bytes()));
        }
        (means, centres)
    }

    /// Adds the cluster of a clip, unless the clip is normal already. Returns whether it was added, or `Err` if there is no room.
    fn add(&mut self, windows: &[Vec<f32>], hop_s: f32) -> Result<bool, Full> {
        let found = highest_in(&self.space(), windows, hop_s);
        if found.iter().zip(&self.own.intervals).all(|(highest, interval)| *highest <= interval.typical) {
            return Ok(false);
        }
        if self.added == MOST_CLUSTERS || self.own.clusters() + self.added >= MOST_OF_ALL {
            return Err(Full);
        }
        let (first, second) = windows.split_at(windows.len() / 2);
        for (fitted, unseen) in [(first, second), (second, first)] {
            if fitted.is_empty() {
                continue;
            }
            let (means, centres) = self.with(fitted);
            let space = SubspaceDetector { means: Scalars::new(&means), centres: Scalars::new(&centres), ..self.own };
            let found = highest_in(&space, unseen, hop_s);
            self.highest.iter_mut().zip(found).for_each(|(most, found)| *most = most.max(found));
        }
        (self.means, self.centres) = self.with(windows);
        self.added += 1;
        Ok(true)
    }

    /// The levels, the alarm's raised as far as the halves of clips ask for.
    fn intervals(&self) -> [Interval; SPANS] {
        std::array::from_fn(|span| {
            let Interval { typical, alarm } = self.own.intervals[span];
            let most = typical + MOST_WIDER * (alarm - typical);
            Interval { typical, alarm: (self.highest[span] + MARGIN).clamp(alarm, most) }
        })
    }
}

/// There is no room for another cluster.
struct Full;

/// The highest mean z-score of `windows` over each span; negative infinity without a window.
fn highest_in(space: &SubspaceDetector<'_>, windows: &[Vec<f32>], hop_s: f32) -> [f32; SPANS] {
    let z = |window: &Vec<f32>| {
        let mut z = [None; Input::ALL.len()];
        z[0] = Some(space.z_score(window));
        z
    };
    highest(windows.iter().map(z), hop_s).map(|means| means[0].unwrap_or(f32::NEG_INFINITY))
}

/// Widens `tables` by `clips` of normal sound, whose windows are `hop_s` seconds apart.
pub fn widen(tables: &AnomalyModel<'_>, clips: &[&ClipWindows], hop_s: f32) -> Widened {
    let spaces = Input::ALL.into_iter().filter_map(|input| Some((input, *tables.space(input)?)));
    let mut detectors: Vec<Clusters<'_>> = spaces
        .map(|(input, own)| Clusters {
            input,
            own,
            means: own.means.raw().to_vec(),
            centres: own.centres.raw().to_vec(),
            added: 0,
            highest: [f32::NEG_INFINITY; SPANS],
        })
        .collect();
    let mut references = tables.spectra.map(|spectra| spectra.references.raw().to_vec()).unwrap_or_default();
    let (mut added, mut left) = (0, 0);
    for clip in clips {
        let results: Vec<Result<bool, Full>> =
            detectors.iter_mut().map(|clusters| clusters.add(&clip.inputs[clusters.input as usize], hop_s)).collect();
        left += usize::from(results.iter().any(Result::is_err));
        if results.into_iter().any(|result| matches!(result, Ok(true))) {
            added += 1;
            if !clip.spectra.is_empty() && references.len() < 4 * SPECTRUM_LEN * MOST_SPECTRA {
                references.extend(mean_spectrum(&clip.spectra).iter().flat_map(|level| level.to_le_bytes()));
            }
        }
    }
    let spectra = tables.spectra.map(|own| NormalSpectra { references: Scalars::new(&references), ..own });
    let spaces: Vec<(Input, SubspaceDetector<'_>)> = detectors
        .iter()
        .map(|clusters| (clusters.input, SubspaceDetector { intervals: clusters.intervals(), ..clusters.space() }))
        .collect();
    let mut bytes = Vec::new();
    write(tables.warning, tables.persistence, &spaces, spectra.as_ref(), |part| bytes.extend_from_slice(part));
    Widened { tables: bytes, added, left }
}

fn mean_spectrum(spectra: &[Spectrum]) -> Spectrum {
    let mut sums = [0.0_f64; SPECTRUM_LEN];
    for spectrum in spectra {
        sums.iter_mut().zip(spectrum).for_each(|(sum, level)| *sum += f64::from(*level));
    }
    sums.map(|sum| (sum / spectra.len() as f64) as f32)
}

#[cfg(test)]
mod tests {
    use monitor_core::anomaly::Persistence;
    use monitor_core::rumble::BANDS;

    use super::*;

    /// Tables with one detector, over the rumble, whose one cluster lies at 0 with a deviation of 1 in each band.
    fn tables() -> Vec<u8> {
        let le = |numbers: &[f32]| numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>();
        let identity: Vec<f32> = (0..64).map(|at| f32::from(u8::from(at % 9 == 0))).collect();
        let (projection, zeros, ones) = (le(&identity), le(&[0.0; 8]), le(&[1.0; 8]));
        let space = SubspaceDetector {
            location: 1.1,
            scale: 0.25,
            states: Scalars::new(&[]),
            intervals: [Interval { typical: 0.0, alarm: 2.0 }; SPANS],
            residual: 0.0,
            projection: Scalars::new(&projection),
            means: Scalars::new(&zeros),
            precisions: Scalars::new(&ones),
            inverse_deviations: Scalars::new(&[]),
            centres: Scalars::new(&[]),
        };
        let (deviations, references) = (le(&[1.0; SPECTRUM_LEN]), le(&[-50.0; SPECTRUM_LEN]));
        let (deviations, references) = (Scalars::new(&deviations), Scalars::new(&references));
        let spectra = NormalSpectra { level_deviation: 1.0, deviations, references };
        let mut bytes = Vec::new();
        let put = |part: &[u8]| bytes.extend_from_slice(part);
        write(0.6, Persistence::default(), &[(Input::Rumble, space)], Some(&spectra), put);
        bytes
    }

    /// A clip of 30 windows about `centre`, which vary by `spread` in every band.
    fn clip(tables: &AnomalyModel<'_>, centre: f32, spread: f32) -> ClipWindows {
        let mut clip = ClipWindows::default();
        for at in 0..30 {
            let rumble: [f32; BANDS] = std::array::from_fn(|band| {
                let sign = [1.0, -1.0][(at / (1 + band % 3) + band) % 2];
                centre + spread * sign
            });
            clip.add(tables, &WindowValues { patch: &[[-4.0; 64]; 96], features: &[], rumble: &rumble });
        }
        clip
    }

    #[test]
    fn a_normal_clip_no_longer_alarms_and_others_score_as_before() {
        let bytes = tables();
        let own = AnomalyModel::from_bytes(&bytes).unwrap();
        let [usual, new, fault] = [clip(&own, 0.0, 1.0), clip(&own, 6.0, 1.0), clip(&own, -6.0, 1.0)];
        let of = |tables: &AnomalyModel<'_>, clip: &ClipWindows| clip.highest_score(tables, 0.48).unwrap();
        assert!(of(&own, &usual) < 1.0 && of(&own, &new) > 1.0 && of(&own, &fault) > 1.0);
        let widened = widen(&own, &[&usual, &new], 0.48);
        assert_eq!((widened.added, widened.left), (1, 0), "usual sound needs no cluster");
        let after = AnomalyModel::from_bytes(&widened.tables).unwrap();
        assert!(of(&after, &new) < 1.0, "{}", of(&after, &new));
        assert_eq!(of(&after, &usual), of(&own, &usual));
        assert_eq!(of(&after, &fault), of(&own, &fault));
        assert_eq!(after.spectra.unwrap().count(), 2);
        assert_eq!(after.space(Input::Rumble).unwrap().intervals, own.space(Input::Rumble).unwrap().intervals);
    }

    #[test]
    fn sound_that_varies_more_raises_the_level_and_no_further_than_by_half() {
        let bytes = tables();
        let own = AnomalyModel::from_bytes(&bytes).unwrap();
        let level = |spread: f32| {
            let widened = widen(&own, &[&clip(&own, 9.0, spread)], 0.48);
            AnomalyModel::from_bytes(&widened.tables).unwrap().space(Input::Rumble).unwrap().intervals[0].alarm
        };
        assert_eq!(level(1.0), 2.0);
        let wider = level(1.7);
        assert!(wider > 2.0 && wider < 3.0, "{wider}");
        assert_eq!(level(30.0), 3.0);
    }

    #[test]
    fn clusters_are_bounded() {
        let bytes = tables();
        let own = AnomalyModel::from_bytes(&bytes).unwrap();
        let clips: Vec<ClipWindows> = (1..40).map(|at| clip(&own, 10.0 * at as f32, 1.0)).collect();
        let widened = widen(&own, &clips.iter().collect::<Vec<_>>(), 0.48);
        assert_eq!((widened.added, widened.left), (MOST_CLUSTERS, 39 - MOST_CLUSTERS));
        assert!(AnomalyModel::from_bytes(&widened.tables).is_ok());
    }

    #[test]
    fn a_clip_without_windows_changes_nothing() {
        let bytes = tables();
        let own = AnomalyModel::from_bytes(&bytes).unwrap();
        let empty = ClipWindows::default();
        assert!(empty.is_empty() && empty.highest_score(&own, 0.48).is_none());
        assert_eq!(widen(&own, &[&empty], 0.48), Widened { tables: bytes.clone(), added: 0, left: 0 });
    }
}
