//! Times tract on demand: `peer-tract MODEL`, then for each line of stdin, a number of runs, the milliseconds of each in one
//! line. The model is one that `compare.py` has cut for tract: int8 patch to int8 embedding.

use std::error::Error;
use std::io::{BufRead, Write};
use std::time::Instant;

use tract_tflite::prelude::*;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: peer-tract MODEL")?;
    let model = tract_tflite::tflite().model_for_path(path)?.into_optimized()?.into_runnable()?;
    let fact = model.model().input_fact(0)?;
    let shape = fact.shape.as_concrete().ok_or("the input has no fixed shape")?.to_vec();
    let mut input = Tensor::zero_dt(fact.datum_type, &shape)?;
    input.as_bytes_mut().iter_mut().enumerate().for_each(|(at, byte)| *byte = (7 * at % 256) as u8);
    for line in std::io::stdin().lock().lines() {
        let mut times = Vec::new();
        for _ in 0..line?.trim().parse::<usize>()? {
            let given = input.clone();
            let start = Instant::now();
            std::hint::black_box(model.run(tvec!(given.into()))?);
            times.push(format!("{:.5}", start.elapsed().as_secs_f64() * 1e3));
        }
        writeln!(std::io::stdout(), "{}", times.join(" "))?;
    }
    Ok(())
}
