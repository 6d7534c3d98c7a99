//! Rearranges the file's weights, once per load, into the order in which the kernels read them.
//!
//! The packed memory holds, at offsets given by the [`Plan`]: the output offsets of every product's positions, the heads of
//! its panels, and the channels of every depthwise layer. The panels follow, each with constants, weights in groups of
//! steps, and input offsets of the steps. A panel's length depends on its weights (see [`exact`]).

mod bounds;
mod chains;
mod constants;
mod exact;
mod float;
mod line;
mod order;
mod panel;
mod sink;

pub(crate) use constants::origin;

use super::body::{Body, Kind, Layer};
use super::layout::{Groups, Layout, PANEL, in_block};
use super::plan::{HEAD_LEN, Plan, Planes, Product, Step, Wide};
use bounds::ActivationBounds;
use constants::Channel;
use float::MAX_GROUP;
use order::Order;
use panel::{Source, Weights};
use sink::Sink;

/// Returns the number of bytes required to pack `body`: exact, or an upper bound if weights may be split.
pub(crate) fn max_len<L: Layout>(body: &Body, plan: &Plan) -> usize {
    len::<L>(body, plan, if L::GROUPS == Groups::Pairs { 2 } else { 1 })
}

/// Returns the number of bytes used by `body` if each step is packed as `times` steps.
pub(crate) fn len<L: Layout>(body: &Body, plan: &Plan, times: usize) -> usize {
    let panel = |source: &Source| {
        let steps = times * source.steps(L::STEP);
        (L::WIDTH / PANEL * L::CONSTANTS_LEN + steps * (L::WIDTH * L::STEP + size_of::<u16>())).next_multiple_of(64)
    };
    let layers = body.layers.iter().zip(&plan.steps).map(|(layer, step)| match step {
        Step::Product(product, _) => product.panels * panel(&Source::layer(layer, plan.image.row_step)),
        Step::Planes(_) => 0,
    });
    let scores = body.scores.iter().zip(&plan.scores);
    let scores = scores.map(|(scores, product)| product.panels * panel(&Source::scores(scores, body.pooled_len())));
    plan.fixed_len + layers.chain(scores).sum::<usize>()
}

/// Packs `body` into `out`, which has at least [`max_len`] bytes. Returns the number of bytes used.
///
/// Layers are packed from last to first: the weights of a layer determine the order of its inputs, which is the order of
/// the outputs of the layers before it.
// This function and its hot callees are always inlined, so that they are compiled with the caller's target features.
#[inline(always)]
pub(crate) fn pack<L: Layout>(body: &Body, plan: &Plan, out: &mut [u8]) -> usize {
    let mut at = plan.fixed_len;
    let mut channels = Channels { outputs: Order::natural(), inputs: Order::natural(), bounds: ActivationBounds::FULL };
    if let (Some(scores), Some(product)) = (&body.scores, &plan.scores) {
        let mut sink = Sink::new(out);
        rows(&mut sink, product, |_, column| (column == 0).then_some(0));
        at = panels::<L>(&mut sink, product, &Source::scores(scores, body.pooled_len()), &channels, at);
    }
    for (index, (layer, step)) in body.layers.iter().zip(&plan.steps).enumerate().rev() {
        match step {
            Step::Product(product, wide) => {
                let before = index.checked_sub(1).and_then(|before| body.layers.get(before));
                channels.bounds = before.map_or(ActivationBounds::FULL, ActivationBounds::from_depthwise);
                channels.inputs = match layer.kind {
                    Kind::Pointwise if L::GROUPS == Groups::Pairs => {
                        Order::matched(layer, &channels.bounds, out.get_mut(at..).unwrap_or_default())
                    }
                    Kind::Pointwise => Order::zeros_last(layer, &channels.bounds),
                    _ => Order::natural(),
                };
                let mut sink = Sink::new(out);
                rows(&mut sink, product, |line, column| position(layer, wide, line, column));
                let source = Source::layer(layer, plan.image.row_step);
                at = panels::<L>(&mut sink, product, &source, &channels, at);
            }
            Step::Planes(planes) => {
                // Each channel is independent, so outputs and inputs have the same order.
                channels.outputs = channels.inputs.clone();
                depthwise::<L>(&mut Sink::new(out), layer, planes, &channels.outputs);
            }
        }
    }
    at
}

/// Order and bounds of a product's channels.
struct Channels {
    /// Order of the outputs.
    outputs: Order,
    /// Order of the inputs.
    inputs: Order,
    /// Upper bounds of the inputs.
    bounds: ActivationBounds,
}

/// Returns the output offset of position `column` of input line `line`; `None` if the position does not exist.
fn position(layer: &Layer, wide: &Wide, line: usize, column: usize) -> Option<usize> {
    let to = layer.output;
    let (y, x) = match layer.kind {
        Kind::Stem => (line, column),
        Kind::Depthwise | Kind::Pointwise => (column / to.width, column % to.width),
    };
    (y < to.height && x < to.width).then(|| wide.pixel(y, x))
}

/// Writes the output offset of every position of every tile.
fn rows(sink: &mut Sink, product: &Product, place: impl Fn(usize, usize) -> Option<usize>) {
    let columns = product.tiles_per_line * product.rows;
    for line in 0..product.lines {
        for column in 0..columns {
            let offset = place(line, column).unwrap_or(product.spill_at) as u32;
            sink.write(product.rows_at + 4 * (line * columns + column), &offset.to_le_bytes());
        }
    }
}

/// Writes all panels of a product from offset `at`. Returns the end offset.
#[inline(always)]
fn panels<L: Layout>(sink: &mut Sink, product: &Product, source: &Source, channels: &Channels, mut at: usize) -> usize {
    let weights = Weights::new::<L>(source, channels);
    for panel in 0..product.panels {
        let head = product.heads_at + HEAD_LEN * panel;
        let (groups, end) = panel::pack::<L>(sink, &weights, panel, at);
        sink.write(head, &(at as u32).to_le_bytes());
        for (place, count) in groups.into_iter().enumerate() {
            sink.write(head + 4 + 2 * place, &(count as u16).to_le_bytes());
        }
        at = end;
    }
    at
}

/// Writes a depthwise layer: for each [`Layout::LANES`] channels, constants, then taps. If a block is two pixels, the channels are
/// written for each of them.
#[inline(always)]
fn depthwise<L: Layout>(sink: &mut Sink, layer: &Layer, planes: &Planes, order: &Order) {
    let (count, block) = (layer.output.channels, planes.block);
    let mut at = planes.channels_at;
    for first in (0..count.max(block)).step_by(L::LANES) {
        let mut all = [Channel::NONE; MAX_GROUP];
        let mut taps = [[[0_i8; PANEL]; 9]; MAX_GROUP / PANEL];
        for (lane, constants) in all[..L::LANES].iter_mut().enumerate() {
            let place = first + lane;
            let place =
                if block > L::LANES { place / block * block + in_block(place % block, L::LANES) } else { place };
            let channel = order.channel(place % count);
            let taps = &mut taps[lane / PANEL];
            for (tap, weights) in taps.iter_mut().enumerate() {
                weights[lane % PANEL] = layer.weights[tap * count + channel];
            }
            let total = taps.iter().map(|weights| i32::from(weights[lane % PANEL])).sum();
            *constants = Channel::convolution(layer, channel, total, origin::<L>());
        }
        at = constants::write::<L>(sink, at, &mut all[..L::LANES], true);
        let eights = L::LANES / PANEL;
        sink.with(at, eights * L::TAPS_LEN, |out| L::pack_taps(&taps[..eights], out));
        at += eights * L::TAPS_LEN;
    }
}
