//! Pauses between two attempts to reach something in the network.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

/// A random time between half the pause and the whole pause, so that devices that lost the same server together do not
/// return at the same moment.
pub(crate) fn jittered(pause: Duration) -> Duration {
    // The keys of a new hasher are random: enough for this, and no library is needed for it.
    let random = RandomState::new().build_hasher().finish();
    pause.mul_f64(0.5 + 0.5 * random as f64 / u64::MAX as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_are_spread_over_their_second_half() {
        let pauses: Vec<f64> = (0..1000).map(|_| jittered(Duration::from_secs(8)).as_secs_f64()).collect();
        assert!(pauses.iter().all(|pause| (4.0..=8.0).contains(pause)));
        for quarter in 0..4 {
            let from = 4.0 + f64::from(quarter);
            let share = pauses.iter().filter(|pause| (from..from + 1.0).contains(*pause)).count();
            assert!((150..350).contains(&share), "{quarter}: {share}");
        }
    }
}
