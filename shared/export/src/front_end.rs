//! YAMNet's front end, generated with the operators and constants of the base model, for models without a base model.

use monitor_core::graph::{FRAME_SEGMENTS, HOP_SEGMENTS, SEGMENT, SEGMENTS};
use monitor_core::log_mel::{BANDS, BINS, FFT, FLOOR, HANN, WINDOW, mel_weight};
use monitor_core::window::{COLUMNS, SAMPLES};
use monitor_tflite::{Activation, BuiltinOp as Op, Options, TensorType};

use super::model_buf::{ModelBuf, TensorId};

/// `PadOptions` in `union BuiltinOptions`; it has no fields.
const PAD_OPTIONS: Options = Options::Other(22);

/// Adds the operators from the waveform, f32 `[15600]`, to the log-mel patch, f32 `[96 x 64]`. Returns the patch.
pub(super) fn write(model: &mut ModelBuf, waveform: TensorId) -> TensorId {
    let frames = frames(model, waveform);
    let magnitudes = spectra(model, frames);
    let weights = (0..BANDS).flat_map(|band| (0..BINS).map(move |bin| mel_weight(band, bin)));
    let weights = model.floats("mel/weights", &[BANDS, BINS], weights);
    let floor = model.floats("mel/floor", &[BANDS], [FLOOR; BANDS]);
    let options = Options::FullyConnected { activation: Activation::None, keep_num_dims: false, shuffled: false };
    let mel = model.apply(Op::FULLY_CONNECTED, options, &[magnitudes, weights, floor], "mel", &[COLUMNS, BANDS]);
    model.apply(Op::LOG, Options::None, &[mel], "log_mel", &[COLUMNS, BANDS])
}

/// Adds overlapping frames of 400 samples, weighted with the Hann window.
fn frames(model: &mut ModelBuf, waveform: TensorId) -> TensorId {
    let begin = model.integers("frame/begin", &[1], &[0]);
    let end = model.integers("frame/end", &[1], &[SAMPLES as i32]);
    let stride = model.integers("frame/stride", &[1], &[1]);
    let slice = Options::StridedSlice { begin_mask: 0, end_mask: 0, other: false };
    let whole = model.apply(Op::STRIDED_SLICE, slice, &[waveform, begin, end, stride], "frame/whole", &[SAMPLES]);
    let segments = model.reshape(whole, "frame/pieces", TensorType::Float32, &[SEGMENTS, SEGMENT]);
    let indices: Vec<i32> = (0..COLUMNS)
        .flat_map(|frame| (0..FRAME_SEGMENTS).map(move |segment| (HOP_SEGMENTS * frame + segment) as i32))
        .collect();
    let indices = model.integers("frame/indices", &[COLUMNS, FRAME_SEGMENTS], &indices);
    let gather = Options::Gather { axis: 0, batch_dims: 0 };
    let shape = [COLUMNS, FRAME_SEGMENTS, SEGMENT];
    let gathered = model.apply(Op::GATHER, gather, &[segments, indices], "frame/gathered", &shape);
    let frames = model.reshape(gathered, "frame", TensorType::Float32, &[COLUMNS, WINDOW]);
    let hann = model.floats("hann/weights", &[WINDOW], HANN);
    let options = Options::Arithmetic { activation: Activation::None };
    model.apply(Op::MUL, options, &[frames, hann], "hann", &[COLUMNS, WINDOW])
}

/// Adds the magnitudes of the 512-point transform of each frame.
fn spectra(model: &mut ModelBuf, frames: TensorId) -> TensorId {
    let paddings = model.integers("pad/paddings", &[2, 2], &[0, 0, 0, (FFT - WINDOW) as i32]);
    let padded = model.apply(Op::PAD, PAD_OPTIONS, &[frames, paddings], "pad", &[COLUMNS, FFT]);
    let planes = model.reshape(padded, "rfft/planes", TensorType::Float32, &[COLUMNS, 1, FFT]);
    let length = model.integers("rfft/length", &[2], &[1, FFT as i32]);
    let (complex, shape) = (TensorType::Complex64, [COLUMNS, 1, BINS]);
    let spectra = model.apply_to(Op::RFFT2D, Options::None, &[planes, length], "rfft", complex, &shape);
    let spectra = model.reshape(spectra, "spectrum", complex, &[COLUMNS, BINS]);
    model.apply(Op::COMPLEX_ABS, Options::None, &[spectra], "magnitude", &[COLUMNS, BINS])
}
