//! The operators that compute the log-mel patch from a waveform, and their constants.
//!
//! This program does not run them: its streaming front end replaces them. The replacement is valid only if both compute the
//! same, so their shapes and constants are compared: hop and frame length through the indices of GATHER, the Hann window
//! and the mel weights value by value.

use super::error::Error;
use super::walk::{Step, Walk, check};
use crate::gain::Gain;
use crate::log_mel::{BANDS, BINS, FFT, FLOOR, HANN, HOP, WINDOW, mel_weight};
use crate::window::{COLUMNS, SAMPLES};
use monitor_tflite::{Activation, BuiltinOp, Graph, Options, Scalars, Tensor, TensorType};

/// Samples of a segment. Frames overlap by whole segments, so GATHER assembles them from segments.
pub const SEGMENT: usize = 80;
/// Segments of a window.
pub const SEGMENTS: usize = SAMPLES / SEGMENT;
/// Segments of a frame.
pub const FRAME_SEGMENTS: usize = WINDOW / SEGMENT;
/// Segments from one frame to the next.
pub const HOP_SEGMENTS: usize = HOP / SEGMENT;
/// Largest accepted difference from this program's constants: another version of the converter may have rounded them
/// differently.
const TOLERANCE: f32 = 1e-6;

// The graph stores these as 32-bit integers.
const SAMPLES_I32: i32 = to_i32(SAMPLES);
const FFT_I32: i32 = to_i32(FFT);
const PADDING: i32 = to_i32(FFT - WINDOW);

#[expect(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "the range is asserted")]
const fn to_i32(value: usize) -> i32 {
    assert!(value <= i32::MAX as usize);
    value as i32
}

const F32: TensorType = TensorType::Float32;
const RESHAPED: &str = "the same values in the expected shape";

/// Recognises the front end and returns the gain before it and the index of the log-mel patch, f32 `[96 x 64]`.
pub(super) fn recognise<'a>(graph: &Graph<'a>, walk: &mut Walk<'a>) -> Result<(Gain, usize), Error> {
    let waveform = input(graph)?;
    let mut at = waveform.index;
    // Files for runtimes that require a batch dimension begin by removing it.
    if waveform.shape.len() == 2 {
        at = reshape(walk, at, &[SAMPLES])?;
    }
    let mut gain = Gain::NONE;
    if walk.peek() == Some(BuiltinOp::MUL) {
        (gain, at) = raise(walk, at)?;
    }
    at = slice(walk, at)?;
    at = reshape(walk, at, &[SEGMENTS, SEGMENT])?;
    at = gather(walk, at)?;
    at = reshape(walk, at, &[COLUMNS, WINDOW])?;
    at = hann(walk, at)?;
    let pad = walk.take(BuiltinOp::PAD, 2, at)?;
    pad.check_integers(1, &[0, 0, 0, PADDING], "padding behind each frame up to 512 samples")?;
    at = pad.check_output(F32, &[COLUMNS, FFT], "frames of 512 samples")?;
    at = reshape(walk, at, &[COLUMNS, 1, FFT])?;
    let transform = walk.take(BuiltinOp::RFFT2D, 2, at)?;
    transform.check_integers(1, &[1, FFT_I32], "the length of a 512-point transform")?;
    at = transform.check_output(TensorType::Complex64, &[COLUMNS, 1, BINS], "spectra of 257 bins")?;
    let step = walk.take(BuiltinOp::RESHAPE, 2, at)?;
    at = step.check_output(TensorType::Complex64, &[COLUMNS, BINS], RESHAPED)?;
    at = walk.take(BuiltinOp::COMPLEX_ABS, 1, at)?.check_output(F32, &[COLUMNS, BINS], "magnitudes of 257 bins")?;
    at = mel(walk, at)?;
    let log_mel =
        walk.take(BuiltinOp::LOG, 1, at)?.check_output(F32, &[COLUMNS, BANDS], "log-mel columns of 64 bands")?;
    Ok((gain, log_mel))
}

fn input<'a>(graph: &Graph<'a>) -> Result<Tensor<'a>, Error> {
    let ends = Error::Ends { inputs: graph.inputs().len(), outputs: graph.outputs().len() };
    let index = graph.inputs().get(0).ok_or(ends)?;
    let waveform = graph.tensor(index)?;
    let expected = "a waveform of 15600 samples, f32 [15600] or [1 x 15600]";
    let shape: &[usize] = if waveform.shape.len() == 2 { &[1, SAMPLES] } else { &[SAMPLES] };
    check(&waveform, F32, shape, expected)?;
    Ok(waveform)
}

/// Recognises a RESHAPE of floats to `shape` and returns its output. The output's shape is authoritative.
pub(super) fn reshape(walk: &mut Walk<'_>, from: usize, shape: &[usize]) -> Result<usize, Error> {
    let step = walk.take(BuiltinOp::RESHAPE, 2, from)?;
    let same = step.input(0)?.elements() == step.output.elements();
    let index = step.check_output(F32, shape, RESHAPED)?;
    if same { Ok(index) } else { Err(Error::Tensor { tensor: index, expected: RESHAPED }) }
}

/// Recognises the gain of models for quiet machines.
fn raise(walk: &mut Walk<'_>, from: usize) -> Result<(Gain, usize), Error> {
    let step = walk.take(BuiltinOp::MUL, 2, from)?;
    step.check_options(Options::Arithmetic { activation: Activation::None })?;
    let factor = step.input(1)?;
    let expected = "a gain of 0 to 40 dB in whole dB";
    check(&factor, F32, &[1], expected)?;
    let held = factor.f32s().and_then(|held| held.get(0));
    let gain = held.and_then(Gain::from_factor).ok_or(Error::Constant { tensor: factor.index, expected })?;
    Ok((gain, step.check_output(F32, &[SAMPLES], "the raised waveform")?))
}

/// Recognises the slice of the whole waveform that YAMNet's converter has left in the graph.
fn slice(walk: &mut Walk<'_>, from: usize) -> Result<usize, Error> {
    let step = walk.take(BuiltinOp::STRIDED_SLICE, 4, from)?;
    step.check_integers(1, &[0], "the beginning of the waveform")?;
    step.check_integers(2, &[SAMPLES_I32], "the end of the waveform")?;
    step.check_integers(3, &[1], "a step of one sample")?;
    match step.operator.options {
        Options::StridedSlice { other: false, .. } => step.check_output(F32, &[SAMPLES], "the whole waveform"),
        _ => Err(step.wrong_options()),
    }
}

fn gather(walk: &mut Walk<'_>, from: usize) -> Result<usize, Error> {
    let step = walk.take(BuiltinOp::GATHER, 2, from)?;
    step.check_options(Options::Gather { axis: 0, batch_dims: 0 })?;
    let indices = step.input(1)?;
    let expected = "the segments of frames of 400 samples every 160";
    check(&indices, TensorType::Int32, &[COLUMNS, FRAME_SEGMENTS], expected)?;
    let ours = (0..COLUMNS).flat_map(|frame| (0..FRAME_SEGMENTS).map(move |segment| HOP_SEGMENTS * frame + segment));
    let equal = |held: Scalars<i32>| held.iter().map(usize::try_from).eq(ours.map(Ok));
    if !indices.i32s().is_some_and(equal) {
        return Err(Error::Constant { tensor: indices.index, expected });
    }
    step.check_output(F32, &[COLUMNS, FRAME_SEGMENTS, SEGMENT], "frames of five segments")
}

/// Checks that input `i`, a constant of floats, equals `ours` within the tolerance.
fn close(step: &Step<'_>, i: usize, ours: impl Iterator<Item = f32>, expected: &'static str) -> Result<(), Error> {
    let tensor = step.input(i)?;
    let mut ours = ours;
    let fits = tensor.f32s().is_some_and(|held| {
        held.iter().all(|value| ours.next().is_some_and(|our| (value - our).abs() <= TOLERANCE))
            && ours.next().is_none()
    });
    if fits { Ok(()) } else { Err(Error::Constant { tensor: tensor.index, expected }) }
}

fn hann(walk: &mut Walk<'_>, from: usize) -> Result<usize, Error> {
    let step = walk.take(BuiltinOp::MUL, 2, from)?;
    step.check_options(Options::Arithmetic { activation: Activation::None })?;
    check(&step.input(1)?, F32, &[WINDOW], "a window of 400 weights")?;
    close(&step, 1, HANN.iter().copied(), "the periodic Hann window of 400 samples")?;
    step.check_output(F32, &[COLUMNS, WINDOW], "windowed frames")
}

fn mel(walk: &mut Walk<'_>, from: usize) -> Result<usize, Error> {
    let step = walk.take(BuiltinOp::FULLY_CONNECTED, 3, from)?;
    match step.operator.options {
        Options::FullyConnected { activation: Activation::None, shuffled: false, .. } => (),
        _ => return Err(step.wrong_options()),
    }
    check(&step.input(1)?, F32, &[BANDS, BINS], "mel weights of 64 bands and 257 bins")?;
    let ours = (0..BANDS).flat_map(|band| (0..BINS).map(move |bin| mel_weight(band, bin)));
    close(&step, 1, ours, "the mel weights of 64 HTK bands from 125 to 7500 Hz")?;
    close(&step, 2, core::iter::repeat_n(FLOOR, BANDS), "the floor of 0.001 under the logarithm")?;
    step.check_output(F32, &[COLUMNS, BANDS], "mel bands")
}
