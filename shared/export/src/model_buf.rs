//! An in-memory TFLite model: owned tensors and operators, serialised by [`super::writer`].

use std::collections::HashMap;

use monitor_tflite::{BuiltinOp, Graph, Options, TensorType};

/// Index of a tensor within its [`ModelBuf`].
pub(super) type TensorId = usize;

/// A model: one graph and metadata.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct ModelBuf {
    pub description: String,
    pub tensors: Vec<TensorBuf>,
    pub operators: Vec<OperatorBuf>,
    pub inputs: Vec<TensorId>,
    pub outputs: Vec<TensorId>,
    /// Metadata entries in the order of the file.
    pub metadata: Vec<(String, Vec<u8>)>,
}

/// A tensor. It is constant if it has data, otherwise computed.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TensorBuf {
    pub name: String,
    pub shape: Vec<usize>,
    pub kind: TensorType,
    /// Little-endian contents; empty for a computed tensor.
    pub data: Vec<u8>,
    pub quantisation: Option<QuantisationBuf>,
}

/// Scales and zero points.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct QuantisationBuf {
    pub scales: Vec<f32>,
    pub zero_points: Vec<i64>,
    pub dimension: usize,
}

/// An operator.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct OperatorBuf {
    pub code: BuiltinOp,
    pub version: i32,
    /// `None` for an omitted optional input.
    pub inputs: Vec<Option<TensorId>>,
    pub outputs: Vec<TensorId>,
    pub options: Options,
}

impl ModelBuf {
    /// Adds a computed tensor.
    pub(crate) fn tensor(&mut self, name: &str, kind: TensorType, shape: &[usize]) -> TensorId {
        self.push(TensorBuf { name: name.into(), shape: shape.into(), kind, data: Vec::new(), quantisation: None })
    }

    /// Adds a constant of 32-bit integers.
    pub(crate) fn integers(&mut self, name: &str, shape: &[usize], values: &[i32]) -> TensorId {
        let data = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.push(TensorBuf {
            name: name.into(),
            shape: shape.into(),
            kind: TensorType::Int32,
            data,
            quantisation: None,
        })
    }

    /// Adds a constant of 32-bit floats.
    pub(crate) fn floats(&mut self, name: &str, shape: &[usize], values: impl IntoIterator<Item = f32>) -> TensorId {
        let data = values.into_iter().flat_map(f32::to_le_bytes).collect();
        let kind = TensorType::Float32;
        self.push(TensorBuf { name: name.into(), shape: shape.into(), kind, data, quantisation: None })
    }

    /// Adds a constant of any type: little-endian contents, quantised if scales are given.
    pub(crate) fn constant(
        &mut self,
        name: &str,
        kind: TensorType,
        shape: &[usize],
        data: Vec<u8>,
        quantisation: Option<QuantisationBuf>,
    ) -> TensorId {
        self.push(TensorBuf { name: name.into(), shape: shape.into(), kind, data, quantisation })
    }

    /// Adds an operator with one output, an f32 tensor of `shape`. Returns the output.
    pub(crate) fn apply(
        &mut self,
        code: BuiltinOp,
        options: Options,
        inputs: &[TensorId],
        name: &str,
        shape: &[usize],
    ) -> TensorId {
        self.apply_to(code, options, inputs, name, TensorType::Float32, shape)
    }

    /// As [`Self::apply`], with an output of another type.
    pub(crate) fn apply_to(
        &mut self,
        code: BuiltinOp,
        options: Options,
        inputs: &[TensorId],
        name: &str,
        kind: TensorType,
        shape: &[usize],
    ) -> TensorId {
        let output = self.tensor(name, kind, shape);
        let inputs = inputs.iter().copied().map(Some).collect();
        self.operators.push(OperatorBuf { code, version: 1, inputs, outputs: vec![output], options });
        output
    }

    /// Adds a RESHAPE to `shape`.
    pub(crate) fn reshape(&mut self, from: TensorId, name: &str, kind: TensorType, shape: &[usize]) -> TensorId {
        // Shapes of this project are far below 2^31.
        let dims: Vec<i32> = shape.iter().map(|&dim| dim as i32).collect();
        let to = self.integers(&format!("{name}/shape"), &[dims.len()], &dims);
        self.apply_to(BuiltinOp::RESHAPE, Options::None, &[from, to], name, kind, shape)
    }

    /// Copies operator `index` of another graph and the tensors it requires. `known` maps that graph's tensors to those
    /// already copied.
    ///
    /// # Errors
    /// If there is no such operator.
    pub(crate) fn copy(
        &mut self,
        graph: &Graph<'_>,
        index: usize,
        known: &mut HashMap<usize, TensorId>,
    ) -> Result<(), monitor_tflite::Error> {
        let operator = graph.operator(index)?;
        let inputs = operator.inputs.iter().map(|input| match input {
            Some(input) => self.copy_tensor(graph, input, known).map(Some),
            None => Ok(None),
        });
        let inputs = inputs.collect::<Result<_, _>>()?;
        let outputs = operator.outputs.iter().flatten().map(|output| self.copy_tensor(graph, output, known));
        let outputs = outputs.collect::<Result<_, _>>()?;
        let (code, version, options) = (operator.code, operator.version, operator.options);
        self.operators.push(OperatorBuf { code, version, inputs, outputs, options });
        Ok(())
    }

    fn copy_tensor(
        &mut self,
        graph: &Graph<'_>,
        index: usize,
        known: &mut HashMap<usize, TensorId>,
    ) -> Result<TensorId, monitor_tflite::Error> {
        if let Some(&id) = known.get(&index) {
            return Ok(id);
        }
        let tensor = graph.tensor(index)?;
        let id = self.push(TensorBuf {
            name: tensor.name.into(),
            shape: tensor.shape.to_vec(),
            kind: tensor.kind,
            data: tensor.data.unwrap_or_default().to_vec(),
            quantisation: tensor.quantisation.map(|held| QuantisationBuf {
                scales: held.scales.iter().collect(),
                zero_points: held.zero_points.iter().collect(),
                dimension: held.dimension,
            }),
        });
        known.insert(index, id);
        Ok(id)
    }

    fn push(&mut self, tensor: TensorBuf) -> TensorId {
        self.tensors.push(tensor);
        self.tensors.len() - 1
    }
}
