//! The baseline of one machine: anomaly tables refitted on the device, without a workstation (`firmware baseline`).
//!
//! Some minutes of normal sound are too few to estimate the directions in which normal sound varies: projections, precisions
//! and scales stay the model's. They suffice for the means: each cluster takes the mean of the windows nearest to it, and a
//! cluster without windows keeps its own; so do the spectra that alarms are explained by. The means of states stay too: a window
//! belongs to the same state in the baseline as afterwards, and that is all that the state's location and scale ask for. These and
//! levels come, as in training, from held-out windows: an eighth of the time in turn takes the place of a group.
//!
//! Levels are of all states together, and say nothing of a state that the machine was not in, or only for moments. Its clusters stay
//! where they are, its location and scale are chosen so that it keeps the score it has by the model's tables, and detectors that do not
//! tell states apart stay as they are.

use super::references::References;
use super::thresholds::{Scale, Unseen, UnseenRun, UnseenWindow, thresholds};
use monitor_core::anomaly::{
    AnomalyModel, Input, Interval, NormalSpectra, SPANS, SubspaceDetector, WindowValues, write,
};
use monitor_tflite::Scalars;

/// Least sound for a baseline, in seconds.
pub const LEAST_S: f64 = 60.0;

/// Least sound of a state that takes its levels from the baseline, in seconds.
pub const LEAST_OF_STATE_S: f64 = 60.0;

/// Parts of the time that are held out in turn.
const PARTS: usize = 8;

/// Least windows of a cluster that takes their mean.
const LEAST_WINDOWS: usize = 8;

/// Normal windows of one machine. Memory: 5 kB each with an embedding, 1 kB without.
#[derive(Debug)]
pub struct Baseline<'m> {
    tables: AnomalyModel<'m>,
    /// The inputs of each detector, in the order of [`Input::ALL`].
    windows: [Vec<Vec<f32>>; Input::ALL.len()],
    /// What alarms are explained by, moved; `None` where the model's tables have no spectra.
    references: Option<References<'m>>,
}

/// The means of a space, moved, and its states, which stay where they are until their scales are known.
struct Moved {
    means: Vec<u8>,
    centres: Vec<u8>,
    states: Vec<u8>,
}

impl<'m> Baseline<'m> {
    /// A baseline without windows, for a model with these tables.
    pub fn new(tables: AnomalyModel<'m>) -> Self {
        let references = tables.spectra.map(References::new);
        Self { tables, windows: [const { Vec::new() }; Input::ALL.len()], references }
    }

    /// Windows so far.
    pub fn windows(&self) -> usize {
        self.windows.iter().map(Vec::len).max().unwrap_or(0)
    }

    /// Adds a window of normal sound.
    pub fn add(&mut self, window: &WindowValues<'_>) {
        for input in Input::ALL.into_iter().filter(|input| self.tables.space(*input).is_some()) {
            self.windows[input as usize].extend(window.with(input, <[f32]>::to_vec));
        }
        if let Some(references) = &mut self.references {
            references.add(window);
        }
    }

    /// The states of the detector over `input` of which there is too little sound for levels; none without states.
    fn short_states(&self, input: Input, hop_s: f64) -> Vec<usize> {
        let Some(space) = self.tables.space(input).filter(|space| space.states() > 0) else { return Vec::new() };
        let mut windows = vec![0_usize; space.states()];
        for x in &self.windows[input as usize] {
            windows[space.ln_and_state(x).1] += 1;
        }
        (0..space.states()).filter(|state| windows[*state] as f64 * hop_s < LEAST_OF_STATE_S).collect()
    }

    /// Fits the tables to the windows, which were `hop_s` seconds apart; returns them as bytes.
    ///
    /// # Errors
    /// When there was less than [`LEAST_S`] of sound.
    pub fn fit(&self, hop_s: f64) -> Result<Vec<u8>, TooLittle> {
        let windows = self.windows();
        let seconds = windows as f64 * hop_s;
        if seconds < LEAST_S {
            return Err(TooLittle { seconds });
        }
        let part = |row: usize| row * PARTS / windows;
        let parts: Vec<usize> = (0..windows).map(part).collect();
        let mut moved = Vec::new();
        let mut unseen: Vec<UnseenWindow> = vec![[None; Input::ALL.len()]; windows];
        let short = Input::ALL.map(|input| self.short_states(input, hop_s));
        let partial = short.iter().any(|states| !states.is_empty());
        for input in Input::ALL {
            let (Some(space), rows) = (self.tables.space(input), &self.windows[input as usize]) else { continue };
            let clusters: Vec<usize> = rows.iter().map(|x| space.nearest(x).0).collect();
            let stays = |cluster: usize| match space.states() {
                0 => partial,
                _ => short[input as usize].contains(&space.state_of_cluster(cluster)),
            };
            let stays: Vec<bool> = (0..space.clusters()).map(stays).collect();
            let of = |excluded: Option<usize>| {
                let others = rows.iter().zip(&clusters).zip(&parts).filter(|(_, part)| Some(**part) != excluded);
                let moving = others.filter(|((_, cluster), _)| !stays[**cluster]);
                move_means(space, moving.map(|((x, cluster), _)| (&x[..], *cluster)))
            };
            let held: Vec<Moved> = (0..PARTS).map(|part| of(Some(part))).collect();
            for ((x, part), window) in rows.iter().zip(&parts).zip(&mut unseen) {
                let (ln, state) = held[*part].space(space).ln_and_state(x);
                window[input as usize] = Some(Unseen { ln, state });
            }
            moved.push((input, space, of(None)));
        }
        let runs: Vec<UnseenRun> = (0..PARTS)
            .map(|group| UnseenRun {
                group,
                windows: unseen.iter().zip(&parts).filter(|(_, part)| **part == group).map(|(z, _)| *z).collect(),
            })
            .collect();
        let found = thresholds(&runs, hop_s);
        for (input, space, moved) in &mut moved {
            let Some(scale) = &found.scales[*input as usize] else { continue };
            scale.put(&mut moved.states, 0..space.states());
            let len = moved.states.len() / 4 / space.states().max(1);
            for state in &short[*input as usize] {
                if let Some(own) = space.states.get(len * state).zip(space.states.get(len * state + 1)) {
                    let (location, deviation) = kept(own, &space.intervals, &scale.intervals);
                    put(&mut moved.states, len * state, &[location, deviation]);
                }
            }
        }
        let spaces: Vec<_> = moved
            .iter()
            .filter_map(|(input, space, moved)| {
                let Scale { location, deviation, intervals, .. } = *found.scales[*input as usize].as_ref()?;
                let states = Scalars::new(&moved.states);
                let space = moved.space(space);
                if partial && space.states() == 0 {
                    return Some((*input, space));
                }
                Some((*input, SubspaceDetector { location, scale: deviation, states, intervals, ..space }))
            })
            .collect();
        let references = self.references.as_ref().map(|references| references.moved(LEAST_WINDOWS));
        let spectra = self.tables.spectra.zip(references.as_deref());
        let spectra = spectra.map(|(own, moved)| NormalSpectra { references: Scalars::new(moved), ..own });
        let mut bytes = Vec::new();
        let warning = if partial { found.warning.max(self.tables.warning) } else { found.warning };
        write(warning, self.tables.persistence, &spaces, spectra.as_ref(), |part| bytes.extend_from_slice(part));
        Ok(bytes)
    }
}

/// Location and deviation with which sound has the same place between typical value and alarm level of the intervals `new` as it has
/// with `own`, its location and deviation, in the intervals `before`. Where the spans differ, the span with the lower score decides.
fn kept((location, deviation): (f32, f32), before: &[Interval; SPANS], new: &[Interval; SPANS]) -> (f32, f32) {
    let rise = |interval: &Interval| interval.alarm - interval.typical;
    let ratios = before.iter().zip(new).map(|(before, new)| rise(before) / rise(new));
    let scaled = deviation * ratios.fold(f32::MIN_POSITIVE, f32::max);
    let locations =
        before.iter().zip(new).map(|(before, new)| location + deviation * before.typical - scaled * new.typical);
    (locations.fold(f32::NEG_INFINITY, f32::max), scaled)
}

/// The means of `space` moved to those of `rows`, each with the cluster that it is nearest to.
fn move_means<'a>(space: &SubspaceDetector<'_>, rows: impl Iterator<Item = (&'a [f32], usize)>) -> Moved {
    let (values, components) = (space.projection.len() / space.components().max(1), space.components());
    let mut sums = std::vec![(0_usize, std::vec![0.0_f64; values]); space.clusters()];
    for (x, cluster) in rows {
        let (count, sum) = &mut sums[cluster];
        *count += 1;
        sum.iter_mut().zip(x).for_each(|(sum, value)| *sum += f64::from(*value));
    }
    let mut moved = Moved {
        means: space.means.raw().to_vec(),
        centres: space.centres.raw().to_vec(),
        states: space.states.raw().to_vec(),
    };
    for (cluster, (count, sum)) in sums.into_iter().enumerate().filter(|(_, (count, _))| *count >= LEAST_WINDOWS) {
        let centre: Vec<f32> = sum.into_iter().map(|sum| (sum / count as f64) as f32).collect();
        let mean = space.project(&centre);
        put(&mut moved.means, cluster * components, &mean[..components]);
        if !moved.centres.is_empty() {
            put(&mut moved.centres, cluster * values, &centre);
        }
    }
    moved
}

/// Writes `numbers` from the place of number `at` on.
fn put(bytes: &mut [u8], at: usize, numbers: &[f32]) {
    let places = bytes.chunks_exact_mut(4).skip(at);
    places.zip(numbers).for_each(|(place, number)| place.copy_from_slice(&number.to_le_bytes()));
}

impl Moved {
    fn space<'a>(&'a self, space: &SubspaceDetector<'a>) -> SubspaceDetector<'a> {
        SubspaceDetector { means: Scalars::new(&self.means), centres: Scalars::new(&self.centres), ..*space }
    }
}

/// There was too little sound for a baseline.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("{seconds:.0} s of sound are too little for a baseline; at least {LEAST_S:.0} s are needed")]
pub struct TooLittle {
    /// How much there was.
    pub seconds: f64,
}

#[cfg(test)]
mod tests {
    use monitor_core::anomaly::Persistence;

    use super::*;

    #[test]
    fn states_keep_their_means_and_take_the_scales_of_the_machine_and_others_keep_their_scores() {
        let le = |numbers: &[f32]| numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>();
        let identity: Vec<f32> = (0..64).map(|at| f32::from(u8::from(at % 9 == 0))).collect();
        let (projection, zeros, ones) = (le(&identity), le(&[0.0; 8]), le(&[1.0; 8]));
        // Three states along the first band, at 0, 10 and 40.
        let states: Vec<f32> = [0.0, 10.0, 40.0]
            .into_iter()
            .flat_map(|place| {
                let mut state = [0.0; 10];
                (state[1], state[2]) = (1.0, place);
                state
            })
            .collect();
        let states = le(&states);
        let own = [Interval { typical: 0.5, alarm: 2.5 }, Interval { typical: 0.25, alarm: 2.25 }];
        let space = SubspaceDetector {
            location: 0.0,
            scale: 1.0,
            states: Scalars::new(&states),
            intervals: own,
            residual: 0.0,
            projection: Scalars::new(&projection),
            means: Scalars::new(&zeros),
            precisions: Scalars::new(&ones),
            inverse_deviations: Scalars::new(&[]),
            centres: Scalars::new(&[]),
        };
        // A detector that does not tell states apart: the first of its values.
        let (first, zero, one) =
            (le(&std::array::from_fn::<_, 256, _>(|at| f32::from(at == 0))), le(&[0.0]), le(&[1.0]));
        let plain = SubspaceDetector {
            states: Scalars::new(&[]),
            projection: Scalars::new(&first),
            means: Scalars::new(&zero),
            precisions: Scalars::new(&one),
            ..space
        };
        let mut bytes = Vec::new();
        let put = |part: &[u8]| bytes.extend_from_slice(part);
        write(0.9, Persistence::default(), &[(Input::Statistics, plain), (Input::Rumble, space)], None, put);
        let mut baseline = Baseline::new(AnomalyModel::from_bytes(&bytes).unwrap());
        // The machine is in the first two states, 8 windows each in turn, and varies more in the first.
        for at in 0..320_usize {
            let second = at / 8 % 2 == 1;
            let noise = (at * 7919 % 101) as f32 / 101.0;
            let first = if second { 10.0 + noise } else { 3.0 * noise };
            let rumble = [first, noise, 1.0 - noise, 0.5, 0.5, 0.5, 0.5, 0.5];
            baseline.add(&WindowValues { patch: &[[-4.0; 64]; 96], features: &[], rumble: &rumble });
        }
        let bytes = baseline.fit(0.48).unwrap();
        let tables = AnomalyModel::from_bytes(&bytes).unwrap();
        let plain = tables.space(Input::Statistics).unwrap();
        assert_eq!((plain.location, plain.scale, plain.intervals), (0.0, 1.0, own), "it has not heard the third state");
        assert!(tables.warning >= 0.9);
        let space = tables.space(Input::Rumble).unwrap();
        let numbers: Vec<f32> = space.states.iter().collect();
        let of = |state: usize| &numbers[10 * state..10 * (state + 1)];
        assert_eq!([0, 1, 2].map(|state| of(state)[2]), [0.0, 10.0, 40.0]);
        assert!(of(0)[0] != of(1)[0] && of(0)[1] > of(1)[1], "{:?} {:?}", of(0), of(1));
        // The machine was never in the third: by both tables its sound is as far on the way to the alarm level.
        let way = |ln: f32, state: &[f32], interval: &Interval| {
            ((ln - state[0]) / state[1] - interval.typical) / (interval.alarm - interval.typical)
        };
        for ln in [-2.0, 0.5, 3.0] {
            let ways: Vec<[f32; 2]> = own
                .iter()
                .zip(&space.intervals)
                .map(|(own, new)| [way(ln, &[0.0, 1.0], own), way(ln, of(2), new)])
                .collect();
            assert!(ways.iter().all(|[before, now]| *now < before + 1e-4), "{ways:?}");
            assert!(ways.iter().any(|[before, now]| (now - before).abs() < 1e-4), "{ways:?}");
        }
    }
}
