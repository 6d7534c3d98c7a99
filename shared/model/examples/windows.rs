//! Runs the int8 network a number of times: `windows MODEL ISA COUNT` the whole body on one patch, `windows MODEL ISA COUNT HOP` the
//! network of the default features, up to the tap, on windows HOP columns apart (96 or more: nothing is reused). `make
//! count-instructions` runs it under an emulator with two counts and divides the difference in instructions.

use std::error::Error;

use monitor_core::features::FeatureKind;
use monitor_core::window::{COLUMNS, Patch};
use monitor_model::owned::OwnedModel;
use monitor_nn::{Block, Isa, Network, Stream};

/// Most windows of a run with a hop.
const MOST_WINDOWS: usize = 100;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, isa, count, hop @ ..] = arguments.as_slice() else {
        return Err("usage: windows MODEL ISA COUNT [HOP]".into());
    };
    let isa = Isa::ALL.into_iter().find(|known| known.name() == isa).ok_or("no such instruction set")?;
    let model = OwnedModel::from_bytes(std::fs::read(path)?, isa)?;
    match hop {
        [] => body(model.contents().classifier.network().ok_or("the model has no int8 network")?, count.parse()?),
        [hop, ..] => {
            let classifier = model.features(FeatureKind::Tap)?;
            tap(classifier.network().ok_or("the model has no int8 network")?, count.parse()?, hop.parse()?)
        }
    }
}

/// A column of the patch, different from all columns near it.
fn column(j: usize) -> [f32; 64] {
    std::array::from_fn(|band| ((7 * j + 13 * band + j * j % 31) % 64) as f32 / 8.0 - 6.0)
}

fn body(network: &Network<'_>, count: usize) -> Result<(), Box<dyn Error>> {
    let mut arena = vec![Block::ZERO; network.arena_len()];
    let patch: Patch = std::array::from_fn(column);
    let (mut embedding, mut scores) = (vec![0; network.pooled_len()], vec![0; network.scores_len()]);
    for _ in 0..count {
        network.run(&patch, &mut arena, &mut embedding, &mut scores)?;
    }
    Ok(())
}

fn tap(network: &Network<'_>, count: usize, hop: usize) -> Result<(), Box<dyn Error>> {
    let mut arena = vec![Block::ZERO; Stream::arena_len(network)];
    let mut stream = Stream::new(network.clone(), &mut arena)?;
    let mut features = vec![0.0; network.pooled_len()];
    // As many for every count, so that their making is not counted.
    let columns: Vec<_> = (0..COLUMNS * MOST_WINDOWS).map(column).collect();
    for window in 0..count.min(MOST_WINDOWS) {
        let start = window * hop.min(COLUMNS);
        let patch: &Patch = columns[start..start + COLUMNS].try_into()?;
        stream.features(patch, &mut features, &mut []);
    }
    Ok(())
}
