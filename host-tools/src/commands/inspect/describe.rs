//! Parts and parameters in words.

use monitor_core::graph::{self, Head, Output, Parts};
use monitor_tflite::{Activation, BuiltinOp, Graph, Options, Padding};

/// What this program recognises in the graph, or why it would not run it.
pub(super) fn recognised(graph: &Graph<'_>) -> Result<String, String> {
    let parts = match Parts::from_graph(graph) {
        Ok(parts) => parts,
        Err(error) => {
            return graph::head_alone(graph)
                .map(|head| format!("head alone: {}", layers(&head)))
                .map_err(|_| error.to_string());
        }
    };
    let mut words = vec!["front end".to_owned()];
    if let Some(body) = parts.body {
        let is_convolution = |code| matches!(code, BuiltinOp::CONV_2D | BuiltinOp::DEPTHWISE_CONV_2D);
        let operators = graph.operators().skip(body.quantize).take(body.mean - body.quantize);
        words.push(format!("int8 body of {} convolutions", operators.filter(|op| is_convolution(op.code)).count()));
    }
    match &parts.output {
        Output::Scores { classes, .. } => words.push(format!("{classes} scores of its own")),
        Output::Head { kind, head } => words.push(format!("head on {kind} features: {}", layers(head))),
    }
    Ok(words.join(", "))
}

/// `1152 -> 128 ReLU -> 4 softmax`.
fn layers(head: &Head<'_>) -> String {
    let mut text = head.layers.first().map(|layer| layer.inputs.to_string()).unwrap_or_default();
    for layer in &head.layers {
        text += &format!(" -> {} {}", layer.outputs, if layer.relu { "ReLU" } else { "softmax" });
    }
    text
}

/// Parameters of an operator, without those that are as usual.
pub(super) fn options(options: &Options) -> String {
    let words: Vec<String> = match *options {
        Options::None | Options::Reshape => Vec::new(),
        Options::Conv2d { padding, stride, dilation, activation } => convolution(padding, stride, dilation, activation),
        Options::DepthwiseConv2d { padding, stride, dilation, multiplier, activation } => {
            let mut words = convolution(padding, stride, dilation, activation);
            if multiplier != 1 {
                words.push(format!("multiplier {multiplier}"));
            }
            words
        }
        Options::FullyConnected { activation: kind, keep_num_dims, shuffled } => {
            let mut words = activation(kind);
            words.extend(keep_num_dims.then(|| "keeps dimensions".to_owned()));
            words.extend(shuffled.then(|| "shuffled weights".to_owned()));
            words
        }
        Options::Softmax { beta } => vec![format!("beta {beta}")],
        Options::Concatenation { axis, activation: kind } => [vec![format!("axis {axis}")], activation(kind)].concat(),
        Options::Reducer { keep_dims } => keep_dims.then(|| "keeps dimensions".to_owned()).into_iter().collect(),
        Options::Split { splits } => vec![format!("into {splits}")],
        Options::Gather { axis, batch_dims } => {
            let mut words = vec![format!("axis {axis}")];
            words.extend((batch_dims != 0).then(|| format!("batch dimensions {batch_dims}")));
            words
        }
        Options::StridedSlice { begin_mask, end_mask, other } => {
            let mut words = Vec::new();
            words.extend((begin_mask != 0).then(|| format!("begin mask {begin_mask}")));
            words.extend((end_mask != 0).then(|| format!("end mask {end_mask}")));
            words.extend(other.then(|| "other masks".to_owned()));
            words
        }
        Options::Arithmetic { activation: kind } => activation(kind),
        Options::Other(_) => Vec::new(),
    };
    words.join(", ")
}

fn convolution(padding: Padding, stride: [usize; 2], dilation: [usize; 2], kind: Activation) -> Vec<String> {
    let mut words = vec![format!("stride {}", pair(stride))];
    words.push(if padding == Padding::Same { "same".into() } else { "valid".into() });
    if dilation != [1, 1] {
        words.push(format!("dilation {}", pair(dilation)));
    }
    words.extend(activation(kind));
    words
}

fn pair([height, width]: [usize; 2]) -> String {
    if height == width { height.to_string() } else { format!("{height} x {width}") }
}

fn activation(kind: Activation) -> Vec<String> {
    match kind {
        Activation::None => Vec::new(),
        Activation::Relu => vec!["ReLU".into()],
        Activation::Relu6 => vec!["ReLU6".into()],
        Activation::Other(code) => vec![format!("activation {code}")],
    }
}
