//! Serialises a [`ModelBuf`] as a TFLite flatbuffer. Field numbers are those of `schema.fbs` (TensorFlow 2.18). The reader
//! `monitor_tflite` defines them independently, so a mistake in one of the two is detected.
//!
//! Equal models give equal bytes: everything is written in the order of the vectors.

use std::collections::BTreeMap;

use monitor_tflite::{Activation, BuiltinOp, Options, Padding};

use super::flat::{self, Builder, Fields, Table};
use super::model_buf::{ModelBuf, OperatorBuf, TensorBuf};

/// Version of the schema.
const VERSION: u32 = 3;
/// Greater codes are stored only in the newer field; the older field then holds this value.
const DEPRECATED_CODE_LIMIT: u32 = 127;

/// Returns the bytes of the file, without the archive of labels.
pub(super) fn write(model: &ModelBuf) -> Vec<u8> {
    let mut builder = Builder::with_capacity(1 << 16);
    let b = &mut builder;
    // Buffer 0 is empty by convention; constants, then metadata, have one each.
    let mut contents: Vec<&[u8]> = vec![&[]];
    let mut buffer_of = |data| {
        contents.push(data);
        contents.len() - 1
    };
    let tensor_buffers: Vec<usize> =
        model.tensors.iter().map(|t| if t.data.is_empty() { 0 } else { buffer_of(&t.data) }).collect();
    let metadata_buffers: Vec<usize> = model.metadata.iter().map(|(_, data)| buffer_of(data)).collect();

    let buffers: Vec<Table> = contents.iter().map(|data| buffer(b, data)).collect();
    let buffers = flat::tables(b, &buffers);
    let metadata: Vec<Table> =
        model.metadata.iter().zip(metadata_buffers).map(|((name, _), buffer)| entry(b, name, buffer)).collect();
    let metadata = flat::tables(b, &metadata);

    // One code per operator, with the highest version that any use requires, as converters do.
    let mut versions: BTreeMap<u32, i32> = BTreeMap::new();
    for operator in &model.operators {
        let version = versions.entry(operator.code.0).or_insert(1);
        *version = (*version).max(operator.version);
    }
    let codes: Vec<u32> = versions.keys().copied().collect();
    let operators: Vec<Table> = model.operators.iter().map(|op| operator(b, op, &codes)).collect();
    let operators = flat::tables(b, &operators);
    let tensors: Vec<Table> =
        model.tensors.iter().zip(tensor_buffers).map(|(t, buffer)| tensor(b, t, buffer)).collect();
    let tensors = flat::tables(b, &tensors);
    let inputs = b.create_vector(&indices(&model.inputs));
    let outputs = b.create_vector(&indices(&model.outputs));
    let name = b.create_string("main");
    let graph = flat::table(b, |f| {
        f.offset(0, tensors);
        f.offset(1, inputs);
        f.offset(2, outputs);
        f.offset(3, operators);
        f.offset(4, name);
    });
    let graphs = flat::tables(b, &[graph]);
    let codes: Vec<Table> = versions.iter().map(|(&code, &version)| operator_code(b, code, version)).collect();
    let codes = flat::tables(b, &codes);
    let description = b.create_string(&model.description);
    let root = flat::table(b, |f| {
        f.number(0, VERSION, 0);
        f.offset(1, codes);
        f.offset(2, graphs);
        f.offset(3, description);
        f.offset(4, buffers);
        f.offset(6, metadata);
    });
    flat::finish(builder, root, "TFL3")
}

/// Returns tensor indices in the type of the schema; they are far below 2^31.
fn indices(ids: &[usize]) -> Vec<i32> {
    ids.iter().map(|&id| id as i32).collect()
}

fn buffer(b: &mut Builder, data: &[u8]) -> Table {
    if data.is_empty() {
        return flat::table(b, |_| ());
    }
    let data = flat::aligned_bytes(b, data);
    flat::table(b, |f| f.offset(0, data))
}

fn entry(b: &mut Builder, name: &str, buffer: usize) -> Table {
    let name = b.create_string(name);
    flat::table(b, |f| {
        f.offset(0, name);
        f.number(1, buffer as u32, 0);
    })
}

fn operator_code(b: &mut Builder, code: u32, version: i32) -> Table {
    flat::table(b, |f| {
        f.number(0, code.min(DEPRECATED_CODE_LIMIT) as i8, 0);
        f.number(2, version, 1);
        f.number(3, code as i32, 0);
    })
}

fn tensor(b: &mut Builder, tensor: &TensorBuf, buffer: usize) -> Table {
    let quantisation = tensor.quantisation.as_ref().map(|held| {
        let scales = b.create_vector(&held.scales);
        let zero_points = b.create_vector(&held.zero_points);
        flat::table(b, |f| {
            f.offset(2, scales);
            f.offset(3, zero_points);
            f.number(6, held.dimension as i32, 0);
        })
    });
    let shape = b.create_vector(&indices(&tensor.shape));
    let name = b.create_string(&tensor.name);
    flat::table(b, |f| {
        f.offset(0, shape);
        f.number(1, tensor.kind.code() as i8, 0);
        f.number(2, buffer as u32, 0);
        f.offset(3, name);
        if let Some(quantisation) = quantisation {
            f.offset(4, quantisation);
        }
        f.number(8, true, false);
    })
}

fn operator(b: &mut Builder, operator: &OperatorBuf, codes: &[u32]) -> Table {
    let code = codes.partition_point(|&code| code < operator.code.0);
    let inputs: Vec<i32> = operator.inputs.iter().map(|input| input.map_or(-1, |id| id as i32)).collect();
    let inputs = b.create_vector(&inputs);
    let outputs = b.create_vector(&indices(&operator.outputs));
    let union = options_code(operator.code, &operator.options);
    let options = (union != 0).then(|| flat::table(b, |f| options(f, &operator.options)));
    flat::table(b, |f| {
        f.number(0, code as u32, 0);
        f.offset(1, inputs);
        f.offset(2, outputs);
        f.number(3, union, 0);
        if let Some(options) = options {
            f.offset(4, options);
        }
    })
}

/// Returns the number of the options' table in `union BuiltinOptions`.
fn options_code(code: BuiltinOp, options: &Options) -> u8 {
    match options {
        Options::None => 0,
        Options::Conv2d { .. } => 1,
        Options::DepthwiseConv2d { .. } => 2,
        Options::FullyConnected { .. } => 8,
        Options::Softmax { .. } => 9,
        Options::Concatenation { .. } => 10,
        Options::Arithmetic { .. } => match code {
            BuiltinOp::ADD => 11,
            BuiltinOp::SUB => 28,
            BuiltinOp::DIV => 29,
            _ => 21,
        },
        Options::Reshape => 17,
        Options::Gather { .. } => 23,
        Options::Reducer { .. } => 27,
        Options::StridedSlice { .. } => 32,
        Options::Split { .. } => 35,
        Options::Other(code) => *code,
    }
}

fn options(f: &mut Fields<'_>, options: &Options) {
    match *options {
        Options::Conv2d { padding, stride, dilation, activation } => {
            f.number(0, padding_code(padding), 0);
            f.number(1, stride[1] as i32, 0);
            f.number(2, stride[0] as i32, 0);
            f.number(3, activation_code(activation), 0);
            f.number(4, dilation[1] as i32, 1);
            f.number(5, dilation[0] as i32, 1);
        }
        Options::DepthwiseConv2d { padding, stride, dilation, multiplier, activation } => {
            f.number(0, padding_code(padding), 0);
            f.number(1, stride[1] as i32, 0);
            f.number(2, stride[0] as i32, 0);
            f.number(3, multiplier as i32, 0);
            f.number(4, activation_code(activation), 0);
            f.number(5, dilation[1] as i32, 1);
            f.number(6, dilation[0] as i32, 1);
        }
        Options::FullyConnected { activation, keep_num_dims, shuffled } => {
            f.number(0, activation_code(activation), 0);
            f.number(1, i8::from(shuffled), 0);
            f.number(2, keep_num_dims, false);
        }
        Options::Softmax { beta } => f.number(0, beta, 0.0),
        Options::Concatenation { axis, activation } => {
            f.number(0, axis, 0);
            f.number(1, activation_code(activation), 0);
        }
        Options::Arithmetic { activation } => f.number(0, activation_code(activation), 0),
        Options::Gather { axis, batch_dims } => {
            f.number(0, axis, 0);
            f.number(1, batch_dims, 0);
        }
        Options::Reducer { keep_dims } => f.number(0, keep_dims, false),
        Options::StridedSlice { begin_mask, end_mask, .. } => {
            f.number(0, begin_mask, 0);
            f.number(1, end_mask, 0);
        }
        Options::Split { splits } => f.number(0, splits, 0),
        // Tables without fields of their own.
        Options::None | Options::Reshape | Options::Other(_) => (),
    }
}

fn padding_code(padding: Padding) -> i8 {
    match padding {
        Padding::Same => 0,
        Padding::Valid => 1,
    }
}

fn activation_code(activation: Activation) -> i8 {
    match activation {
        Activation::None => 0,
        Activation::Relu => 1,
        Activation::Relu6 => 3,
        Activation::Other(code) => code as i8,
    }
}
