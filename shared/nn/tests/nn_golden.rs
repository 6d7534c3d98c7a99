//! Compares the int8 network of the base model with TFLite's reference kernels, bit for bit, on every available instruction
//! set. `shared/export/tests/reference_kernels` compares the test network, which needs no data from elsewhere.
#![allow(clippy::unwrap_used, reason = "the helper of the tests")]

#[path = "../../core/tests/common/mod.rs"]
mod common;

use common::{base_model, floats, golden, signed};
use monitor_nn::{Block, Body, Isa, Network};
use monitor_nn::{PATCH_COLUMNS as COLUMNS, Patch};
use monitor_tflite::{BuiltinOp, Model};
use test_needs::needs;

/// Step and zero point of the quantised patch (tensor 28 of the base model).
const SCALE: f32 = 0.048_020_61;
const ZERO_POINT: f32 = 16.0;

/// Runs `check` on the base model's network, for every instruction set, with each clip's index, log-mel patch, and an arena.
/// Each clip comes twice: as its log-mel values, and as the values that its quantised patch stands for.
fn each_clip(mut check: impl FnMut(&Network, usize, &Patch, &mut [Block])) {
    let bytes = base_model();
    let log_mel = floats(&golden("log_mel_f32.bin"));
    let quantised: Vec<f32> =
        signed(&golden("patch_i8.bin")).into_iter().map(|q| (f32::from(q) - ZERO_POINT) * SCALE).collect();
    assert_eq!(log_mel.len(), quantised.len());
    let graph = Model::parse(&bytes).unwrap().graph();
    let quantize = graph.operators().find(|operator| operator.code == BuiltinOp::QUANTIZE).unwrap();
    let body = Body::from_graph(&graph, quantize.index).unwrap().body;
    for isa in Isa::ALL.into_iter().filter(|isa| isa.is_available()) {
        let mut packed = vec![Block::ZERO; Network::packed_len(&body, isa).unwrap()];
        Network::pack(&body, isa, &mut packed).unwrap();
        let network = Network::new(&body, isa, &packed).unwrap();
        let mut arena = vec![Block::ZERO; network.arena_len()];
        for cells in [&log_mel, &quantised] {
            for (clip, cells) in cells.chunks_exact(64 * COLUMNS).enumerate() {
                let patch: Patch = std::array::from_fn(|j| cells[64 * j..64 * j + 64].try_into().unwrap());
                check(&network, clip, &patch, &mut arena);
            }
        }
    }
}

#[needs(base_model)]
#[needs(golden)]
#[test]
fn last_convolution_embedding_and_scores_of_every_golden_clip_are_those_of_the_reference_kernels() {
    let tensors = ["last_conv_i8.bin", "embedding_i8.bin", "scores_i8.bin"].map(golden);
    let [convolutions, embeddings, all_scores] = tensors.map(|tensor| signed(&tensor));
    each_clip(|network, clip, patch, arena| {
        let mut embedding = [0; 1024];
        let mut scores = [0; 521];
        assert_eq!(network.scores_len(), scores.len());
        network.run(patch, arena, &mut embedding, &mut scores).unwrap();
        let mut convolution = [0; 6 * 1024];
        network.begin(patch, arena).unwrap();
        (0..network.layers()).for_each(|layer| network.layer(layer, arena).unwrap());
        network.activation(network.layers() - 1, arena, &mut convolution).unwrap();
        let isa = network.isa();
        assert!(convolution == convolutions[6 * 1024 * clip..][..6 * 1024], "last convolution of clip {clip}, {isa:?}");
        assert!(embedding == embeddings[1024 * clip..][..1024], "embedding of clip {clip}, {isa:?}");
        assert!(scores == all_scores[521 * clip..][..521], "scores of clip {clip}, {isa:?}");
    });
}
