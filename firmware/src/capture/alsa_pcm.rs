//! The real sound device: ALSA through libasound, interleaved and by mmap.
//!
//! Not through `alsa::direct`: it maps the kernel's status pages, which arm64 refuses (ENXIO). `snd_pcm_mmap_begin` and
//! `_commit` work everywhere, plugins included, and copy nothing.

use core::time::Duration;
use std::cell::RefCell;
use std::ffi::CString;
use std::rc::Rc;

use alsa::pcm::{Access, Format, Frames, HwParams, PCM, State};
use alsa::{Direction, Output, ValueOr};
use monitor_core::pcm::SampleFormat;
use nix::errno::Errno;

use super::config::{CaptureConfig, FormatChoice};
use super::pcm::{Pcm, PcmError, PcmState, Source, StreamSpec};

/// Formats in the order in which `auto` tries them: the most bits first, for a microphone that fills few of them.
const FORMATS: [SampleFormat; 5] =
    [SampleFormat::S32, SampleFormat::S24In32, SampleFormat::S24, SampleFormat::S16, SampleFormat::F32];

/// ALSA's name for `format`.
#[must_use]
pub const fn alsa_format(format: SampleFormat) -> Format {
    match format {
        SampleFormat::S16 => Format::S16LE,
        SampleFormat::S24 => Format::S243LE,
        SampleFormat::S24In32 => Format::S24LE,
        SampleFormat::S32 => Format::S32LE,
        SampleFormat::F32 => Format::FloatLE,
    }
}

fn wanted(choice: FormatChoice) -> Option<SampleFormat> {
    match choice {
        FormatChoice::Auto => None,
        FormatChoice::S16 => Some(SampleFormat::S16),
        FormatChoice::S24 => Some(SampleFormat::S24In32),
        FormatChoice::S24Packed => Some(SampleFormat::S24),
        FormatChoice::S32 => Some(SampleFormat::S32),
        FormatChoice::F32 => Some(SampleFormat::F32),
    }
}

/// The errno of `error`; ALSA's wrapper returns it with either sign.
#[must_use]
pub fn pcm_error(error: alsa::Error) -> PcmError {
    PcmError::new(error.func(), Errno::from_raw(error.errno().abs()))
}

/// Opens the configured device.
pub struct AlsaSource {
    config: CaptureConfig,
    detail: String,
}

impl AlsaSource {
    /// A source of the device that `config` names; nothing is opened yet.
    #[must_use]
    pub fn new(config: &CaptureConfig) -> Self {
        Self { config: config.clone(), detail: String::new() }
    }
}

impl Source for AlsaSource {
    type Pcm = AlsaPcm;

    fn open(&mut self) -> Result<AlsaPcm, PcmError> {
        // Captures libasound's messages; each call starts with an empty buffer, so that it cannot grow.
        let output = Output::local_error_handler().map_err(pcm_error)?;
        self.detail.clear();
        let result = open(&self.config);
        if result.is_err() {
            self.detail = first_line(&output);
        }
        result
    }

    fn detail(&self) -> String {
        self.detail.clone()
    }
}

/// The first line of libasound's messages: the later ones repeat it less precisely.
fn first_line(output: &Rc<RefCell<Output>>) -> String {
    output.borrow().buffer_string(|bytes| String::from_utf8_lossy(bytes).lines().next().unwrap_or_default().to_owned())
}

fn open(config: &CaptureConfig) -> Result<AlsaPcm, PcmError> {
    let name = CString::new(config.device.as_str()).map_err(|_| PcmError::new("device name", Errno::EINVAL))?;
    // Non-blocking: a busy device returns an error instead of waiting without limit.
    let pcm = PCM::open(&name, Direction::Capture, true).map_err(pcm_error)?;
    let spec = configure(&pcm, config)?;
    Ok(AlsaPcm { pcm, spec })
}

/// Requests the settings of `config` and accepts the nearest that the device supports.
fn configure(pcm: &PCM, config: &CaptureConfig) -> Result<StreamSpec, PcmError> {
    let format = {
        let hw = HwParams::any(pcm).map_err(pcm_error)?;
        // Plugins: prefer the hardware's own rate over a resampler worse than ours.
        let _ = hw.set_rate_resample(false);
        hw.set_access(Access::MMapInterleaved).map_err(pcm_error)?;
        let format = choose(&hw, wanted(config.format)).ok_or(PcmError::new("sample format", Errno::EINVAL))?;
        hw.set_format(alsa_format(format)).map_err(pcm_error)?;
        hw.set_channels_near(config.channels.into()).map_err(pcm_error)?;
        let rate = hw.set_rate_near(config.rate, ValueOr::Nearest).map_err(pcm_error)?;
        // At most 5 s at some 200 kHz: fits the 32 bits that it has on small machines.
        let frames = |ms: u32| (u64::from(rate) * u64::from(ms) / 1000) as Frames;
        hw.set_period_size_near(frames(config.period_ms), ValueOr::Nearest).map_err(pcm_error)?;
        hw.set_buffer_size_near(frames(config.buffer_ms)).map_err(pcm_error)?;
        pcm.hw_params(&hw).map_err(pcm_error)?;
        format
    };
    let hw = pcm.hw_params_current().map_err(pcm_error)?;
    let spec = StreamSpec {
        format,
        channels: hw.get_channels().map_err(pcm_error)? as u16,
        rate: hw.get_rate().map_err(pcm_error)?,
        period_frames: hw.get_period_size().map_err(pcm_error)? as u32,
        buffer_frames: hw.get_buffer_size().map_err(pcm_error)? as u32,
    };
    if spec.channels == 0 || spec.rate == 0 || spec.period_frames == 0 {
        return Err(PcmError::new("hw_params", Errno::EINVAL));
    }
    let sw = pcm.sw_params_current().map_err(pcm_error)?;
    sw.set_avail_min(spec.period_frames as Frames).map_err(pcm_error)?;
    sw.set_start_threshold(sw.get_boundary().map_err(pcm_error)?).map_err(pcm_error)?;
    pcm.sw_params(&sw).map_err(pcm_error)?;
    Ok(spec)
}

fn choose(hw: &HwParams<'_>, wanted: Option<SampleFormat>) -> Option<SampleFormat> {
    wanted.into_iter().chain(FORMATS).find(|&format| hw.test_format(alsa_format(format)).is_ok())
}

/// An open ALSA device.
pub struct AlsaPcm {
    pcm: PCM,
    spec: StreamSpec,
}

impl Pcm for AlsaPcm {
    fn spec(&self) -> StreamSpec {
        self.spec
    }

    fn wait(&mut self, timeout: Duration) -> Result<bool, PcmError> {
        self.pcm.wait(Some(timeout.as_millis().max(1) as u32)).map_err(pcm_error)
    }

    fn available(&mut self) -> Result<usize, PcmError> {
        self.pcm.avail_update().map(|frames| frames as usize).map_err(pcm_error)
    }

    fn read(&mut self, frames: usize, sink: &mut dyn FnMut(&[u8])) -> Result<usize, PcmError> {
        let frame_bytes = self.spec.frame_bytes();
        // Before each piece: a plugin fills only the one that this call finds.
        self.available()?;
        let io = self.pcm.io_bytes();
        let take = |bytes: &mut [u8]| {
            sink(bytes);
            bytes.len() / frame_bytes
        };
        io.mmap(frames, take).map_err(pcm_error)
    }

    fn start(&mut self) -> Result<(), PcmError> {
        self.pcm.start().map_err(pcm_error)
    }

    fn stop(&mut self) -> Result<(), PcmError> {
        self.pcm.drop().map_err(pcm_error)
    }

    fn prepare(&mut self) -> Result<(), PcmError> {
        self.pcm.prepare().map_err(pcm_error)
    }

    fn resume(&mut self) -> Result<(), PcmError> {
        self.pcm.resume().map_err(pcm_error)
    }

    fn state(&mut self) -> PcmState {
        // By number: the wrapper's enum panics on an unknown state.
        const fn is(raw: i32, state: State) -> bool {
            raw == state as i32
        }
        match self.pcm.state_raw() {
            raw if is(raw, State::Prepared) => PcmState::Prepared,
            raw if is(raw, State::Running) => PcmState::Running,
            raw if is(raw, State::XRun) => PcmState::Overrun,
            raw if is(raw, State::Suspended) => PcmState::Suspended,
            raw if is(raw, State::Disconnected) => PcmState::Gone,
            _ => PcmState::Other,
        }
    }
}
