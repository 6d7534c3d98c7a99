//! From predictions of windows to one prediction per recording: the mean probability over its windows.

use ndarray::ArrayView2;

use super::argmax;

/// A model's prediction for one recording.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RecordingVerdict {
    /// The recording's number, as given.
    pub recording: usize,
    /// Its true class.
    pub label: usize,
    /// The class of the largest mean probability.
    pub predicted: usize,
    /// Mean probability of each class over its windows.
    pub probabilities: Vec<f32>,
    /// Number of its windows.
    pub windows: usize,
}

/// One prediction per recording, in ascending order of recording: row `i` of `probabilities` [windows x classes] belongs to
/// recording `recordings[i]`, whose class is `labels[i]`.
///
/// A recording has the label of its first window; no data set of this program changes the label within a recording.
pub(crate) fn by_recording(
    probabilities: ArrayView2<f32>,
    recordings: &[usize],
    labels: &[usize],
) -> Vec<RecordingVerdict> {
    let mut sums: std::collections::BTreeMap<usize, (usize, Vec<f64>, usize)> = std::collections::BTreeMap::new();
    for ((row, recording), label) in probabilities.rows().into_iter().zip(recordings).zip(labels) {
        let entry = sums.entry(*recording).or_insert_with(|| (*label, vec![0.0; row.len()], 0));
        for (sum, value) in entry.1.iter_mut().zip(row) {
            *sum += f64::from(*value);
        }
        entry.2 += 1;
    }
    sums.into_iter()
        .map(|(recording, (label, sum, windows))| {
            let probabilities: Vec<f32> = sum.iter().map(|value| (value / windows as f64) as f32).collect();
            RecordingVerdict { recording, label, predicted: argmax(&probabilities), probabilities, windows }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn a_confident_window_outweighs_two_uncertain_ones() {
        let probabilities = array![[0.45_f32, 0.55], [0.45, 0.55], [1.0, 0.0], [0.2, 0.8]];
        let verdicts = by_recording(probabilities.view(), &[7, 7, 7, 3], &[0, 0, 0, 1]);
        assert_eq!(verdicts.len(), 2);
        assert_eq!((verdicts[0].recording, verdicts[0].predicted, verdicts[0].windows), (3, 1, 1));
        assert_eq!((verdicts[1].recording, verdicts[1].predicted, verdicts[1].label), (7, 0, 0));
    }
}
