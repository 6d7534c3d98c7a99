//! Walks through a graph in the order of execution and compares each operator with the expected one.

use super::error::Error;
use monitor_tflite::{BuiltinOp, Graph, Operator, Options, Tensor, TensorType};

/// Length of a tensor set, in 64-bit words.
const SET_WORDS: usize = 64;

/// Current position in a graph.
#[derive(Debug, Clone, Copy)]
pub(super) struct Walk<'a> {
    graph: Graph<'a>,
    next: usize,
}

/// A recognised operator and its output.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step<'a> {
    pub operator: Operator<'a>,
    pub output: Tensor<'a>,
    graph: Graph<'a>,
}

impl<'a> Walk<'a> {
    /// Starts at the first operator of `graph`.
    pub(super) fn new(graph: Graph<'a>) -> Self {
        Self { graph, next: 0 }
    }

    /// Returns the index of the next operator.
    pub(super) fn position(&self) -> usize {
        self.next
    }

    /// Returns the code of the next operator; `None` at the end.
    pub(super) fn peek(&self) -> Option<BuiltinOp> {
        self.graph.operator(self.next).ok().map(|operator| operator.code)
    }

    /// Advances past the next operator. It must have the code `expected`, one output, and `inputs` inputs with `from` at
    /// place `data`.
    pub(super) fn take_at(
        &mut self,
        expected: BuiltinOp,
        inputs: usize,
        data: usize,
        from: usize,
    ) -> Result<Step<'a>, Error> {
        let index = self.next;
        match self.peek() {
            None => return Err(Error::Incomplete { operators: index, expected }),
            Some(found) if found != expected => return Err(Error::Operator { index, expected, found }),
            Some(_) => {}
        }
        let operator = self.graph.operator(index)?;
        let connected = operator.inputs.len() == inputs && operator.inputs.get(data) == Some(from);
        let output = match operator.outputs.get(0) {
            Some(output) if connected && operator.outputs.len() == 1 => self.graph.tensor(output)?,
            _ => return Err(Error::Connection { operator: index }),
        };
        self.next += 1;
        Ok(Step { operator, output, graph: self.graph })
    }

    /// As [`Self::take_at`], with `from` as the first input.
    pub(super) fn take(&mut self, expected: BuiltinOp, inputs: usize, from: usize) -> Result<Step<'a>, Error> {
        self.take_at(expected, inputs, 0, from)
    }
}

impl<'a> Step<'a> {
    /// Returns input `i` of the operator.
    pub(super) fn input(&self, i: usize) -> Result<Tensor<'a>, Error> {
        let index = self.operator.inputs.get(i).ok_or(Error::Connection { operator: self.operator.index })?;
        Ok(self.graph.tensor(index)?)
    }

    /// Checks that input `i` is a constant with exactly these integers.
    pub(super) fn check_integers(&self, i: usize, values: &[i32], expected: &'static str) -> Result<(), Error> {
        let tensor = self.input(i)?;
        let fits = tensor.i32s().is_some_and(|held| held.equals(values));
        if fits { Ok(()) } else { Err(Error::Constant { tensor: tensor.index, expected }) }
    }

    /// Checks the operator's parameters.
    pub(super) fn check_options(&self, expected: Options) -> Result<(), Error> {
        if self.operator.options == expected { Ok(()) } else { Err(self.wrong_options()) }
    }

    /// Returns the error for unexpected parameters.
    pub(super) fn wrong_options(&self) -> Error {
        Error::Options { operator: self.operator.index }
    }

    /// Checks type and shape of the output and returns its index.
    pub(super) fn check_output(
        &self,
        kind: TensorType,
        shape: &[usize],
        expected: &'static str,
    ) -> Result<usize, Error> {
        check(&self.output, kind, shape, expected)?;
        Ok(self.output.index)
    }
}

/// Checks type and shape of a tensor.
pub(super) fn check(tensor: &Tensor, kind: TensorType, shape: &[usize], expected: &'static str) -> Result<(), Error> {
    let fits = tensor.kind == kind && *tensor.shape == *shape;
    if fits { Ok(()) } else { Err(Error::Tensor { tensor: tensor.index, expected }) }
}

/// Checks that every operator reads only constants, the input and tensors already written, and that no tensor is written
/// twice. The file's order is then an order of execution, and no tensor changes after it has been written.
pub(super) fn check_order(graph: &Graph<'_>) -> Result<(), Error> {
    let mut written = [0u64; SET_WORDS];
    let bit = |tensor: usize| (tensor / 64, 1u64 << (tensor % 64));
    let mut set = |tensor: usize| {
        let (word, mask) = bit(tensor);
        // `monitor_tflite` rejects graphs with more tensors than the set has bits.
        let Some(word) = written.get_mut(word) else { return false };
        let fresh = *word & mask == 0;
        *word |= mask;
        fresh
    };
    for tensor in graph.tensors().filter(|tensor| tensor.data.is_some()) {
        set(tensor.index);
    }
    for input in graph.inputs().iter().flatten() {
        set(input);
    }
    for operator in graph.operators() {
        for tensor in operator.inputs.iter().flatten() {
            if set(tensor) {
                return Err(Error::Order { operator: operator.index, tensor });
            }
        }
        for tensor in operator.outputs.iter().flatten() {
            if !set(tensor) {
                return Err(Error::Order { operator: operator.index, tensor });
            }
        }
    }
    Ok(())
}
