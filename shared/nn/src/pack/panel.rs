//! One panel of a product: eight or sixteen output channels.

use super::Channels;
use super::bounds::ActivationBounds;
use super::chains;
use super::constants::{self, Channel, origin};
use super::exact;
use super::sink::Sink;
use crate::body::{Kind, Layer, MAX_CHANNELS, Scores};
use crate::layout::{Groups, Layout, PANEL};

/// Source of the weights of a product.
pub(super) enum Source<'a> {
    /// A 1x1 convolution: input byte `k` is channel `k`.
    Pointwise(&'a Layer<'a>),
    /// The first convolution: three lines of three bytes, with this distance in bytes.
    Stem(&'a Layer<'a>, usize),
    /// FULLY_CONNECTED with this many inputs.
    Scores(&'a Scores<'a>, usize),
}

impl<'a> Source<'a> {
    /// Returns the source of a convolution; `row_step` is that of the image.
    pub(super) fn layer(layer: &'a Layer<'a>, row_step: usize) -> Self {
        if layer.kind == Kind::Stem { Self::Stem(layer, row_step) } else { Self::Pointwise(layer) }
    }

    /// Returns the source of the network's own classifier.
    pub(super) fn scores(scores: &'a Scores<'a>, inputs: usize) -> Self {
        Self::Scores(scores, inputs)
    }

    /// Number of steps of `len` bytes.
    pub(super) fn steps(&self, len: usize) -> usize {
        match self {
            Self::Pointwise(layer) => layer.input.channels.div_ceil(len),
            Self::Stem(..) => 3,
            Self::Scores(_, inputs) => inputs.div_ceil(len),
        }
    }

    /// Returns the input offset of a step of `len` bytes.
    pub(super) fn offset(&self, step: usize, len: usize) -> usize {
        match self {
            Self::Pointwise(_) | Self::Scores(..) => step * len,
            Self::Stem(_, row_step) => step * row_step,
        }
    }

    /// Returns all weights of output `channel`; empty if there is no such channel.
    fn row(&self, channel: usize) -> &'a [i8] {
        let (weights, inputs) = match self {
            Self::Pointwise(layer) => (layer.weights, layer.input.channels),
            Self::Stem(layer, _) => (layer.weights, 9),
            Self::Scores(scores, inputs) => (scores.weights, *inputs),
        };
        weights.get(channel * inputs..(channel + 1) * inputs).unwrap_or_default()
    }

    /// Returns the index in a row of byte `byte` of a step of `len` bytes; past the row's end if there is none.
    fn input(&self, step: usize, byte: usize, len: usize) -> usize {
        match self {
            Self::Pointwise(_) | Self::Scores(..) => step * len + byte,
            Self::Stem(..) if byte < 3 => 3 * step + byte,
            Self::Stem(..) => usize::MAX,
        }
    }

    /// Returns the constants of output `channel`. Inputs that are always zero are omitted from every sum.
    #[inline(always)]
    fn channel<L: Layout>(&self, channel: usize, bounds: &ActivationBounds) -> Channel {
        let weights = self.row(channel).iter().zip(bounds.all());
        let total = weights.map(|(&weight, &bound)| if bound > 0 { i32::from(weight) } else { 0 }).sum();
        match self {
            Self::Pointwise(layer) | Self::Stem(layer, _) if channel < layer.output.channels => {
                Channel::convolution(layer, channel, total, origin::<L>())
            }
            Self::Scores(scores, _) if channel < scores.classes => {
                Channel::score(scores, channel, total, origin::<L>())
            }
            _ => Channel::NONE,
        }
    }
}

/// Inputs of a step of four bytes.
pub(super) struct Inputs {
    /// Index of each in a row of weights, past its end if there is none or it is always zero.
    places: [u16; 4],
    /// Upper bound of each.
    pub bounds: [u8; 4],
}

/// What is packed of a product, panel by panel.
pub(super) struct Weights<'a> {
    source: &'a Source<'a>,
    channels: &'a Channels,
    /// Inputs of every step; empty unless groups are [`Groups::Pairs`].
    inputs: heapless::Vec<Inputs, { MAX_CHANNELS / 4 }>,
}

impl<'a> Weights<'a> {
    /// Collects what all panels have in common.
    pub(super) fn new<L: Layout>(source: &'a Source<'a>, channels: &'a Channels) -> Self {
        let input = |step: usize, byte: usize| channels.inputs.channel(source.input(step, byte, 4));
        let bound = |input: usize| channels.bounds.bound(input);
        let place = |input: usize| if bound(input) > 0 { input.min(usize::from(u16::MAX)) as u16 } else { u16::MAX };
        let inputs = |step: usize| Inputs {
            places: core::array::from_fn(|byte| place(input(step, byte))),
            bounds: core::array::from_fn(|byte| bound(input(step, byte))),
        };
        // The capacity is sufficient: a product has at most `MAX_CHANNELS` inputs.
        let steps = if L::GROUPS == Groups::Pairs { source.steps(4).min(MAX_CHANNELS / 4) } else { 0 };
        Self { source, channels, inputs: (0..steps).map(inputs).collect() }
    }
}

/// Largest number of channels of a panel.
const MAX_LANES: usize = 2 * PANEL;

/// The weights of a panel's channels.
pub(super) struct Rows<'a> {
    /// Source of the weights.
    pub source: &'a Source<'a>,
    rows: [&'a [i8]; MAX_LANES],
    channels: &'a Channels,
}

impl Rows<'_> {
    /// Returns the weights of a step of four bytes, four for each of the first eight channels.
    #[inline(always)]
    pub(super) fn step(&self, inputs: &Inputs) -> [i8; 4 * PANEL] {
        let mut weights = [0; 4 * PANEL];
        for (weights, row) in weights.chunks_exact_mut(4).zip(self.rows) {
            for (weight, place) in weights.iter_mut().zip(inputs.places) {
                *weight = row.get(usize::from(place)).copied().unwrap_or(0);
            }
        }
        weights
    }

    /// Returns the weight of channel `lane` of the panel for byte `byte` of a step of `len` bytes; 0 if there is none.
    pub(super) fn weight(&self, lane: usize, step: usize, byte: usize, len: usize) -> i8 {
        let place = self.source.input(step, byte, len);
        let input = self.channels.inputs.channel(place);
        self.rows[lane].get(input).copied().filter(|_| self.channels.bounds.bound(input) > 0).unwrap_or(0)
    }

    /// Iterates over the steps of `len` bytes that have an input which is not always zero.
    pub(super) fn live_steps(&self, len: usize) -> impl Iterator<Item = usize> + use<'_> {
        (0..self.source.steps(len)).filter(move |&step| {
            let inputs = (0..len).map(|byte| self.channels.inputs.channel(self.source.input(step, byte, len)));
            inputs.into_iter().any(|input| self.channels.bounds.bound(input) > 0)
        })
    }

    /// Writes the weights of a step of `L` at offset `at`.
    pub(super) fn write<L: Layout>(&self, sink: &mut Sink, step: usize, at: usize) {
        sink.with(at, L::WIDTH * L::STEP, |out| {
            for lane in 0..L::WIDTH {
                for byte in 0..L::STEP {
                    out[L::weight_index(lane, byte)] = self.weight(lane, step, byte, L::STEP).cast_unsigned();
                }
            }
        });
    }
}

/// Packs panel `panel` at offset `at`: constants, weights, offsets. Returns the numbers of groups of 4, 3, 2 and 1 steps, and
/// the end offset.
#[inline(always)]
pub(super) fn pack<L: Layout>(sink: &mut Sink, weights: &Weights, panel: usize, at: usize) -> ([usize; 4], usize) {
    let Weights { source, channels: all, inputs } = weights;
    // A panel of eight channels does not use the second half.
    let mut channels = [usize::MAX; MAX_LANES];
    let mut constants = [Channel::NONE; MAX_LANES];
    for (lane, (channel, constants)) in channels.iter_mut().zip(&mut constants).enumerate().take(L::WIDTH) {
        *channel = all.outputs.channel(L::WIDTH * panel + lane);
        *constants = source.channel::<L>(*channel, &all.bounds);
    }
    // FULLY_CONNECTED, of one position, is requantised in integers.
    let floats = !matches!(source, Source::Scores(..));
    let weights_at = constants::write::<L>(sink, at, &mut constants[..L::WIDTH], floats);
    let mut rows = Rows { source, rows: [&[]; MAX_LANES], channels: all };
    for (row, channel) in rows.rows.iter_mut().zip(channels).take(L::WIDTH) {
        *row = source.row(channel);
    }
    let (groups, steps) = match L::GROUPS {
        Groups::Pairs => exact::pack::<L>(sink, &rows, inputs, weights_at),
        Groups::Chains => chains::pack::<L>(sink, &rows, weights_at),
        Groups::Single | Groups::Runs => natural::<L>(sink, &rows, weights_at),
    };
    let end = weights_at + steps * (L::WIDTH * L::STEP + size_of::<u16>());
    (groups, end.next_multiple_of(64))
}

/// Packs all steps in the order of the input.
fn natural<L: Layout>(sink: &mut Sink, rows: &Rows, at: usize) -> ([usize; 4], usize) {
    let steps = rows.live_steps(L::STEP).count();
    let offsets_at = at + steps * L::WIDTH * L::STEP;
    for (place, step) in rows.live_steps(L::STEP).enumerate() {
        rows.write::<L>(sink, step, at + place * L::WIDTH * L::STEP);
        sink.write(offsets_at + 2 * place, &(rows.source.offset(step, L::STEP) as u16).to_le_bytes());
    }
    // The lines of the first convolution's kernel are not contiguous.
    let runs = L::GROUPS == Groups::Runs && !matches!(rows.source, Source::Stem(..));
    let fours = if runs { steps / 4 } else { 0 };
    ([fours, 0, 0, steps - 4 * fours], steps)
}
