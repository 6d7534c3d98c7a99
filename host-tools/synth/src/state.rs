//! The four states, and the duty of the machine in each.

use monitor_sound::rng::Rng;

/// State of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Stands still: only the background is audible.
    Off,
    /// Idles.
    On,
    /// Works soft material: half load, slow uneven feed, dull noise.
    Soft,
    /// Works solid material: full load, chatter, impacts, bright noise.
    Solid,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Off, Self::On, Self::Soft, Self::Solid];

    /// Name of the class, as in the original system.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Off => "off_state",
            Self::On => "on_state",
            Self::Soft => "soft_state",
            Self::Solid => "solid_state",
        }
    }
}

/// Duty of the machine, drawn for every recording and every part of a long one.
#[derive(Debug, Clone)]
pub struct Duty {
    /// Whether the motor is switched on.
    pub running: bool,
    /// Torque relative to the machine's full load.
    pub load: f64,
    /// Frequency in Hz and depth (a part of the load) of the slow unevenness of the feed.
    pub wander: (f64, f64),
    /// Frequency in Hz and depth of the chatter of the tool.
    pub chatter: (f64, f64),
    /// The material, if there is work.
    pub material: Option<Material>,
}

/// Sound of material under the tool.
#[derive(Debug, Clone)]
pub struct Material {
    /// Centre in Hz and quality of the cutting noise.
    pub noise_band: (f64, f64),
    /// RMS of the cutting noise; the idling machine's is 1.
    pub noise: f64,
    /// Impacts per second.
    pub impacts: f64,
    /// Strength of impacts.
    pub impact: f64,
    /// Resonances that impacts excite: Hz, quality.
    pub rings: [(f64, f64); 3],
}

impl Duty {
    /// Draws a duty of a state.
    pub fn draw(state: State, rng: &mut Rng) -> Self {
        match state {
            State::Off => Self { running: false, load: 0.0, wander: (0.5, 0.0), chatter: (10.0, 0.0), material: None },
            State::On => Self {
                running: true,
                load: rng.range(0.02, 0.12),
                wander: (rng.range(0.2, 0.8), rng.range(0.1, 0.4)),
                chatter: (rng.range(8.0, 20.0), 0.0),
                material: None,
            },
            State::Soft => Self {
                running: true,
                load: rng.range(0.32, 0.55),
                wander: (rng.range(1.0, 4.0), rng.range(0.25, 0.45)),
                chatter: (rng.range(8.0, 16.0), rng.range(0.0, 0.15)),
                material: Some(Material {
                    noise_band: (rng.range(360.0, 620.0), rng.range(0.6, 0.9)),
                    noise: rng.decibels(2.0, 5.0),
                    impacts: rng.range(1.0, 6.0),
                    impact: rng.range(0.1, 0.35),
                    rings: rings(rng),
                }),
            },
            State::Solid => Self {
                running: true,
                load: rng.range(0.7, 1.0),
                wander: (rng.range(0.3, 1.2), rng.range(0.05, 0.2)),
                chatter: (rng.range(10.0, 22.0), rng.range(0.15, 0.45)),
                material: Some(Material {
                    noise_band: (rng.range(2_200.0, 4_000.0), rng.range(0.6, 0.9)),
                    noise: rng.decibels(3.0, 7.0),
                    impacts: rng.range(7.0, 22.0),
                    impact: rng.range(0.8, 1.6),
                    rings: rings(rng),
                }),
            },
        }
    }
}

fn rings(rng: &mut Rng) -> [(f64, f64); 3] {
    [(500.0, 1_100.0), (1_300.0, 2_600.0), (2_900.0, 5_500.0)]
        .map(|(low, high)| (rng.range(low, high), rng.range(8.0, 30.0)))
}
