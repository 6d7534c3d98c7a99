//! Times tract on demand: `peer-tract MODEL`, then for each line of stdin, a number of runs, the milliseconds of each in one
//! line. The model is one that `compare.py` has cut for tract: int8 patch to int8 embedding.

#[path = "../../serve.rs"]
mod serve;

use std::error::Error;
use std::time::Instant;

use tract_tflite::prelude::*;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: peer-tract MODEL")?;
    let model = tract_tflite::tflite().model_for_path(path)?.into_optimized()?.into_runnable()?;
    let fact = model.model().input_fact(0)?;
    let shape = fact.shape.as_concrete().ok_or("the input has no fixed shape")?.to_vec();
    let mut input = Tensor::zero_dt(fact.datum_type, &shape)?;
    input.as_bytes_mut().iter_mut().enumerate().for_each(|(at, byte)| *byte = (7 * at % 256) as u8);
    serve::serve(|| {
        let given = input.clone();
        let start = Instant::now();
        std::hint::black_box(model.run(tvec!(given.into()))?);
        Ok(start.elapsed())
    })
}
