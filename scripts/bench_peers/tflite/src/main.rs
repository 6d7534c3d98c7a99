//! Times the `tflite` crate on demand: `peer-tflite MODEL`, then for each line of stdin, a number of runs, the milliseconds of
//! each in one line. The model takes floats, as `compare.py` has cut it: log-mel patch to scores.

use std::error::Error;
use std::io::{BufRead, Write};
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
    for line in std::io::stdin().lock().lines() {
        let mut times = Vec::new();
        for _ in 0..line?.trim().parse::<usize>()? {
            let start = Instant::now();
            interpreter.invoke()?;
            times.push(format!("{:.5}", start.elapsed().as_secs_f64() * 1e3));
        }
        writeln!(std::io::stdout(), "{}", times.join(" "))?;
    }
    Ok(())
}
