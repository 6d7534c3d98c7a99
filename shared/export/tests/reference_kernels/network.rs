//! The test network stands for YAMNet: the same operators, and accepted in its place.

use monitor_core::graph::{Body as Place, Error, Output, Parts};
use monitor_export::test_network;
use monitor_nn::Body;
use monitor_nn::body::Kind;
use monitor_tflite::{BuiltinOp, Model};

#[test]
fn it_is_recognised_part_by_part_as_the_base_model_is() {
    let file = test_network::from_waveform().unwrap();
    let model = Model::parse(&file).unwrap();
    let graph = model.graph();
    let parts = Parts::from_graph(&graph).unwrap();
    // The base model's own numbers of operators.
    assert!(matches!(parts.body, Some(Place { quantize: 13, mean: 43, .. })), "{:?}", parts.body);
    assert_eq!(parts.output, Output::Scores { fully_connected: 44, classes: 521 });
    assert_eq!(graph.operator_count(), 47);
    assert_eq!(model.labels().unwrap().unwrap().get(520), Some("class 520"));
    let split = graph.operators().find(|operator| operator.code == BuiltinOp::SPLIT).unwrap();
    assert_eq!((split.index, split.outputs.len()), (15, 1));
}

#[test]
fn it_has_every_kernel_stride_and_channel_count_of_the_base_model() {
    let file = test_network::from_patch();
    let body = Body::from_graph(&Model::parse(&file).unwrap().graph(), 0).unwrap().body;
    let shapes: Vec<(Kind, usize, usize)> =
        body.layers.iter().map(|layer| (layer.kind, layer.stride, layer.output.channels)).collect();
    let (depthwise, pointwise) = (Kind::Depthwise, Kind::Pointwise);
    let mut expected = vec![(Kind::Stem, 2, 32), (depthwise, 1, 32), (pointwise, 1, 64)];
    for channels in [64, 128, 256] {
        expected.extend([(depthwise, 2, channels), (pointwise, 1, 2 * channels)]);
        let more = if channels == 256 { 5 } else { 1 };
        for _ in 0..more {
            expected.extend([(depthwise, 1, 2 * channels), (pointwise, 1, 2 * channels)]);
        }
    }
    expected.extend([(depthwise, 2, 512), (pointwise, 1, 1024), (depthwise, 1, 1024), (pointwise, 1, 1024)]);
    assert_eq!(shapes, expected);
    let last = body.layers.last().unwrap().output;
    assert_eq!((last.height, last.width, body.scores.unwrap().classes), (3, 2, 521));
}

#[test]
fn its_two_files_hold_the_same_network() {
    let (whole, alone) = (test_network::from_waveform().unwrap(), test_network::from_patch());
    let whole = Body::from_graph(&Model::parse(&whole).unwrap().graph(), 13).unwrap().body;
    let alone = Body::from_graph(&Model::parse(&alone).unwrap().graph(), 0).unwrap().body;
    assert_eq!(format!("{:?}", whole.pooling), format!("{:?}", alone.pooling));
    assert_eq!(whole.patch_quant, alone.patch_quant);
    for (a, b) in whole.layers.iter().zip(&alone.layers) {
        assert!(a.weights == b.weights && a.bias == b.bias && a.weight_scales == b.weight_scales);
        assert_eq!((a.input_quant, a.output_quant), (b.input_quant, b.output_quant));
    }
    let (a, b) = (whole.scores.unwrap(), alone.scores.unwrap());
    assert!(a.weights == b.weights && a.bias == b.bias && a.multiplier == b.multiplier && a.logits == b.logits);
}

/// Changes word `word` of the constant `name` and returns why the graph is refused.
fn refusal(name: &str, word: usize, change: impl Fn([u8; 4]) -> [u8; 4]) -> (usize, Error) {
    let mut bytes = test_network::from_waveform().unwrap();
    let (index, at) = {
        let graph = Model::parse(&bytes).unwrap().graph();
        let tensor = graph.tensors().find(|tensor| tensor.name == name).unwrap();
        (tensor.index, tensor.data.unwrap().as_ptr() as usize - bytes.as_ptr() as usize + 4 * word)
    };
    let changed = change(bytes[at..at + 4].try_into().unwrap());
    bytes[at..at + 4].copy_from_slice(&changed);
    (index, Parts::from_graph(&Model::parse(&bytes).unwrap().graph()).unwrap_err())
}

#[test]
fn a_constant_of_the_front_end_that_differs_is_refused() {
    let plus = |by: f32| move |word| (f32::from_le_bytes(word) + by).to_le_bytes();
    let refusals = [
        refusal("hann/weights", 200, plus(2e-6)),
        refusal("mel/weights", 257 * 30 + 40, plus(0.01)),
        refusal("mel/weights", 5, |_| f32::NAN.to_le_bytes()),
        refusal("mel/floor", 63, plus(0.001)),
        refusal("frame/indices", 5, |word| (i32::from_le_bytes(word) + 1).to_le_bytes()),
    ];
    for (index, error) in refusals {
        assert!(matches!(error, Error::Constant { tensor, .. } if tensor == index), "tensor {index}: {error}");
    }
}
