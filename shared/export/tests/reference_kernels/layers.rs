//! Every activation, the embedding and the scores.

use monitor_core::window::Patch;
use monitor_export::test_network;
use monitor_nn::body::Pooling;
use monitor_nn::{Block, Body, Isa, Network, quant, reference};
use monitor_tflite::Model;

use super::golden::{self, digest};

/// The body of the network that takes a patch; its first operator is QUANTIZE.
fn with_body(check: impl FnOnce(&Body)) {
    let file = test_network::from_patch();
    check(&Body::from_graph(&Model::parse(&file).unwrap().graph(), 0).unwrap().body);
}

fn quantised(body: &Body, patch: &Patch) -> Vec<i8> {
    let (scale, zero_point) = (body.patch_quant.scale, body.patch_quant.zero_point);
    patch.as_flattened().iter().map(|&value| quant::quantise(value, scale, zero_point)).collect()
}

#[test]
fn every_instruction_set_computes_the_reference_kernels_activations_embedding_and_scores() {
    let (digests, convolutions) = (golden::digests(), golden::int8("last_conv_i8.bin"));
    let (embeddings, all_scores) = (golden::int8("embedding_i8.bin"), golden::int8("scores_i8.bin"));
    with_body(|body| {
        for isa in Isa::ALL.into_iter().filter(|isa| isa.is_available()) {
            let mut packed = vec![Block::ZERO; Network::packed_len(body, isa).unwrap()];
            Network::pack(body, isa, &mut packed).unwrap();
            let network = Network::new(body, isa, &packed).unwrap();
            let mut arena = vec![Block::ZERO; network.arena_len()];
            for (number, patch) in test_network::patches().iter().enumerate() {
                network.begin(patch, &mut arena).unwrap();
                let mut activation = Vec::new();
                for (index, layer) in body.layers.iter().enumerate() {
                    network.layer(index, &mut arena).unwrap();
                    activation = vec![0; layer.output.len()];
                    network.activation(index, &mut arena, &mut activation).unwrap();
                    let found = digest(&activation, layer.output.channels);
                    assert_eq!(found, digests[number][1 + index], "layer {index} of patch {number}, {isa:?}");
                }
                assert!(activation == convolutions[6144 * number..][..6144], "last convolution of {number}, {isa:?}");
                let (mut embedding, mut scores) = ([0; 1024], [0; test_network::CLASSES]);
                network.end(&mut arena, &mut embedding, &mut scores).unwrap();
                assert!(embedding == embeddings[1024 * number..][..1024], "embedding of {number}, {isa:?}");
                assert!(scores == all_scores[scores.len() * number..][..scores.len()], "scores of {number}, {isa:?}");
                let mut again = ([1; 1024], [1; test_network::CLASSES]);
                network.run(patch, &mut arena, &mut again.0, &mut again.1).unwrap();
                assert!(again == (embedding, scores), "one call differs from its parts, {number}, {isa:?}");
            }
        }
    });
}

#[test]
fn the_plain_kernels_compute_the_same_in_the_files_order_of_channels() {
    let (digests, embeddings) = (golden::digests(), golden::int8("embedding_i8.bin"));
    let (convolutions, all_scores) = (golden::int8("last_conv_i8.bin"), golden::int8("scores_i8.bin"));
    let whole = [(3, golden::int8("depthwise1_i8.bin")), (12, golden::int8("pointwise5_i8.bin"))];
    with_body(|body| {
        for (number, patch) in test_network::patches().iter().enumerate() {
            let mut activation = quantised(body, patch);
            assert_eq!(digest(&activation, 64), digests[number][0], "quantised patch {number}");
            for (index, layer) in body.layers.iter().enumerate() {
                let mut output = vec![0; layer.output.len()];
                reference::run(layer, &activation, &mut output);
                activation = output;
                let found = digest(&activation, layer.output.channels);
                assert_eq!(found, digests[number][1 + index], "layer {index} of patch {number}");
                for (place, tensor) in &whole {
                    assert!(
                        number != 0 || *place != index || *tensor == activation,
                        "layer {index}, order of channels"
                    );
                }
            }
            assert!(activation == convolutions[6144 * number..][..6144], "last convolution of {number}");
            let (mut embedding, mut scores) = ([0; 1024], [0; test_network::CLASSES]);
            let Pooling::Embedding(mean) = &body.pooling else { panic!("the test network has an embedding") };
            reference::mean(mean, &activation, &mut embedding);
            reference::scores(body.scores.as_ref().unwrap(), &embedding, &mut scores);
            assert!(embedding == embeddings[1024 * number..][..1024], "embedding of {number}");
            assert!(scores == all_scores[scores.len() * number..][..scores.len()], "scores of {number}");
        }
    });
}

#[test]
fn activations_fill_their_range_and_few_saturate() {
    with_body(|body| {
        let mut activation = quantised(body, &test_network::patches()[0]);
        for (index, layer) in body.layers.iter().enumerate() {
            let mut output = vec![0; layer.output.len()];
            reference::run(layer, &activation, &mut output);
            activation = output;
            let share =
                |value: i8| activation.iter().filter(|&&found| found == value).count() as f64 / activation.len() as f64;
            let distinct = (-128..=127).filter(|&value| activation.contains(&value)).count();
            assert!((0.3..0.75).contains(&share(-128)), "layer {index}: {} at the lowest value", share(-128));
            assert!(share(127) < 0.05, "layer {index}: {} at the highest value", share(127));
            assert!(distinct > 100, "layer {index}: {distinct} values");
        }
    });
}
