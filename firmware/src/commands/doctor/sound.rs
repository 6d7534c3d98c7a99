//! Listens for a few seconds, as `run` would, and judges device, rights, rate and sound.

use std::time::{Duration, Instant};

use super::report::{Check, Verdict};
use crate::capture::meter::{Clipping, Measured, Meter};
use crate::capture::{self, CaptureConfig, CaptureStatus, CounterValues, DeviceState, Mono, Reader, StreamSpec};

/// How long a device may take to deliver its first sound.
const FIRST_SOUND_TIMEOUT: Duration = Duration::from_secs(3);

/// Runs the checks that need captured sound.
///
/// # Errors
/// If capture cannot even be started: the configuration is wrong.
pub(super) fn examine(config: &CaptureConfig, seconds: f64) -> anyhow::Result<Vec<Check>> {
    let (capture, mut reader) = capture::start(config)?;
    let status = capture.status();
    let mut checks = Vec::new();
    if reader.wait(FIRST_SOUND_TIMEOUT) {
        let recorded = listen(&mut reader, config, seconds);
        checks.push(device(config, &status));
        checks.push(real_time(&status));
        match recorded {
            Err(error) => checks.push(
                Check::new("channel", Verdict::Broken, error.to_string()).remedy("set capture.channel, or --channel"),
            ),
            Ok(recorded) => {
                checks.push(flow(&recorded, capture.stop()));
                checks.extend(judge(&recorded));
            }
        }
    } else {
        checks.push(device(config, &status));
        checks.push(real_time(&status));
    }
    Ok(checks)
}

/// The measurements of what was recorded.
struct Recorded {
    all: Measured,
    clipped: u64,
    /// Level of the quietest tenth of all tenths of a second, in dBFS.
    floor_dbfs: f64,
    /// Rate by the clock, in Hz.
    measured_rate: f64,
    spec: StreamSpec,
}

fn listen(reader: &mut Reader, config: &CaptureConfig, seconds: f64) -> Result<Recorded, monitor_core::pcm::Error> {
    let (mut mono, mut all, mut moment, mut levels) =
        (Mono::new(config.channel), Meter::default(), Meter::default(), vec![]);
    let mut clipping = Clipping::default();
    let mut span: Option<(Duration, u64, Duration, u64)> = None;
    let mut last_spec = None;
    let end = Instant::now() + Duration::from_secs_f64(seconds);
    while Instant::now() < end {
        reader.wait(Duration::from_millis(100));
        while let Some(block) = reader.read() {
            let samples = mono.decode(&block)?;
            all.push(samples);
            clipping.push(&block);
            moment.push(samples);
            if moment.measured().samples >= u64::from(block.spec.rate) / 10 {
                levels.push(core::mem::take(&mut moment).measured().level_dbfs);
            }
            let (first, from, ..) = *span.get_or_insert((block.recorded, block.first_frame, Duration::ZERO, 0));
            span = Some((first, from, block.recorded, block.first_frame));
            last_spec = Some(block.spec);
        }
    }
    levels.sort_by(f64::total_cmp);
    let measured_rate = span.map_or(0.0, |(first, from, last, to)| (to - from) as f64 / (last - first).as_secs_f64());
    let floor_dbfs = levels.get(levels.len() / 10).copied().unwrap_or(crate::capture::meter::FLOOR_DBFS);
    // Something was waiting before, so there was a block.
    let spec = last_spec.ok_or(monitor_core::pcm::Error::NoChannels)?;
    Ok(Recorded { all: all.measured(), clipped: clipping.clipped(), floor_dbfs, measured_rate, spec })
}

fn device(config: &CaptureConfig, status: &CaptureStatus) -> Check {
    let state = status.device();
    let found = format!("{}: {state}", config.device);
    match state {
        DeviceState::Open(_) if status.counters.values().frames > 0 => Check::new("device", Verdict::Good, found),
        DeviceState::Open(_) => Check::new("device", Verdict::Broken, format!("{found}, but no sound arrives"))
            .remedy("another device? `firmware devices` lists them; a loopback or HDMI input is silent until fed"),
        _ => Check::new("device", Verdict::Broken, found)
            .remedy("choose one of `firmware devices` with --device or capture.device"),
    }
}

fn real_time(status: &CaptureStatus) -> Check {
    match status.real_time() {
        Some(real_time) => {
            let found =
                format!("scheduling {}, memory {}, core {}", real_time.scheduling, real_time.memory, real_time.pinning);
            match real_time.warning() {
                None => Check::new("real time", Verdict::Good, found),
                Some(remedy) => Check::new("real time", Verdict::Warn, found).remedy(remedy),
            }
        }
        None => Check::new("real time", Verdict::Warn, "not asked yet"),
    }
}

fn flow(recorded: &Recorded, counters: CounterValues) -> Check {
    let nominal = f64::from(recorded.spec.rate);
    let off = recorded.measured_rate / nominal - 1.0;
    let found = format!(
        "{} frames, {} lost in {} gaps, {} overruns, {:.0} Hz by the clock",
        counters.frames, counters.lost_frames, counters.gaps, counters.xruns, recorded.measured_rate
    );
    if counters.gaps > 0 {
        Check::new("flow", Verdict::Warn, found)
            .remedy("is the machine overloaded, the USB cable or hub bad? A longer capture.buffer_ms gives more margin")
    } else if off.abs() > 0.02 {
        Check::new("flow", Verdict::Warn, found)
            .remedy("the device does not keep the rate it claims: ask for another with capture.rate")
    } else {
        Check::new("flow", Verdict::Good, found)
    }
}

fn judge(recorded: &Recorded) -> [Check; 3] {
    let Measured { level_dbfs, peak_dbfs, offset, samples } = recorded.all;
    let (clipped, samples) = (recorded.clipped, samples * u64::from(recorded.spec.channels));
    let level = {
        let found = format!("{level_dbfs:.1} dBFS, peak {peak_dbfs:.1}, noise floor {:.1}", recorded.floor_dbfs);
        if peak_dbfs <= crate::capture::meter::FLOOR_DBFS {
            Check::new("level", Verdict::Broken, "every sample is 0").remedy(
                "the microphone is muted, not connected or on the other channel: alsamixer, capture.channel, the L/R pin of an \
                 I2S microphone",
            )
        } else if level_dbfs < -75.0 {
            Check::new("level", Verdict::Warn, found).remedy("very quiet: turn the gain up (alsamixer), come closer")
        } else if level_dbfs > -6.0 {
            Check::new("level", Verdict::Warn, found)
                .remedy("very loud: turn the gain down (alsamixer), go farther away")
        } else {
            Check::new("level", Verdict::Good, found)
        }
    };
    let clipping = {
        let found = format!("{clipped} of {samples} samples at full scale");
        match clipped as f64 / samples.max(1) as f64 {
            0.0 => Check::new("clipping", Verdict::Good, found),
            part => Check::new("clipping", if part > 1e-3 { Verdict::Broken } else { Verdict::Warn }, found)
                .remedy("turn the gain down (alsamixer) or move the microphone away; then record training data again"),
        }
    };
    let dc = {
        let found = format!("{:.3} % of full scale", 100.0 * offset);
        if offset.abs() > 0.05 {
            Check::new("offset", Verdict::Warn, found).remedy(
                "a constant offset takes headroom: a missing coupling capacitor, or a microphone without its bias",
            )
        } else {
            Check::new("offset", Verdict::Good, found)
        }
    };
    [level, clipping, dc]
}

#[cfg(test)]
mod tests {
    use monitor_core::pcm::SampleFormat;

    use super::*;

    fn of(samples: &[f32]) -> [Verdict; 3] {
        let mut meter = Meter::default();
        meter.push(samples);
        let spec = StreamSpec {
            format: SampleFormat::S16,
            channels: 1,
            rate: 48_000,
            period_frames: 480,
            buffer_frames: 9600,
        };
        let clipped = samples.iter().filter(|sample| sample.abs() >= 1.0).count() as u64;
        let recorded = Recorded { all: meter.measured(), clipped, floor_dbfs: -60.0, measured_rate: 48_000.0, spec };
        judge(&recorded).map(|check| check.verdict)
    }

    #[test]
    fn an_ordinary_sound_is_good() {
        assert_eq!(of(&[0.1, -0.1, 0.05, -0.05]), [Verdict::Good; 3]);
    }

    #[test]
    fn digital_silence_is_broken() {
        assert_eq!(of(&[0.0; 100])[0], Verdict::Broken);
    }

    #[test]
    fn a_clipped_sound_is_broken_and_a_single_clip_is_a_warning() {
        assert_eq!(of(&[1.0, -1.0, 0.0, 0.1])[1], Verdict::Broken);
        let mut samples = vec![0.1; 10_000];
        samples[5] = 1.0;
        assert_eq!(of(&samples)[1], Verdict::Warn);
    }

    #[test]
    fn an_offset_is_a_warning() {
        assert_eq!(of(&[0.2, 0.1])[2], Verdict::Warn);
    }
}
