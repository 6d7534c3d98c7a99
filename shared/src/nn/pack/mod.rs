//! Brings the file's weights into the order in which the kernels read them, once, at load.
//!
//! The packed memory holds, in places that the [`Plan`] gives: the output offsets of every product's positions, the heads
//! of its panels, and the channels of every depthwise layer; then, one after the other, the panels: constants, weights in
//! groups of steps, input offsets of the steps. A panel's length depends on its weights (see [`exact`]), so packing runs
//! twice: first to measure, then to write.

mod constants;
mod exact;
mod panel;
mod sink;

pub use constants::origin;

use super::body::{Body, Kind, Layer};
use super::plan::{HEAD_LEN, PANEL, Plan, Product, Step, Wide};
use super::simd::{CONSTANTS_LEN, Vectors};
use constants::Channel;
use panel::Source;
use sink::Sink;

/// Packs `body` into `out`, or only measures; returns the bytes needed, a multiple of 64.
pub fn pack<I: Vectors>(body: &Body, plan: &Plan, out: Option<&mut [u8]>) -> usize {
    let mut sink = Sink::new(out);
    let mut at = plan.fixed_len;
    for (layer, step) in body.layers.iter().zip(&plan.steps) {
        match step {
            Step::Product(product, wide) => {
                rows(&mut sink, product, plan.spill_at, |line, column| position(layer, wide, line, column));
                at = panels::<I>(&mut sink, product, &Source::layer(layer, plan.image.row_step), at);
            }
            Step::Planes(planes) => channels::<I>(&mut sink, layer, planes.channels_at),
        }
    }
    if let (Some(scores), Some(product)) = (&body.scores, &plan.scores) {
        rows(&mut sink, product, plan.spill_at, |_, column| (column == 0).then_some(0));
        at = panels::<I>(&mut sink, product, &Source::scores(scores, body.embedding_len()), at);
    }
    at
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

/// All panels of a product, from `at`; returns where they end.
fn panels<I: Vectors>(sink: &mut Sink, product: &Product, source: &Source, mut at: usize) -> usize {
    for panel in 0..product.panels {
        let head = product.heads_at + HEAD_LEN * panel;
        let (groups, end) = panel::pack::<I>(sink, source, panel, at);
        sink.write(head, &(at as u32).to_le_bytes());
        for (place, count) in groups.into_iter().enumerate() {
            sink.write(head + 4 + 2 * place, &(count as u16).to_le_bytes());
        }
        at = end;
    }
    at
}

/// Constants and taps of a depthwise layer.
fn channels<I: Vectors>(sink: &mut Sink, layer: &Layer, mut at: usize) {
    for first in (0..layer.output.channels).step_by(PANEL) {
        let mut taps = [[0_i8; PANEL]; 9];
        let mut constants = [Channel::NONE; PANEL];
        for (lane, constants) in constants.iter_mut().enumerate() {
            let channel = first + lane;
            for (tap, weights) in taps.iter_mut().enumerate() {
                weights[lane] = layer.weights[tap * layer.output.channels + channel];
            }
            let total = taps.iter().map(|weights| i32::from(weights[lane])).sum();
            *constants = Channel::convolution(layer, channel, total, origin::<I>());
        }
        sink.write(at, &constants::bytes(&constants));
        sink.with(at + CONSTANTS_LEN, I::TAPS_LEN, |out| I::pack_taps(&taps, out));
        at += CONSTANTS_LEN + I::TAPS_LEN;
    }
}
