//! The baseline of one machine: anomaly tables refitted on the device, without a workstation (`firmware baseline`).
//!
//! Some minutes of normal sound are too few to estimate the directions in which normal sound varies: projections, precisions
//! and scales stay the model's. They suffice for the means: each cluster takes the mean of the windows nearest to it, and a
//! cluster without windows keeps its own; so do the spectra that alarms are explained by. Scale and levels come, as in training,
//! from held-out windows: an eighth of the time in turn takes the place of a group.

use super::references::References;
use super::thresholds::{UnseenRun, thresholds};
use monitor_core::anomaly::{AnomalyModel, Input, NormalSpectra, SubspaceDetector, WindowValues, ZScores, write};
use monitor_tflite::Scalars;

/// Least sound for a baseline, in seconds.
pub const LEAST_S: f64 = 60.0;

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

/// The means of a space, moved.
struct Moved {
    means: Vec<u8>,
    centres: Vec<u8>,
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
        let mut unseen: Vec<ZScores> = vec![[None; Input::ALL.len()]; windows];
        for input in Input::ALL {
            let (Some(space), rows) = (self.tables.space(input), &self.windows[input as usize]) else { continue };
            let clusters: Vec<usize> = rows.iter().map(|x| space.nearest(x).0).collect();
            let of = |excluded: Option<usize>| {
                let kept = rows.iter().zip(&clusters).zip(&parts).filter(move |(_, part)| Some(**part) != excluded);
                move_means(space, kept.map(|((x, cluster), _)| (&x[..], *cluster)))
            };
            let held: Vec<Moved> = (0..PARTS).map(|part| of(Some(part))).collect();
            for ((x, part), window) in rows.iter().zip(&parts).zip(&mut unseen) {
                window[input as usize] = Some(held[*part].space(space).ln_distance(x));
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
        let spaces: Vec<_> = moved
            .iter()
            .filter_map(|(input, space, moved)| {
                let scale = found.scales[*input as usize]?;
                let moved = moved.space(space);
                let own = SubspaceDetector {
                    location: scale.location,
                    scale: scale.deviation,
                    intervals: scale.intervals,
                    ..moved
                };
                Some((*input, own))
            })
            .collect();
        let references = self.references.as_ref().map(|references| references.moved(LEAST_WINDOWS));
        let spectra = self.tables.spectra.zip(references.as_deref());
        let spectra = spectra.map(|(own, moved)| NormalSpectra { references: Scalars::new(moved), ..own });
        let mut bytes = Vec::new();
        write(found.warning, self.tables.persistence, &spaces, spectra.as_ref(), |part| bytes.extend_from_slice(part));
        Ok(bytes)
    }
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
    let mut moved = Moved { means: space.means.raw().to_vec(), centres: space.centres.raw().to_vec() };
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
