//! The int8 network on the base model against TFLite's reference kernels, bit for bit.

mod common;

use common::{base_model, floats, golden, signed};
use shared::nn::{Block, Body, Isa, Network};
use shared::tflite::{BuiltinOp, Model};
use shared::window::{COLUMNS, Patch};

/// Runs `check` on the base model's network with each clip's index, log-mel patch, and an arena.
fn each_clip(isa: Isa, mut check: impl FnMut(&Network, usize, &Patch, &mut [Block])) {
    let Some(bytes) = base_model() else { return };
    let graph = Model::parse(&bytes).unwrap().graph();
    let quantize = graph.operators().find(|operator| operator.code == BuiltinOp::QUANTIZE).unwrap();
    let body = Body::from_graph(&graph, quantize.index).unwrap().body;
    let mut packed = vec![Block::ZERO; Network::packed_len(&body, isa)];
    Network::pack(&body, isa, &mut packed).unwrap();
    let network = Network::new(body, isa, &packed).unwrap();
    let mut arena = vec![Block::ZERO; network.arena_len()];
    let Some(log_mel) = golden("log_mel_f32.bin") else { return };
    for (clip, cells) in floats(&log_mel).chunks_exact(64 * COLUMNS).enumerate() {
        let patch: Patch = std::array::from_fn(|j| cells[64 * j..64 * j + 64].try_into().unwrap());
        check(&network, clip, &patch, &mut arena);
    }
}

#[test]
fn embedding_and_scores_of_every_golden_clip_are_those_of_the_reference_kernels() {
    let (Some(embeddings), Some(all_scores)) = (golden("embedding_i8.bin"), golden("scores_i8.bin")) else { return };
    let (embeddings, all_scores) = (signed(&embeddings), signed(&all_scores));
    each_clip(Isa::best(), |network, clip, patch, arena| {
        let embedding = network.run(patch, arena).unwrap();
        assert!(embedding == &embeddings[1024 * clip..1024 * (clip + 1)], "embedding of clip {clip}");
        let mut scores = vec![0; network.scores_len()];
        network.scores(embedding, &mut scores);
        assert!(scores == all_scores[521 * clip..521 * (clip + 1)], "scores of clip {clip}");
    });
}
