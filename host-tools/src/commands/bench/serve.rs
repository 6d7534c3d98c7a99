//! Blocks of runs on demand, so that another program can alternate them with its own runs.

use std::io::{BufRead, Write};
use std::time::Instant;

use anyhow::Context;
use monitor_core::log_mel::{HOP, RATE_HZ};
use monitor_core::window::DEFAULT_HOP;
use monitor_model::owned::{Memory, OwnedModel};
use monitor_nn::Isa;

use super::measure;

/// Runs of a block.
const RUNS: usize = 10;
/// Bytes read between two cold runs: more than the caches of a core hold.
const EVICT: usize = 64 << 20;

/// For each line of stdin: `body` times ten runs from patch to scores, `cold` ten with other data read between, `stream`
/// ten windows from samples to probabilities; prints the milliseconds of each in one line.
pub(super) fn serve(bytes: &[u8], isa: Isa) -> anyhow::Result<()> {
    let model = OwnedModel::from_bytes(bytes.to_vec(), isa)?;
    let classifier = model.contents().classifier.clone();
    let network = classifier.network().cloned().context("the model has no int8 network; give the base model")?;
    let patch = measure::patch();
    let mut arena = measure::arena(&network);
    let (mut embedding, mut scores) = (vec![0; network.pooled_len()], vec![0; network.scores_len()]);
    let mut memory = Memory::new(&classifier, RATE_HZ)?;
    let mut pipeline = memory.pipeline(classifier, RATE_HZ, DEFAULT_HOP)?;
    let second = measure::sound(1);
    pipeline.push(&second, |_| ());
    let hop = &second[..HOP * DEFAULT_HOP as usize];
    let mut evict = Vec::new();
    for line in std::io::stdin().lock().lines() {
        let mut times = Vec::new();
        let line = line?;
        for _ in 0..RUNS {
            if line == "cold" {
                evict.resize(EVICT, 1_u8);
                evict.iter_mut().step_by(64).for_each(|byte| *byte = byte.wrapping_add(1));
            }
            let start = Instant::now();
            match line.as_str() {
                "body" | "cold" => network.run(&patch, &mut arena, &mut embedding, &mut scores)?,
                "stream" => pipeline.push(hop, |verdict| {
                    std::hint::black_box(verdict.probabilities);
                }),
                other => anyhow::bail!("unknown block {other:?}; give body, cold or stream"),
            }
            times.push(format!("{:.5}", start.elapsed().as_secs_f64() * 1e3));
        }
        let mut out = std::io::stdout().lock();
        writeln!(out, "{}", times.join(" "))?;
        out.flush()?;
    }
    Ok(())
}
