//! Blocks of runs on demand, so that another program can alternate them with its own runs.

use std::io::{BufRead, Write};
use std::time::Instant;

use anyhow::Context;
use monitor_core::log_mel::{HOP, RATE_HZ};
use monitor_core::pipeline::Pipeline;
use monitor_core::window::DEFAULT_HOP;
use monitor_model::owned::{Memory, OwnedModel};
use monitor_nn::Isa;

use super::measure::{self, FAST_HOP};

/// Runs of a block.
const RUNS: usize = 10;
/// Seconds of sound, after which it repeats.
const SECONDS: u32 = 60;
/// Bytes read between two cold runs: more than the caches of a core hold.
const EVICT: usize = 64 << 20;

/// For each line of stdin: `body` times ten runs from patch to scores, `cold` ten with other data read between, `stream`
/// ten windows from samples to probabilities at the default hop, `stream-0.1` at a hop of 0.1 s; prints the milliseconds of each
/// in one line.
pub(super) fn serve(bytes: &[u8], isa: Isa) -> anyhow::Result<()> {
    let model = OwnedModel::from_bytes(bytes.to_vec(), isa)?;
    let classifier = model.contents().classifier.clone();
    let network = classifier.network().cloned().context("the model has no int8 network; give the base model")?;
    let patch = measure::patch();
    let mut arena = measure::arena(&network);
    let (mut embedding, mut scores) = (vec![0; network.pooled_len()], vec![0; network.scores_len()]);
    // Windows of sound that does not repeat within a run: a stream reuses what windows share.
    let sound = measure::sound(SECONDS);
    let (mut memory, mut fast_memory) = (Memory::new(&classifier, RATE_HZ)?, Memory::new(&classifier, RATE_HZ)?);
    let mut stream = Hops::new(memory.pipeline(classifier.clone(), RATE_HZ, DEFAULT_HOP)?, &sound);
    let mut fast = Hops::new(fast_memory.pipeline(classifier, RATE_HZ, FAST_HOP)?, &sound);
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
                "stream" => stream.push_one(),
                "stream-0.1" => fast.push_one(),
                other => anyhow::bail!("unknown block {other:?}; give body, cold, stream or stream-0.1"),
            }
            times.push(format!("{:.5}", start.elapsed().as_secs_f64() * 1e3));
        }
        let mut out = std::io::stdout().lock();
        writeln!(out, "{}", times.join(" "))?;
        out.flush()?;
    }
    Ok(())
}

/// A pipeline that receives sound hop by hop, each of which completes a window.
struct Hops<'a> {
    pipeline: Pipeline<'a>,
    hops: std::iter::Cycle<std::slice::ChunksExact<'a, f32>>,
}

impl<'a> Hops<'a> {
    fn new(mut pipeline: Pipeline<'a>, sound: &'a [f32]) -> Self {
        // The first window takes more than a hop.
        pipeline.push(&sound[..RATE_HZ as usize], |_| ());
        let hops = sound.chunks_exact(HOP * pipeline.hop_columns() as usize).cycle();
        Self { pipeline, hops }
    }

    fn push_one(&mut self) {
        if let Some(hop) = self.hops.next() {
            self.pipeline.push(hop, |verdict| {
                std::hint::black_box(verdict.probabilities);
            });
        }
    }
}
