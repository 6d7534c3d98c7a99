//! What stands in which register: `docs/reference/modbus.md`, which a test compares.

use monitor_core::microphone;
use monitor_wire::ClockState;
use rmodbus::server::storage::ModbusStorage;

use crate::reporting::Snapshot;

/// Discrete inputs: single bits, then a bit for each cause of alarm, then one for each state.
const DISCRETES: usize = 128;

/// First of the bits for the active causes of alarm, and first of the coils that acknowledge single causes.
const CAUSES: usize = 16;

/// First of the bits for the unacknowledged causes.
const UNACKNOWLEDGED: usize = 32;

/// Coils: the first acknowledges every alarm, those from [`CAUSES`] on one cause each.
const COILS: usize = 32;

/// The bit for the unknown state; the bits of the classes follow.
const STATES: usize = 64;

/// First register of the class names.
const NAMES: usize = 1000;

/// Registers of one class name.
const NAME: usize = 16;

/// Class names that have registers.
const NAMED: usize = 32;

/// Registers in all.
const REGISTERS: usize = NAMES + NAMED * NAME;

/// Everything that can be read; input and holding registers are the same.
pub type Image = ModbusStorage<COILS, DISCRETES, REGISTERS, REGISTERS>;

/// A value in one or more registers, the highest first.
enum Value {
    U16(u16),
    I16(i16),
    U32(u32),
    U64(u64),
    F32(f32),
}

/// Stands in a 16-bit register where there is no value: also as signed, the smallest.
const NONE: i16 = i16::MIN;

/// Stands for the unknown state.
const UNKNOWN: u16 = u16::MAX;

/// Stands for a forecast that there is not.
const NO_DAYS: u16 = u16::MAX;

/// Writes the current state into registers and bits.
pub fn image(now: &Snapshot) -> Image {
    let mut image = Image::new();
    for (address, _, value) in values(now) {
        value.write(&mut image.inputs[address..]);
    }
    for (class, name) in now.labels().iter().take(NAMED).enumerate() {
        let registers = &mut image.inputs[NAMES + class * NAME..][..NAME];
        for (register, two) in registers.iter_mut().zip(name.as_bytes().chunks(2)) {
            *register = u16::from_be_bytes([two[0], two.get(1).copied().unwrap_or(0)]);
        }
    }
    image.holdings = image.inputs;
    let synchronised = now.health.clock == ClockState::Synchronised as u8;
    let dead = now.health.microphone & microphone::DEAD != 0;
    let bits = [
        now.is_alarm(),
        now.is_current(),
        dead,
        now.health.realtime,
        now.unacknowledged != 0,
        synchronised,
        now.warning,
        now.trend().no_longer_fits(),
    ];
    image.discretes[..bits.len()].copy_from_slice(&bits);
    spread(now.alarms, &mut image.discretes[CAUSES..][..16]);
    spread(now.unacknowledged, &mut image.discretes[UNACKNOWLEDGED..][..16]);
    image.coils[0] = now.unacknowledged != 0;
    spread(now.unacknowledged, &mut image.coils[CAUSES..]);
    let state = now.current_state().map_or(0, |class| 1 + usize::from(class));
    if let Some(bit) = image.discretes[STATES..].get_mut(state) {
        *bit = true;
    }
    image
}

/// The lowest bits one by one.
fn spread(bits: u32, into: &mut [bool]) {
    for (place, bit) in into.iter_mut().enumerate() {
        *bit = bits >> place & 1 == 1;
    }
}

/// The causes that coils acknowledge which are written with 1.
pub fn causes(written: &Image) -> u32 {
    let one = |place: usize| u32::from(written.coils[CAUSES + place]) << place;
    if written.coils[0] { u32::MAX } else { (0..COILS - CAUSES).map(one).sum() }
}

/// Addresses, names and values.
fn values(now: &Snapshot) -> [(usize, &'static str, Value); 41] {
    use Value::{F32, I16, U16, U32, U64};
    let health = &now.health;
    let (trend, days) = (now.trend(), |days: Option<u16>| days.unwrap_or(NO_DAYS));
    let hundredths = |value: f32| (value * 100.0).round().max(f32::from(NONE + 1)) as i16;
    let classes = now.labels().iter().count().min(usize::from(UNKNOWN) - 1) as u16;
    [
        (0, "map version", U16(1)),
        (1, "state", U16(now.current_state().unwrap_or(UNKNOWN))),
        (2, "classes", U16(classes)),
        (3, "confidence, ten-thousandths", U16((now.confidence * 1e4).round() as u16)),
        (4, "level, hundredths of a dB of full scale", I16(now.level_dbfs.map_or(NONE, hundredths))),
        (5, "alarms", U16(now.alarms as u16)),
        (6, "unacknowledged", U16(now.unacknowledged as u16)),
        (7, "capture", U16(health.capture.into())),
        (8, "microphone", U16(health.microphone.into())),
        (9, "privileges refused", U16(health.refused.into())),
        (10, "heartbeat", U16(now.health_events)),
        (11, "processor, tenths of a degree Celsius", I16(health.cpu_millidegrees.map_or(NONE, tenths))),
        (12, "queue depth", U16(health.queue_depth)),
        (13, "clock", U16(health.clock.into())),
        (14, "confidence", F32(now.confidence)),
        (16, "level, dB of full scale", F32(now.level_dbfs.unwrap_or(f32::NAN))),
        (18, "anomaly", F32(now.anomaly.unwrap_or(f32::NAN))),
        (20, "up, seconds", U32((now.time_us / 1_000_000) as u32)),
        (22, "inference p50, microseconds", U32(health.inference_p50_us)),
        (24, "inference p99, microseconds", U32(health.inference_p99_us)),
        (26, "inference maximum, microseconds", U32(health.inference_max_us)),
        (28, "frames", U64(health.frames)),
        (32, "windows", U64(health.windows)),
        (36, "frames lost", U64(health.lost_frames)),
        (40, "gaps", U32(health.gaps)),
        (42, "overruns", U32(health.xruns)),
        (44, "recoveries", U32(health.recoveries)),
        (46, "windows dropped", U32(health.dropped_windows)),
        (48, "blocks dropped", U32(health.dropped_blocks)),
        (50, "reports dropped", U32(health.dropped_reports)),
        (52, "late wake-ups", U32(health.late)),
        (54, "stalls", U32(health.stalls)),
        (56, "suspends", U32(health.suspends)),
        (58, "model", U32(now.device.as_ref().map_or(0, |device| fingerprint(&device.model_sha256)))),
        (60, "zone", U16(now.zone.map_or(0, |zone| 1 + zone as u16))),
        (61, "trend", U16(trend.course.into())),
        (62, "earliest days to the warning level", U16(days(trend.to_warning.map(|days| days.earliest)))),
        (63, "latest days to the warning level", U16(days(trend.to_warning.map(|days| days.latest)))),
        (64, "earliest days to the alarm level", U16(days(trend.to_alarm.map(|days| days.earliest)))),
        (65, "latest days to the alarm level", U16(days(trend.to_alarm.map(|days| days.latest)))),
        (66, "drift", U16(trend.drift.into())),
    ]
}

/// Thousandths as tenths, within 16 bits.
fn tenths(thousandths: i32) -> i16 {
    (thousandths / 100).clamp(i32::from(NONE) + 1, i16::MAX.into()) as i16
}

/// The first four bytes.
fn fingerprint(sha256: &[u8; 32]) -> u32 {
    u32::from_be_bytes([sha256[0], sha256[1], sha256[2], sha256[3]])
}

impl Value {
    fn write(self, registers: &mut [u16]) {
        let (bits, words) = match self {
            Self::U16(value) => (value.into(), 1),
            Self::I16(value) => (value.cast_unsigned().into(), 1),
            Self::U32(value) => (value.into(), 2),
            Self::U64(value) => (value, 4),
            Self::F32(value) => (value.to_bits().into(), 2),
        };
        for (place, register) in registers.iter_mut().take(words).enumerate() {
            *register = (bits >> (16 * (words - 1 - place))) as u16;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use monitor_core::anomaly::Zone;
    use monitor_wire::{CaptureState, Health};

    use super::*;
    use crate::reporting::DeviceInfo;

    fn snapshot() -> Snapshot {
        let health = Health {
            frames: 0x0001_0002_0003_0004,
            xruns: 0x0005_0006,
            cpu_millidegrees: Some(-1250),
            capture: CaptureState::Running as u8,
            realtime: true,
            ..Health::default()
        };
        Snapshot {
            device: Some(Arc::new(DeviceInfo {
                model_sha256: [0xAB; 32],
                labels: ["off_state", "on\u{e4}"].into_iter().collect(),
                ..DeviceInfo::default()
            })),
            sound: Some(true),
            state: Some(1),
            confidence: 0.97,
            level_dbfs: Some(-32.14),
            alarms: 1 << 3 | 1,
            unacknowledged: 1 << 2 | 1,
            warning: true,
            zone: Some(Zone::Warning),
            health,
            time_us: 90_000_000_000,
            ..Snapshot::default()
        }
    }

    #[test]
    fn numbers_are_at_the_addresses_of_the_map_highest_word_first() {
        let image = image(&snapshot());
        assert_eq!(image.inputs[..7], [1, 1, 2, 9700, (-3214i16).cast_unsigned(), 9, 5]);
        assert_eq!(image.inputs[11], (-12i16).cast_unsigned());
        assert_eq!(f32::from_bits(u32::from(image.inputs[14]) << 16 | u32::from(image.inputs[15])), 0.97);
        assert!(f32::from_bits(u32::from(image.inputs[18]) << 16 | u32::from(image.inputs[19])).is_nan());
        assert_eq!(image.inputs[20..22], [1, 24_464]);
        assert_eq!(image.inputs[28..32], [1, 2, 3, 4]);
        assert_eq!(image.inputs[42..44], [5, 6]);
        assert_eq!(image.inputs[60..67], [3, 0, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, 0]);
        assert_eq!(image.holdings, image.inputs);
    }

    #[test]
    fn class_names_are_two_bytes_a_register() {
        let image = image(&snapshot());
        let bytes: Vec<u8> = image.inputs[1000..1032].iter().flat_map(|two| two.to_be_bytes()).collect();
        assert!(bytes.starts_with(b"off_state\0\0"));
        assert_eq!(&bytes[32..38], "on\u{e4}\0\0".as_bytes());
    }

    #[test]
    fn bits_show_alarm_sound_causes_and_the_one_current_state() {
        let set = |now: &Snapshot| -> Vec<usize> {
            image(now).discretes.iter().enumerate().filter(|(_, bit)| **bit).map(|(at, _)| at).collect()
        };
        assert_eq!(set(&snapshot()), [0, 1, 3, 4, 6, 16, 19, 32, 34, 66]);
        let mut silent = snapshot();
        silent.sound = Some(false);
        assert_eq!(set(&silent), [0, 3, 4, 6, 16, 19, 32, 34, 64]);
        assert_eq!(image(&silent).inputs[1], UNKNOWN);
        assert_eq!(set(&Snapshot { state: Some(5000), ..snapshot() }), [0, 1, 3, 4, 6, 16, 19, 32, 34]);
        let coils = image(&snapshot()).coils;
        assert_eq!([0, 16, 17, 18].map(|coil: usize| coils[coil]), [true, true, false, true]);
    }

    #[test]
    fn what_is_not_known_is_the_smallest_number_there_is() {
        let image = image(&Snapshot::default());
        assert_eq!([image.inputs[4], image.inputs[11]], [0x8000; 2]);
    }

    #[test]
    fn the_documented_map_is_the_one_that_is_served() {
        let text = include_str!("../../../../docs/reference/modbus.md");
        for (address, name, value) in values(&Snapshot::default()) {
            let kind = match value {
                Value::U16(_) => "u16",
                Value::I16(_) => "i16",
                Value::U32(_) => "u32",
                Value::U64(_) => "u64",
                Value::F32(_) => "f32",
            };
            let row = format!("| {address} | {kind} | {name} |");
            assert!(text.contains(&row), "{row}");
        }
    }
}
