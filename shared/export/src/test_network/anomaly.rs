//! Small anomaly tables.

use monitor_core::anomaly::{
    self, Input, Interval, NormalSpectra, Persistence, SPANS, SPECTRUM_LEN, STATISTICS_LEN, SubspaceDetector,
};
use monitor_tflite::Scalars;

/// Writes tables with one detector, on log-mel statistics: one component along the first value, one cluster at 0, and the
/// residual. Its distance is that of the statistics from 0, mostly along the first component. Normal spectra are flat, at
/// -50 dB. Warning level: 0.6.
pub fn anomaly_tables(persistence: Persistence) -> Vec<u8> {
    let bytes = |numbers: &[f32]| -> Vec<u8> { numbers.iter().flat_map(|number| number.to_le_bytes()).collect() };
    let mut first = [0.0; STATISTICS_LEN];
    first[0] = 1.0;
    let (projection, centres, scales) = (bytes(&first), bytes(&[0.0; STATISTICS_LEN]), bytes(&[1.0; STATISTICS_LEN]));
    let (mean, precision) = (bytes(&[0.0]), bytes(&[0.25]));
    let space = SubspaceDetector {
        location: 0.0,
        scale: 0.5,
        states: Scalars::new(&[]),
        intervals: [Interval { typical: 0.0, alarm: 2.0 }; SPANS],
        residual: 4.0,
        projection: Scalars::new(&projection),
        means: Scalars::new(&mean),
        precisions: Scalars::new(&precision),
        inverse_deviations: Scalars::new(&scales),
        centres: Scalars::new(&centres),
    };
    let mut tables = Vec::new();
    let (deviations, references) = (bytes(&[1.0; SPECTRUM_LEN]), bytes(&[-50.0; 2 * SPECTRUM_LEN]));
    let (deviations, references) = (Scalars::new(&deviations), Scalars::new(&references));
    let spectra = NormalSpectra { level_deviation: 1.0, deviations, references };
    let put = |part: &[u8]| tables.extend_from_slice(part);
    anomaly::write(0.6, persistence, &[(Input::Statistics, space)], Some(&spectra), put);
    tables
}
