//! How often trend and drift are reported on normal days, and how soon on changed ones: simulated machines of which each day has
//! a median for each state. `cargo test -p monitor-core --test trend_rates -- --nocapture` prints the figures of
//! `docs/reference/measured.md`.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // A panic is how a test fails; the figures are printed.

use monitor_core::trend::{Course, Day, Drift, DriftFollower, Shift, forecast};

/// Deviations of the daily medians of a calm machine: position of the score, and level in dB.
const UNITS: [f32; 2] = [0.15, 1.0];

/// Position of the warning level above the usual median: 0.75 and -0.5 are usual.
const TO_WARNING: f32 = 1.25;

/// How the days of a machine vary, in [`UNITS`].
#[derive(Clone, Copy)]
struct Days {
    name: &'static str,
    /// Independent from day to day.
    independent: f32,
    /// A first-order autoregression with a correlation of 0.5; half of its variance is common to all states.
    lasting: f32,
    /// Lower on two days of the week, in all states.
    weekend: f32,
    /// Amplitude of a sine over the year, in all states.
    season: f32,
}

const KINDS: [Days; 4] = [
    Days { name: "independent days", independent: 1.0, lasting: 0.0, weekend: 0.0, season: 0.0 },
    Days { name: "days that resemble the day before", independent: 0.5, lasting: 1.0, weekend: 0.0, season: 0.0 },
    Days { name: "quieter weekends", independent: 0.5, lasting: 0.5, weekend: 2.0, season: 0.0 },
    Days { name: "seasons", independent: 0.5, lasting: 0.5, weekend: 0.0, season: 3.0 },
];

/// xorshift64 and Box-Muller: the same figures everywhere up to rounding.
struct Rng(u64);

impl Rng {
    fn new(seed: u64) -> Self {
        let mut rng = Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        (0..20).for_each(|_| {
            rng.uniform();
        });
        rng
    }

    /// Above 0, below 1.
    fn uniform(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 40) as f32 + 0.5) / (1 << 24) as f32
    }

    fn normal(&mut self) -> f32 {
        let (radius, angle) = (self.uniform(), self.uniform());
        libm::sqrtf(-2.0 * libm::logf(radius)) * libm::cosf(core::f32::consts::TAU * angle)
    }
}

/// A machine day by day.
struct Machine {
    days: Days,
    rng: Rng,
    common: [f32; 2],
    own: Vec<[f32; 2]>,
}

impl Machine {
    fn new(days: Days, states: usize, seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let common = [rng.normal(), rng.normal()];
        let own = (0..states).map(|_| [rng.normal(), rng.normal()]).collect();
        Self { days, rng, common, own }
    }

    /// Position and level of each state on a day, in units of their own.
    fn day(&mut self, day: u16) -> Vec<[f32; 2]> {
        let Self { days, rng, common, own } = self;
        let mut next = |value: &mut f32| *value = 0.5 * *value + 0.75f32.sqrt() * rng.normal();
        common.iter_mut().for_each(&mut next);
        own.iter_mut().flatten().for_each(next);
        let weekend = if day % 7 >= 5 { -days.weekend } else { 0.0 };
        let season = days.season * libm::sinf(core::f32::consts::TAU * f32::from(day) / 365.0);
        let value = |what: usize, own: &[f32; 2], normal: f32| {
            let lasting = days.lasting * 0.5f32.sqrt() * (common[what] + own[what]);
            UNITS[what] * (days.independent * normal + lasting + weekend + season)
        };
        own.iter().map(|own| core::array::from_fn(|what| value(what, own, rng.normal()))).collect()
    }
}

/// The result of each day; each state occurs on 9 of 10 days. `shift`: added to a state from a day on.
fn drifts(days: Days, states: usize, count: u16, seed: u64, shift: impl Fn(usize, u16) -> [f32; 2]) -> Vec<Drift> {
    let (mut machine, mut follower) = (Machine::new(days, states, seed), DriftFollower::default());
    (0..count)
        .map(|day| {
            for (state, value) in machine.day(day).into_iter().enumerate() {
                let [position, level] = shift(state, day);
                if machine.rng.uniform() < 0.9 {
                    follower.add(state, day, value[0] + position, value[1] + level);
                }
            }
            follower.drift(day)
        })
        .collect()
}

/// How often the results begin to be such.
fn beginnings(results: &[Drift], is: impl Fn(&Drift) -> bool) -> usize {
    usize::from(results.first().is_some_and(&is))
        + results.windows(2).filter(|pair| !is(&pair[0]) && is(&pair[1])).count()
}

fn is_all(drift: &Drift) -> bool {
    matches!(drift, Drift::All(_))
}

#[test]
fn normal_days_are_rarely_called_drift_and_a_new_microphone_is_found_within_days() {
    const MACHINES: u64 = 100;
    for days in KINDS {
        for states in [2, 4] {
            let run = |seed| beginnings(&drifts(days, states, 365, seed, |_, _| [0.0; 2]), is_all);
            let a_month = (1..=MACHINES).map(run).sum::<usize>() as f32 / (MACHINES as f32 * 365.0 / 30.0);
            print!("drift, {}, {states} states: {a_month:.4} a month in error", days.name);
            // From day 40 on.
            for (name, change, shift) in [
                ("-6 dB", [0.0, -6.0], Shift::Quieter),
                ("+6 dB", [0.0, 6.0], Shift::Louder),
                ("score", [1.0, 0.0], Shift::Unlike),
            ] {
                let found = |seed| {
                    let from = |_, day| if day >= 40 { change } else { [0.0; 2] };
                    let results = drifts(days, states, 61, seed, from);
                    results[40..].iter().position(|drift| *drift == Drift::All(shift)).map(|after| after + 1)
                };
                let mut after: Vec<usize> = (1..=MACHINES).filter_map(found).collect();
                after.sort_unstable();
                print!(
                    "; {name}: {} of {MACHINES} within 21 days, median {} days",
                    after.len(),
                    after[after.len() / 2]
                );
                // A season that shifts already moves the onset.
                let least = if days.season > 0.0 { 40 } else { 85 };
                assert!(after.len() >= least, "{} {name}", days.name);
            }
            let fault = |seed| {
                let from = |state, day| if day >= 40 && state + 1 < states { [2.0, 6.0] } else { [0.0; 2] };
                drifts(days, states, 61, seed, from)[40..].iter().any(is_all)
            };
            let faults = (1..=MACHINES).filter(|seed| fault(*seed)).count();
            println!("; a fault in all states but one called drift: {faults} of {MACHINES}");
            // A season shifts all states, and a fault during it is taken for a part of it.
            let (allowed, mistaken) = if days.season > 0.0 { (0.15, 50) } else { (0.01, 5) };
            assert!(a_month <= allowed && faults <= mistaken, "{}: {a_month} {faults}", days.name);
        }
    }
}

#[test]
fn days_without_a_trend_have_few_forecasts_and_those_of_a_rise_hold_the_true_day() {
    const MACHINES: u64 = 60;
    for days in KINDS {
        let series = |seed, count, rise: f32| -> Vec<Day> {
            let mut machine = Machine::new(days, 1, seed);
            let value = |day: u16| machine.day(day)[0][0] + rise * f32::from(day.saturating_sub(30));
            let values: Vec<f32> = (0..count).map(value).collect();
            (0..count).zip(values).map(|(at, value)| Day { at: f32::from(at), value }).collect()
        };
        let rising = |days: &[Day]| forecast(days, TO_WARNING).0 == Course::Rising;
        let false_ones = |seed| {
            let all = series(seed, 365, 0.0);
            let each: Vec<bool> = (1..=all.len()).map(|end| rising(&all[..end])).collect();
            each.windows(2).filter(|pair| !pair[0] && pair[1]).count()
        };
        let a_month = (1..=MACHINES).map(false_ones).sum::<usize>() as f32 / (MACHINES as f32 * 365.0 / 30.0);
        print!("trend, {}: {a_month:.3} a month in error", days.name);
        for rise in [0.01, 0.03, 0.1] {
            let crossing = 30.0 + TO_WARNING / rise;
            let (mut first, mut held, mut reports) = (Vec::new(), 0, 0);
            for seed in 1..=MACHINES {
                let all = series(seed, crossing as u16, rise);
                let mut found = false;
                for end in 31..=all.len() {
                    let (Course::Rising, Some(to)) = forecast(&all[..end], TO_WARNING) else { continue };
                    let truth = crossing - (end - 1) as f32;
                    reports += 1;
                    held += usize::from(f32::from(to.earliest) <= truth && truth <= f32::from(to.latest));
                    if !std::mem::replace(&mut found, true) {
                        first.push(end - 31);
                    }
                }
            }
            first.sort_unstable();
            let share = 100 * held / reports.max(1);
            print!(
                "; {} days to the level: {} of {MACHINES} found, median after {} days, {share} % of forecasts hold the true day",
                TO_WARNING / rise,
                first.len(),
                first[first.len() / 2]
            );
            assert!(first.len() as u64 * 2 >= MACHINES, "{} {rise}", days.name);
        }
        println!();
        // A season is a rise.
        let allowed = if days.season > 0.0 { 0.6 } else { 0.3 };
        assert!(a_month <= allowed, "{}: {a_month}", days.name);
    }
}
