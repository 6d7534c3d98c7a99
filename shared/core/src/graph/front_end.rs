//! The operators that turn a waveform into the log-mel patch, and the constants in them.
//!
//! This program does not run them: its streaming front end takes their place. That is right only if they compute the
//! same, so their shapes and constants are compared with ours: hop and frame through the indices of GATHER, the Hann
//! window and the mel weights number by number.

use super::error::Error;
use super::walk::{Step, Walk, check};
use crate::log_mel::{BANDS, BINS, FFT, FLOOR, HANN, HOP, WINDOW, mel_weight};
use crate::window::{COLUMNS, SAMPLES};
use monitor_tflite::{Activation, BuiltinOp, Graph, Options, Tensor, TensorType};

/// Samples of a piece: frames overlap by whole pieces, so they are gathered from them.
pub const PIECE: usize = 80;
/// Pieces of a window.
pub const PIECES: usize = SAMPLES / PIECE;
/// Pieces of a frame.
pub const FRAME_PIECES: usize = WINDOW / PIECE;
/// Pieces from one frame to the next.
pub const HOP_PIECES: usize = HOP / PIECE;
/// Largest difference from our constants: they may come from another version of the tool that made them.
const TOLERANCE: f32 = 1e-6;

const F32: TensorType = TensorType::Float32;
const RESHAPED: &str = "the same values in the shape that belongs here";

/// Recognises the front end and returns the index of the log-mel patch, f32 [96 x 64].
pub(super) fn recognise<'a>(graph: &Graph<'a>, walk: &mut Walk<'a>) -> Result<usize, Error> {
    let waveform = input(graph)?;
    let mut at = waveform.index;
    // Files for runtimes that want a batch dimension first drop it again.
    if waveform.shape.len() == 2 {
        at = reshape(walk, at, &[SAMPLES])?;
    }
    at = slice(walk, at)?;
    at = reshape(walk, at, &[PIECES, PIECE])?;
    at = gather(walk, at)?;
    at = reshape(walk, at, &[COLUMNS, WINDOW])?;
    at = hann(walk, at)?;
    let pad = walk.take(BuiltinOp::PAD, 2, at)?;
    pad.integers(1, &[0, 0, 0, (FFT - WINDOW) as i32], "padding behind each frame up to 512 samples")?;
    at = pad.gives(F32, &[COLUMNS, FFT], "frames of 512 samples")?;
    at = reshape(walk, at, &[COLUMNS, 1, FFT])?;
    let transform = walk.take(BuiltinOp::RFFT2D, 2, at)?;
    transform.integers(1, &[1, FFT as i32], "the length of a 512-point transform")?;
    at = transform.gives(TensorType::Complex64, &[COLUMNS, 1, BINS], "spectra of 257 bins")?;
    let step = walk.take(BuiltinOp::RESHAPE, 2, at)?;
    at = step.gives(TensorType::Complex64, &[COLUMNS, BINS], RESHAPED)?;
    at = walk.take(BuiltinOp::COMPLEX_ABS, 1, at)?.gives(F32, &[COLUMNS, BINS], "magnitudes of 257 bins")?;
    at = mel(walk, at)?;
    walk.take(BuiltinOp::LOG, 1, at)?.gives(F32, &[COLUMNS, BANDS], "log-mel columns of 64 bands")
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

/// A RESHAPE of floats to `shape`; its output's shape is what counts.
pub(super) fn reshape(walk: &mut Walk<'_>, from: usize, shape: &[usize]) -> Result<usize, Error> {
    let step = walk.take(BuiltinOp::RESHAPE, 2, from)?;
    let same = step.input(0)?.elements() == step.output.elements();
    let index = step.gives(F32, shape, RESHAPED)?;
    if same { Ok(index) } else { Err(Error::Tensor { tensor: index, expected: RESHAPED }) }
}

/// The slice of everything that YAMNet's converter left in.
fn slice(walk: &mut Walk<'_>, from: usize) -> Result<usize, Error> {
    let step = walk.take(BuiltinOp::STRIDED_SLICE, 4, from)?;
    step.integers(1, &[0], "the beginning of the waveform")?;
    step.integers(2, &[SAMPLES as i32], "the end of the waveform")?;
    step.integers(3, &[1], "a step of one sample")?;
    match step.operator.options {
        Options::StridedSlice { other: false, .. } => step.gives(F32, &[SAMPLES], "the whole waveform"),
        _ => Err(step.wrong_options()),
    }
}

fn gather(walk: &mut Walk<'_>, from: usize) -> Result<usize, Error> {
    let step = walk.take(BuiltinOp::GATHER, 2, from)?;
    step.options(Options::Gather { axis: 0, batch_dims: 0 })?;
    let indices = step.input(1)?;
    let expected = "the pieces of frames of 400 samples every 160";
    check(&indices, TensorType::Int32, &[COLUMNS, FRAME_PIECES], expected)?;
    let ours = (0..COLUMNS).flat_map(|frame| (0..FRAME_PIECES).map(move |piece| (HOP_PIECES * frame + piece) as i32));
    if !indices.i32s().is_some_and(|held| held.iter().eq(ours)) {
        return Err(Error::Constant { tensor: indices.index, expected });
    }
    step.gives(F32, &[COLUMNS, FRAME_PIECES, PIECE], "frames of five pieces")
}

/// Whether a constant of floats is `ours` within the tolerance.
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
    step.options(Options::Arithmetic { activation: Activation::None })?;
    check(&step.input(1)?, F32, &[WINDOW], "a window of 400 weights")?;
    close(&step, 1, HANN.iter().copied(), "the periodic Hann window of 400 samples")?;
    step.gives(F32, &[COLUMNS, WINDOW], "windowed frames")
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
    step.gives(F32, &[COLUMNS, BANDS], "mel bands")
}
