//! Times the `tflite` crate on demand: `peer-tflite MODEL`, then for each line of stdin, a number of runs, the milliseconds of
//! each in one line. The model takes floats, as `compare.py` has cut it: log-mel patch to scores.

#[path = "../../serve.rs"]
mod serve;

use std::error::Error;
use std::time::Instant;

use tflite::ops::builtin::BuiltinOpResolver;
use tflite::{FlatBufferModel, InterpreterBuilder};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: peer-tflite MODEL")?;
    let model = FlatBufferModel::build_from_file(path)?;
    let mut interpreter = InterpreterBuilder::new(model, BuiltinOpResolver::default())?.build()?;
    interpreter.set_num_threads(1);
    interpreter.allocate_tensors()?;
    let input = *interpreter.inputs().first().ok_or("the model has no input")?;
    for (at, value) in interpreter.tensor_data_mut::<f32>(input)?.iter_mut().enumerate() {
        *value = -6.0 + (7 * at % 256) as f32 / 42.0;
    }
    serve::serve(|| {
        let start = Instant::now();
        interpreter.invoke()?;
        Ok(start.elapsed())
    })
}
