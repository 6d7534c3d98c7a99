//! Brings the file's weights into the order in which the kernels read them, once, at load.
//!
//! The packed memory holds, in places that the [`Plan`] gives: the output offsets of every product's positions, the heads
//! of its panels, and the channels of every depthwise layer; then, one after the other, the panels: constants, weights in
//! groups of steps, input offsets of the steps. A panel's length depends on its weights (see [`exact`]).

mod chains;
mod constants;
mod exact;
mod order;
mod panel;
mod sink;
mod tops;

pub use constants::origin;

use super::body::{Body, Kind, Layer};
use super::plan::{HEAD_LEN, PANEL, Plan, Product, Step, Wide};
use super::simd::{CONSTANTS_LEN, Groups, Vectors};
use constants::Channel;
use order::Order;
use panel::Source;
use sink::Sink;
use tops::Tops;

/// Bytes that are enough to pack `body`: exact, or where weights may be split, an upper bound.
pub fn enough<V: Vectors>(body: &Body, plan: &Plan) -> usize {
    len::<V>(body, plan, if V::GROUPS == Groups::Pairs { 2 } else { 1 })
}

/// Bytes that packing `body` takes if each step of four or more bytes becomes `times` steps.
pub fn len<V: Vectors>(body: &Body, plan: &Plan, times: usize) -> usize {
    let panel = |source: &Source| {
        let steps = times * source.steps(V::STEP);
        (V::WIDTH / PANEL * CONSTANTS_LEN + steps * (V::WIDTH * V::STEP + size_of::<u16>())).next_multiple_of(64)
    };
    let layers = body.layers.iter().zip(&plan.steps).map(|(layer, step)| match step {
        Step::Product(product, _) => product.panels * panel(&Source::layer(layer, plan.image.row_step)),
        Step::Planes(_) => 0,
    });
    let scores = body.scores.iter().zip(&plan.scores);
    let scores = scores.map(|(scores, product)| product.panels * panel(&Source::scores(scores, body.embedding_len())));
    plan.fixed_len + layers.chain(scores).sum::<usize>()
}

/// Packs `body` into `out`, at least [`enough`] bytes; returns the bytes used.
///
/// From the last layer to the first: the order of a layer's inputs is chosen by its weights, and decides the order of the
/// outputs of the layers before it.
// This and what it spends its time in are inlined always: into a function for the instructions at hand.
#[inline(always)]
pub fn pack<V: Vectors>(body: &Body, plan: &Plan, out: &mut [u8]) -> usize {
    let mut at = plan.fixed_len;
    let mut channels = Channels { outputs: Order::natural(), inputs: Order::natural(), tops: Tops::FULL };
    if let (Some(scores), Some(product)) = (&body.scores, &plan.scores) {
        let mut sink = Sink::new(out);
        rows(&mut sink, product, plan.spill_at, |_, column| (column == 0).then_some(0));
        at = panels::<V>(&mut sink, product, &Source::scores(scores, body.embedding_len()), &channels, at);
    }
    for (index, (layer, step)) in body.layers.iter().zip(&plan.steps).enumerate().rev() {
        match step {
            Step::Product(product, wide) => {
                let before = index.checked_sub(1).and_then(|before| body.layers.get(before));
                channels.tops = before.map_or(Tops::FULL, Tops::of);
                channels.inputs = match layer.kind {
                    Kind::Pointwise if V::GROUPS == Groups::Pairs => {
                        Order::matched(layer, &channels.tops, out.get_mut(at..).unwrap_or_default())
                    }
                    Kind::Pointwise => Order::zeros_last(layer, &channels.tops),
                    _ => Order::natural(),
                };
                let mut sink = Sink::new(out);
                rows(&mut sink, product, plan.spill_at, |line, column| position(layer, wide, line, column));
                let source = Source::layer(layer, plan.image.row_step);
                at = panels::<V>(&mut sink, product, &source, &channels, at);
            }
            Step::Planes(planes) => {
                // Channel by channel: what it reads is in the order that its reader asks for.
                channels.outputs = channels.inputs.clone();
                depthwise::<V>(&mut Sink::new(out), layer, planes.channels_at, &channels.outputs);
            }
        }
    }
    at
}

/// What is known of a product's channels.
struct Channels {
    /// The order in which its outputs are computed.
    outputs: Order,
    /// The order in which its inputs lie.
    inputs: Order,
    /// How great its inputs can be.
    tops: Tops,
}

/// Where the output of position `column` of input line `line` goes; `None` if there is no such position.
fn position(layer: &Layer, wide: &Wide, line: usize, column: usize) -> Option<usize> {
    let to = layer.output;
    let (y, x) = match layer.kind {
        Kind::Stem => (line, column),
        Kind::Depthwise | Kind::Pointwise => (column / to.width, column % to.width),
    };
    (y < to.height && x < to.width).then(|| wide.pixel(y, x))
}

/// The output offset of every position of every tile.
fn rows(sink: &mut Sink, product: &Product, spill_at: usize, place: impl Fn(usize, usize) -> Option<usize>) {
    let columns = product.tiles_per_line * product.rows;
    for line in 0..product.lines {
        for column in 0..columns {
            let offset = place(line, column).unwrap_or(spill_at) as u32;
            sink.write(product.rows_at + 4 * (line * columns + column), &offset.to_le_bytes());
        }
    }
}

/// All panels of a product from `at`; returns where they end.
#[inline(always)]
fn panels<V: Vectors>(
    sink: &mut Sink,
    product: &Product,
    source: &Source,
    channels: &Channels,
    mut at: usize,
) -> usize {
    for panel in 0..product.panels {
        let head = product.heads_at + HEAD_LEN * panel;
        let (groups, end) = panel::pack::<V>(sink, source, channels, panel, at);
        sink.write(head, &(at as u32).to_le_bytes());
        for (place, count) in groups.into_iter().enumerate() {
            sink.write(head + 4 + 2 * place, &(count as u16).to_le_bytes());
        }
        at = end;
    }
    at
}

/// Constants and taps of a depthwise layer.
fn depthwise<V: Vectors>(sink: &mut Sink, layer: &Layer, mut at: usize, order: &Order) {
    for first in (0..layer.output.channels).step_by(PANEL) {
        let mut taps = [[0_i8; PANEL]; 9];
        let mut constants = [Channel::NONE; PANEL];
        for (lane, constants) in constants.iter_mut().enumerate() {
            let channel = order.channel(first + lane);
            for (tap, weights) in taps.iter_mut().enumerate() {
                weights[lane] = layer.weights[tap * layer.output.channels + channel];
            }
            let total = taps.iter().map(|weights| i32::from(weights[lane])).sum();
            *constants = Channel::convolution(layer, channel, total, origin::<V>());
        }
        sink.write(at, &constants::bytes(&constants));
        sink.with(at + CONSTANTS_LEN, V::TAPS_LEN, |out| V::pack_taps(&taps, out));
        at += CONSTANTS_LEN + V::TAPS_LEN;
    }
}
