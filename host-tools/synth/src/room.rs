//! The signal path from the machine to the file: room, microphone, gain.

use monitor_sound::filters::Biquad;
use monitor_sound::rng::Rng;

/// Early reflections: a few single echoes; late ones: four combs and two all-passes after M. R. Schroeder, "Natural
/// sounding artificial reverberation" (1962).
#[derive(Debug, Clone)]
pub(crate) struct Room {
    line: Delay,
    early: [(usize, f64); 5],
    combs: [Comb; 4],
    all_passes: [AllPass; 2],
    wet: f64,
}

impl Room {
    /// Draws a room at `distance_m` from the machine: the share of the room grows with the distance.
    pub(crate) fn draw(rate: f64, distance_m: f64, rng: &mut Rng) -> Self {
        let samples = |seconds: f64| ((seconds * rate) as usize).max(1);
        let decay_s = rng.range(0.2, 0.9);
        let size = rng.range(0.8, 1.4);
        let early = [0.004, 0.009, 0.014, 0.021, 0.031].map(|seconds: f64| {
            let delay = seconds * rng.range(0.7, 1.3) * size;
            (samples(delay), rng.range(0.25, 0.6) / (1.0 + 40.0 * delay))
        });
        let combs = [0.0297, 0.0371, 0.0411, 0.0437].map(|seconds| {
            let seconds = seconds * size;
            // The level falls by 60 dB in the decay time.
            Comb {
                line: Delay::new(samples(seconds)),
                feedback: libm::pow(10.0, -3.0 * seconds / decay_s),
                damped: 0.0,
            }
        });
        let all_passes = [0.005, 0.0017].map(|seconds| AllPass { line: Delay::new(samples(seconds)) });
        Self { line: Delay::new(samples(0.07)), early, combs, all_passes, wet: 0.12 + 0.14 * distance_m }
    }

    /// Returns the next sample.
    pub(crate) fn next(&mut self, x: f64) -> f64 {
        let early: f64 = self.early.iter().map(|(delay, gain)| gain * self.line.back(*delay)).sum();
        self.line.push(x);
        let late: f64 = self.combs.iter_mut().map(|comb| comb.next(x)).sum();
        let late = self.all_passes.iter_mut().fold(late * 0.25, |x, all_pass| all_pass.next(x));
        x + self.wet * (early + late)
    }
}

/// Microphone, amplifier and converter.
#[derive(Debug, Clone)]
pub(crate) struct Microphone {
    low_cut: Biquad,
    presence: Biquad,
    high_cut: Biquad,
    self_noise: f64,
    gain: f64,
}

impl Microphone {
    /// Draws a microphone whose amplifier multiplies by `gain`.
    pub(crate) fn draw(rate: f64, gain: f64, rng: &mut Rng) -> Self {
        Self {
            low_cut: Biquad::high_pass(rate, rng.range(30.0, 90.0), 0.7),
            presence: Biquad::peak(rate, rng.range(2_500.0, 7_000.0), rng.range(0.5, 1.0), rng.range(-3.0, 3.0)),
            high_cut: Biquad::low_pass(rate, rng.range(11_000.0, 18_000.0), 0.7),
            self_noise: rng.decibels(-90.0, -76.0),
            gain,
        }
    }

    /// The next sample, full scale 1.
    pub(crate) fn next(&mut self, x: f64, rng: &mut Rng) -> f64 {
        let filtered = self.high_cut.next(self.presence.next(self.low_cut.next(x)));
        soft_limit(self.gain * filtered + self.self_noise * rng.noise())
    }
}

/// Soft limiter: linear up to half of full scale, then compressed to at most full scale.
fn soft_limit(x: f64) -> f64 {
    let over = x.abs() - 0.5;
    if over <= 0.0 {
        return x;
    }
    let bent = 0.5 + 0.5 * over / (0.5 + over);
    if x < 0.0 { -bent } else { bent }
}

#[derive(Debug, Clone)]
struct Delay {
    samples: Vec<f64>,
    next: usize,
}

impl Delay {
    fn new(len: usize) -> Self {
        Self { samples: vec![0.0; len], next: 0 }
    }

    /// The sample `delay` pushes ago (1 is the latest), at most the length of the line.
    fn back(&self, delay: usize) -> f64 {
        let len = self.samples.len();
        self.samples[(self.next + len - delay.min(len)) % len]
    }

    fn push(&mut self, x: f64) {
        self.samples[self.next] = x;
        self.next = (self.next + 1) % self.samples.len();
    }

    fn oldest(&self) -> f64 {
        self.samples[self.next]
    }
}

#[derive(Debug, Clone)]
struct Comb {
    line: Delay,
    feedback: f64,
    damped: f64,
}

impl Comb {
    fn next(&mut self, x: f64) -> f64 {
        let y = self.line.oldest();
        // Walls absorb high frequencies first.
        self.damped += (y - self.damped) * 0.6;
        self.line.push(x + self.feedback * self.damped);
        y
    }
}

#[derive(Debug, Clone)]
struct AllPass {
    line: Delay,
}

impl AllPass {
    fn next(&mut self, x: f64) -> f64 {
        let delayed = self.line.oldest();
        let inner = x + 0.7 * delayed;
        self.line.push(inner);
        delayed - 0.7 * inner
    }
}
