//! Compares every kernel of every instruction set with the reference kernels on random networks: shapes, strides, zero points,
//! extreme weights, extreme inputs.
#![allow(clippy::unwrap_used, reason = "the helpers of the tests")]

use monitor_nn::Patch;
use monitor_nn::body::{Body, Kind, Layer, Mean, Pooling, Quant, Scores, Shape};
use monitor_nn::quant::{Multiplier, quantise};
use monitor_nn::{Block, Isa, Network, Stream, reference};
use monitor_tflite::Scalars;
use proptest::prelude::*;

/// Deterministic random numbers.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mixed = (self.0 ^ (self.0 >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed ^ (mixed >> 32)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// Returns a weight from one of five distributions.
    fn weight(&mut self, distribution: u64) -> i8 {
        let any = self.below(255) as i8 as i16;
        let weight = match distribution {
            0 => any,
            1 => any / 4,
            2 => [127, -127][self.below(2) as usize],
            3 => 127,
            _ => [0, 0, 0, 127, -127, 64][self.below(6) as usize],
        };
        weight.clamp(-127, 127) as i8
    }
}

/// Constants of one layer.
struct Constants {
    weights: Vec<i8>,
    bias: Vec<u8>,
    scales: Vec<u8>,
}

/// Returns constants that map sums over `taps` products approximately to the output's range.
fn constants(random: &mut Random, outputs: usize, taps: usize) -> Constants {
    let distribution = random.below(5);
    let weights = (0..outputs * taps).map(|_| random.weight(distribution)).collect();
    let bias = (0..outputs).flat_map(|_| (random.below(40_000) as i32 - 20_000).to_le_bytes()).collect();
    // Products of powers of two reach whole numbers exactly, which single precision is not used for.
    let powers_of_two = random.below(4) == 0;
    let scale = |random: &mut Random| {
        let scale = 10_f32.powf(-(random.below(3_000) as f32) / 1_000.0) * 0.4 / (taps as f32).sqrt();
        if powers_of_two { scale.log2().floor().exp2() } else { scale }
    };
    let scales = (0..outputs).flat_map(|_| scale(random).to_le_bytes()).collect();
    Constants { weights, bias, scales }
}

/// One convolution: kind, stride, output channels.
type Sketch = (Kind, usize, usize);

/// A stem and one to five pairs of depthwise and pointwise convolutions.
fn sketches() -> impl Strategy<Value = Vec<Sketch>> {
    let channels = || (1_usize..=5).prop_map(|sixteens| 16 * sixteens);
    let pair = (1_usize..=2, channels());
    ((1_usize..=2), channels(), prop::collection::vec(pair, 1..=5)).prop_map(|(stride, first, pairs)| {
        let mut sketch = vec![(Kind::Stem, stride, first)];
        let mut before = first;
        let last = pairs.len() - 1;
        for (index, (stride, channels)) in pairs.into_iter().enumerate() {
            // The embedding's width is a multiple of 32.
            let channels = if index == last { channels.next_multiple_of(32) } else { channels };
            // The planes shrink early, so that a case is fast.
            let stride = if index < 3 { 2 } else { stride };
            sketch.extend([(Kind::Depthwise, stride, before), (Kind::Pointwise, 1, channels)]);
            before = channels;
        }
        sketch
    })
}

/// Steps between windows, in columns: one for most of a stream, and others.
fn hops() -> impl Strategy<Value = Vec<usize>> {
    let hop = || prop_oneof![Just(2_usize), Just(8), Just(10), Just(12), Just(16), Just(48), 1_usize..=100];
    (hop(), prop::collection::vec(hop(), 1..3)).prop_map(|(usual, others)| {
        let usual = [usual; 4];
        [&usual[..], &others[..], &usual[..]].concat()
    })
}

fn taps(kind: Kind, inputs: usize) -> usize {
    if kind == Kind::Pointwise { inputs } else { 9 }
}

/// Runs the network of `sketch` with the reference kernels and on every instruction set, and compares the results; then runs it
/// and its tapped form on windows `hops` columns apart, with and without reuse.
fn check(sketch: &[Sketch], seed: u64, hops: &[usize]) -> Result<(), TestCaseError> {
    let mut random = Random(seed);
    let mut inputs = 1;
    let all: Vec<Constants> = sketch
        .iter()
        .map(|&(kind, _, outputs)| {
            let constants = constants(&mut random, outputs, taps(kind, inputs));
            inputs = outputs;
            constants
        })
        .collect();
    let interior = Quant { scale: 0.5, zero_point: -128 };
    let patch_quant = Quant { scale: 0.5, zero_point: random.below(256) as i32 - 128 };
    let mut layers = heapless::Vec::new();
    let mut input = Shape { height: 96, width: 64, channels: 1 };
    let mut input_quant = patch_quant;
    for (&(kind, stride, channels), constants) in sketch.iter().zip(&all) {
        let (height, width) = (input.height.div_ceil(stride), input.width.div_ceil(stride));
        let output = Shape { height, width, channels };
        let layer = Layer {
            kind,
            stride,
            input,
            output,
            input_quant,
            output_quant: interior,
            weights: &constants.weights,
            bias: Scalars::new(&constants.bias),
            weight_scales: Scalars::new(&constants.scales),
        };
        layers.push(layer.checked().unwrap()).unwrap();
        (input, input_quant) = (output, interior);
    }
    let classes = 1 + random.below(40) as usize;
    let dense = constants(&mut random, classes, input.channels);
    let scores = Scores {
        classes,
        weights: &dense.weights,
        bias: Scalars::new(&dense.bias),
        input_zero: -128,
        multiplier: Multiplier::from_real(1.0 / (3.0 + random.below(5_000) as f64)).unwrap(),
        logits: Quant { scale: 0.03, zero_point: random.below(256) as i32 - 128 },
    };
    let mean = Mean::checked(input, interior, Quant { scale: 0.47, zero_point: -128 });
    // A plane so large that the mean's multiplier is out of range is rejected at load.
    let Ok(mean) = mean else { return Ok(()) };
    let scores = Some(scores.checked(input.channels).unwrap());
    let body = Body { patch_quant, layers, pooling: Pooling::Embedding(mean), scores }.checked().unwrap();

    let patch: Patch = std::array::from_fn(|_| std::array::from_fn(|_| random.below(400) as f32 - 200.0));
    let quantised = |&value: &f32| quantise(value, patch_quant.scale, patch_quant.zero_point);
    let mut activation: Vec<i8> = patch.as_flattened().iter().map(quantised).collect();
    // The tap at a random block.
    let block = 1 + random.below((body.layers.len() as u64 - 1) / 2) as usize;
    let tapped = body.clone().tapped(block).unwrap();
    let mut tap = Vec::new();
    for (index, layer) in body.layers.iter().enumerate() {
        let mut output = vec![0; layer.output.len()];
        reference::run(layer, &activation, &mut output);
        activation = output;
        if index == 2 * block {
            tap = reference_tap(layer.output, interior.scale, &activation);
        }
    }
    let mut embedding = vec![0; input.channels];
    reference::mean(&mean, &activation, &mut embedding);
    let mut scores = vec![0; classes];
    reference::scores(body.scores.as_ref().unwrap(), &embedding, &mut scores);

    for isa in Isa::ALL.into_iter().filter(|isa| isa.is_available()) {
        let mut packed = vec![Block([0xa5; 64]); Network::packed_len(&body, isa).unwrap()];
        let used = Network::pack(&body, isa, &mut packed).unwrap();
        // A plane too large for the mean is rejected.
        let Ok(network) = Network::new(&body, isa, &packed[..used]) else { continue };
        let mut arena = vec![Block([0xa5; 64]); network.arena_len()];
        network.begin(&patch, &mut arena).unwrap();
        (0..network.layers()).for_each(|layer| network.layer(layer, &mut arena).unwrap());
        let mut last = vec![0; activation.len()];
        network.activation(network.layers() - 1, &mut arena, &mut last).unwrap();
        prop_assert!(last == activation, "last convolution, {isa:?}");
        let (mut own_embedding, mut own_scores) = (vec![0; embedding.len()], vec![0; scores.len()]);
        network.end(&mut arena, &mut own_embedding, &mut own_scores).unwrap();
        prop_assert_eq!(&own_embedding, &embedding, "embedding, {:?}", isa);
        prop_assert_eq!(&own_scores, &scores, "scores, {:?}", isa);
        let columns = columns(&mut random, 96 + hops.iter().sum::<usize>());
        check_stream(&network, &columns, hops)?;
        let mut packed = vec![Block([0xa5; 64]); Network::packed_len(&tapped, isa).unwrap()];
        let used = Network::pack(&tapped, isa, &mut packed).unwrap();
        let Ok(network) = Network::new(&tapped, isa, &packed[..used]) else { continue };
        let mut arena = vec![Block([0xa5; 64]); network.arena_len()];
        let mut own_tap = vec![f32::NAN; tap.len()];
        network.features(&patch, &mut arena, &mut own_tap, &mut []).unwrap();
        prop_assert_eq!(&own_tap, &tap, "tap of block {}, {:?}", block, isa);
        check_stream(&network, &columns, hops)?;
    }
    Ok(())
}

/// Columns of sound, with pauses in which they are all equal.
fn columns(random: &mut Random, count: usize) -> Vec<[f32; 64]> {
    let mut columns = Vec::new();
    while columns.len() < count {
        let column = std::array::from_fn(|_| random.below(400) as f32 - 200.0);
        let times = if random.below(20) == 0 { random.below(120) } else { 1 };
        columns.extend((0..times).map(|_| column));
    }
    columns
}

/// Compares every window of a stream, of which the first is computed twice, with the same window computed anew.
fn check_stream(network: &Network, columns: &[[f32; 64]], hops: &[usize]) -> Result<(), TestCaseError> {
    let (mut arena, mut anew) =
        (vec![Block([0xa5; 64]); Stream::arena_len(network)], vec![Block::ZERO; network.arena_len()]);
    let mut stream = Stream::new(network.clone(), &mut arena).unwrap();
    let mut start = 0;
    for hop in [0].iter().chain(&[0]).chain(hops) {
        start += hop;
        let patch: &Patch = columns[start..start + 96].try_into().unwrap();
        let outputs = || (vec![f32::NAN; network.pooled_len()], vec![0; network.scores_len()]);
        let (mut expected, mut found) = (outputs(), outputs());
        network.features(patch, &mut anew, &mut expected.0, &mut expected.1).unwrap();
        stream.features(patch, &mut found.0, &mut found.1);
        prop_assert_eq!(found, expected, "window at column {} after a hop of {}, {:?}", start, hop, network.isa());
    }
    Ok(())
}

/// The tap by its definition: the exact sum of `q + 128` over all positions, times the scale over their number.
fn reference_tap(shape: Shape, scale: f32, activation: &[i8]) -> Vec<f32> {
    let sum = |channel: usize| {
        activation.iter().skip(channel).step_by(shape.channels).map(|q| i32::from(*q) + 128).sum::<i32>() as f32
    };
    (0..shape.channels).map(|channel| sum(channel) * (scale / shape.positions() as f32)).collect()
}

/// Networks that are tried: `PROPTEST_CASES`, for emulators, or 48.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(48)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]
    #[test]
    fn a_random_network_gives_the_same_result_on_every_instruction_set_as_the_reference_kernels_also_where_it_reuses_rows(
        sketch in sketches(), seed: u64, hops in hops(),
    ) {
        check(&sketch, seed, &hops)?;
    }
}
