//! The TFLite C++ interpreter on one cut network.

use anyhow::{Context, anyhow, ensure};
use monitor_core::window::Patch;
use tflite::ops::builtin::BuiltinOpResolver;
use tflite::{FlatBufferModel, Interpreter, InterpreterBuilder};

/// A network in the interpreter: log-mel patch in, dequantised result out.
pub(crate) struct Reference {
    interpreter: Interpreter<'static, BuiltinOpResolver>,
    input: i32,
    output: i32,
}

impl Reference {
    /// Loads `model`, a file as [`monitor_export::cut::network`] writes it.
    pub(crate) fn new(model: Vec<u8>) -> anyhow::Result<Self> {
        let model = FlatBufferModel::build_from_buffer(model).map_err(|error| anyhow!("{error}"))?;
        let builder =
            InterpreterBuilder::new(model, BuiltinOpResolver::default()).map_err(|error| anyhow!("{error}"))?;
        let interpreter =
            builder.build().map_err(|error| anyhow!("{error}")).context("the reference rejects the network")?;
        let (input, output) = (interpreter.inputs().first().copied(), interpreter.outputs().first().copied());
        Ok(Self {
            interpreter,
            input: input.context("the network has no input")?,
            output: output.context("the network has no output")?,
        })
    }

    /// Runs it, and turns the floats of `scale * (q + 128)` back into the int8 values q.
    pub(crate) fn run(&mut self, patch: &Patch, scale: f32) -> anyhow::Result<Vec<i8>> {
        let input = self.interpreter.tensor_data_mut::<f32>(self.input).map_err(|error| anyhow!("{error}"))?;
        ensure!(input.len() == patch.as_flattened().len(), "the network takes {} values, not a patch", input.len());
        input.copy_from_slice(patch.as_flattened());
        self.interpreter.invoke().map_err(|error| anyhow!("{error}"))?;
        let output = self.interpreter.tensor_data::<f32>(self.output).map_err(|error| anyhow!("{error}"))?;
        // A float division of q + 128 <= 255 steps is off by far less than half a step.
        Ok(output.iter().map(|&value| ((value / scale).round() - 128.0) as i8).collect())
    }
}
