//! Runs the int8 body a number of times: `windows MODEL ISA COUNT`. `make count-instructions` runs it under an emulator with two
//! counts and divides the difference in instructions.

use std::error::Error;

use monitor_core::window::Patch;
use monitor_model::owned::OwnedModel;
use monitor_nn::{Block, Isa};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, isa, count] = arguments.as_slice() else { return Err("usage: windows MODEL ISA COUNT".into()) };
    let isa = Isa::ALL.into_iter().find(|known| known.name() == isa).ok_or("no such instruction set")?;
    let model = OwnedModel::from_bytes(std::fs::read(path)?, isa)?;
    let classifier = model.contents().classifier.clone();
    let network = classifier.network().ok_or("the model has no int8 network")?;
    let mut arena = vec![Block::ZERO; network.arena_len()];
    let patch: Patch =
        std::array::from_fn(|j| std::array::from_fn(|band| ((7 * j + 13 * band) % 64) as f32 / 8.0 - 6.0));
    let (mut embedding, mut scores) = (vec![0; network.pooled_len()], vec![0; network.scores_len()]);
    for _ in 0..count.parse()? {
        network.run(&patch, &mut arena, &mut embedding, &mut scores)?;
    }
    Ok(())
}
