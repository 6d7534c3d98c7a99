//! Parts and parameters as text.

use monitor_core::gain::Gain;
use monitor_core::graph::{self, Head, Output, Parts};
use monitor_tflite::{Activation, BuiltinOp, Graph, Options, Padding};

/// The parts that this program recognises in the graph, or why it cannot run it.
pub(super) fn recognised(graph: &Graph<'_>) -> Result<String, String> {
    let parts = match Parts::from_graph(graph) {
        Ok(parts) => parts,
        Err(error) => {
            return graph::head_alone(graph)
                .map(|head| format!("head alone: {}", layers(&head)))
                .map_err(|_| error.to_string());
        }
    };
    let mut found: Vec<String> = Vec::new();
    if parts.gain != Gain::NONE {
        found.push(format!("input gain {} dB", parts.gain.db()));
    }
    found.push("front end".to_owned());
    if let Some(body) = parts.body {
        let is_convolution = |code| matches!(code, BuiltinOp::CONV_2D | BuiltinOp::DEPTHWISE_CONV_2D);
        let operators = graph.operators().skip(body.quantize).take(body.mean - body.quantize);
        found.push(format!("int8 body of {} convolutions", operators.filter(|op| is_convolution(op.code)).count()));
    }
    match &parts.output {
        Output::Scores { classes, .. } => found.push(format!("{classes} scores")),
        Output::Head { kind, head } => found.push(format!("head on {kind} features: {}", layers(head))),
    }
    Ok(found.join(", "))
}

/// `1152 -> 128 ReLU -> 4 softmax`.
fn layers(head: &Head<'_>) -> String {
    let mut text = head.layers.first().map(|layer| layer.inputs.to_string()).unwrap_or_default();
    for layer in &head.layers {
        text += &format!(" -> {} {}", layer.outputs, if layer.relu { "ReLU" } else { "softmax" });
    }
    text
}

/// Parameters of an operator that differ from the usual ones.
pub(super) fn options(options: &Options) -> String {
    let parts: Vec<String> = match *options {
        Options::None | Options::Reshape => Vec::new(),
        Options::Conv2d { padding, stride, dilation, activation } => convolution(padding, stride, dilation, activation),
        Options::DepthwiseConv2d { padding, stride, dilation, multiplier, activation } => {
            let mut parts = convolution(padding, stride, dilation, activation);
            if multiplier != 1 {
                parts.push(format!("multiplier {multiplier}"));
            }
            parts
        }
        Options::FullyConnected { activation: kind, keep_num_dims, shuffled } => {
            let mut parts = activation(kind);
            parts.extend(keep_num_dims.then(|| "keeps dimensions".to_owned()));
            parts.extend(shuffled.then(|| "shuffled weights".to_owned()));
            parts
        }
        Options::Softmax { beta } => vec![format!("beta {beta}")],
        Options::Concatenation { axis, activation: kind } => [vec![format!("axis {axis}")], activation(kind)].concat(),
        Options::Reducer { keep_dims } => keep_dims.then(|| "keeps dimensions".to_owned()).into_iter().collect(),
        Options::Split { splits } => vec![format!("into {splits}")],
        Options::Gather { axis, batch_dims } => {
            let mut parts = vec![format!("axis {axis}")];
            parts.extend((batch_dims != 0).then(|| format!("batch dimensions {batch_dims}")));
            parts
        }
        Options::StridedSlice { begin_mask, end_mask, other } => {
            let mut parts = Vec::new();
            parts.extend((begin_mask != 0).then(|| format!("begin mask {begin_mask}")));
            parts.extend((end_mask != 0).then(|| format!("end mask {end_mask}")));
            parts.extend(other.then(|| "other masks".to_owned()));
            parts
        }
        Options::Arithmetic { activation: kind } => activation(kind),
        Options::Other(_) => Vec::new(),
    };
    parts.join(", ")
}

fn convolution(padding: Padding, stride: [usize; 2], dilation: [usize; 2], kind: Activation) -> Vec<String> {
    let mut parts = vec![format!("stride {}", pair(stride))];
    parts.push(if padding == Padding::Same { "same".into() } else { "valid".into() });
    if dilation != [1, 1] {
        parts.push(format!("dilation {}", pair(dilation)));
    }
    parts.extend(activation(kind));
    parts
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
