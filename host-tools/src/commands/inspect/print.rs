//! The view as tables for the terminal.

use crate::console::{Columns, Side, Ui};

use super::view::{OperatorView, TensorView, View};

/// Labels shown without `--all`.
const FEW_LABELS: usize = 12;

/// Prints `view`; with `all`, including every label and every tensor.
pub(super) fn print(ui: &Ui, view: &View, all: bool) {
    model(ui, view);
    labels(ui, view, all);
    operators(ui, view);
    if all {
        tensors(ui, view);
    }
    metadata(ui, view);
    card(ui, view);
    problems(ui, view);
}

fn problems(ui: &Ui, view: &View) {
    if !view.problems.is_empty() {
        ui.print("\nProblems");
        view.problems.iter().for_each(|problem| ui.print(format!("  {problem}")));
    }
}

/// A heading and lines of name and value; empty values are left out.
fn section(ui: &Ui, heading: &str, lines: Vec<(&str, String)>) {
    ui.print(format!("\n{heading}"));
    let mut table = Columns::plain(&[Side::Left, Side::Left]);
    for (name, value) in lines.into_iter().filter(|(_, value)| !value.is_empty()) {
        table.row([name, &value]);
    }
    table.lines(2).for_each(|line| ui.print(line));
}

fn model(ui: &Ui, view: &View) {
    ui.print(format!("{}: {} bytes", view.file, grouped(view.bytes)));
    let ends = |indices: &[usize]| {
        let tensors = indices.iter().filter_map(|&i| view.tensors.get(i));
        tensors.map(|tensor| format!("{} {} {}", tensor.name, tensor.kind, shape(&tensor.shape))).collect::<Vec<_>>()
    };
    let constants: Vec<usize> = view.tensors.iter().filter_map(|tensor| tensor.constant_bytes).collect();
    section(
        ui,
        "Model",
        vec![
            ("sha256", view.sha256.clone()),
            ("description", view.description.clone()),
            ("recognised", view.recognised.clone().unwrap_or_default()),
            ("input", ends(&view.inputs).join("; ")),
            ("output", ends(&view.outputs).join("; ")),
            ("operators", view.operators.len().to_string()),
            ("constants", format!("{} of {} bytes", constants.len(), grouped(constants.iter().sum()))),
            ("graphs", if view.graphs == 1 { String::new() } else { format!("{}; the first is shown", view.graphs) }),
        ],
    );
}

fn labels(ui: &Ui, view: &View, all: bool) {
    let Some(labels) = &view.labels else { return };
    let shown = if all { labels.len() } else { FEW_LABELS };
    let mut table = Columns::plain(&[Side::Right, Side::Left]);
    labels.iter().take(shown).enumerate().for_each(|(i, label)| table.row([&i.to_string(), label]));
    ui.print(format!("\nLabels ({})", labels.len()));
    table.lines(2).for_each(|line| ui.print(line));
    if labels.len() > shown {
        ui.print(format!("  ... {} more; --all shows them", labels.len() - shown));
    }
}

fn operators(ui: &Ui, view: &View) {
    ui.print("\nOperators");
    let (left, right) = (Side::Left, Side::Right);
    let mut table = Columns::new(&[
        ("#", right),
        ("operator", left),
        ("input", left),
        ("output", left),
        ("type", left),
        ("scale", right),
        ("zero", right),
        ("constant", left),
        ("parameters", left),
    ]);
    for operator in &view.operators {
        let (input, weights) = operands(view, operator);
        let output = operator.outputs.first().and_then(|&i| view.tensors.get(i));
        let (scale, zero) = output.map(quantisation).unwrap_or_default();
        table.row([
            operator.index.to_string(),
            operator.operator.clone(),
            input.map(|tensor| shape(&tensor.shape)).unwrap_or_default(),
            output.map(|tensor| shape(&tensor.shape)).unwrap_or_default(),
            output.map(|tensor| tensor.kind.clone()).unwrap_or_default(),
            scale,
            zero,
            weights.map(|tensor| format!("{} {}", tensor.kind, shape(&tensor.shape))).unwrap_or_default(),
            operator.parameters.clone(),
        ]);
    }
    table.lines(2).for_each(|line| ui.print(line));
}

/// The first computed and the first constant input of an operator.
fn operands<'v>(view: &'v View, operator: &OperatorView) -> (Option<&'v TensorView>, Option<&'v TensorView>) {
    let inputs: Vec<&TensorView> = operator.inputs.iter().flatten().filter_map(|&i| view.tensors.get(i)).collect();
    let first = |constant: bool| inputs.iter().find(|tensor| tensor.constant_bytes.is_some() == constant).copied();
    (first(false), first(true))
}

fn tensors(ui: &Ui, view: &View) {
    ui.print("\nTensors");
    let (left, right) = (Side::Left, Side::Right);
    let mut table = Columns::new(&[
        ("#", right),
        ("type", left),
        ("shape", left),
        ("constant bytes", right),
        ("scale", right),
        ("zero", right),
        ("name", left),
    ]);
    for tensor in &view.tensors {
        let (scale, zero) = quantisation(tensor);
        table.row([
            tensor.index.to_string(),
            tensor.kind.clone(),
            shape(&tensor.shape),
            tensor.constant_bytes.map(grouped).unwrap_or_default(),
            scale,
            zero,
            tensor.name.clone(),
        ]);
    }
    table.lines(2).for_each(|line| ui.print(line));
}

fn metadata(ui: &Ui, view: &View) {
    let mut lines = Vec::new();
    if let Some(held) = &view.tflite_metadata {
        lines.extend([
            ("name", held.name.clone()),
            ("description", held.description.clone()),
            ("version", held.version.clone()),
            ("author", held.author.clone()),
            ("licence", held.license.clone()),
            ("min parser", held.min_parser_version.clone()),
        ]);
        for (name, info) in [("input", &held.input), ("output", &held.output)] {
            let Some(info) = info else { continue };
            let rate = info.sample_rate_hz.zip(info.channels);
            let rate = rate.map(|(rate, channels)| format!(", {rate} Hz, {channels} channel(s)"));
            let file = info.label_file.as_ref().map(|file| format!(", labels in {file}"));
            lines.push((name, format!("{}{}{}", info.name, rate.unwrap_or_default(), file.unwrap_or_default())));
        }
    }
    let entries = view.metadata.iter().map(|(name, bytes)| format!("{name} ({bytes} bytes)"));
    lines.push(("entries", entries.collect::<Vec<_>>().join(", ")));
    section(ui, "Metadata", lines);
}

fn card(ui: &Ui, view: &View) {
    let Some(card) = &view.card else { return };
    let optimistic = if card.within_recording { " (within recording, optimistic)" } else { "" };
    let score = card.macro_f1.map(|f1| format!("macro-F1 {f1:.3} over {} folds{optimistic}", card.folds));
    let fitted = match card.score_groups {
        0 => String::new(),
        groups => {
            let were = if card.score_hashes == 1 { "was" } else { "were" };
            format!("fitted to {groups} groups; {} of their files {were} held out from the head", card.score_hashes)
        }
    };
    let labels = view.labels.iter().flatten();
    let own: Vec<String> =
        labels.zip(&card.class_confidence).map(|(label, confidence)| format!("{label} {confidence}")).collect();
    section(
        ui,
        "Model card",
        vec![
            ("schema", card.schema.to_string()),
            ("features", card.features.clone()),
            ("base model", card.base_sha256.clone().unwrap_or_default()),
            (
                "trained on",
                format!(
                    "{} recordings in {} groups, {} windows every {} s, seed {}",
                    card.recordings, card.groups, card.windows, card.hop_s, card.seed
                ),
            ),
            ("anomaly score", fitted),
            ("validated", score.unwrap_or_default()),
            (
                "decision",
                format!(
                    "smoothing {} s, confidence {}, hysteresis {}, dwell {} s",
                    card.smoothing_s, card.confidence, card.hysteresis, card.dwell_s
                ),
            ),
            ("confidence", own.join(", ")),
        ],
    );
}

/// Scale and zero point; of a tensor with one per channel, the number of channels.
fn quantisation(tensor: &TensorView) -> (String, String) {
    match tensor.scales.as_slice() {
        [] => Default::default(),
        [scale] => (format!("{scale:.8}"), tensor.zero_points.first().copied().unwrap_or(0).to_string()),
        scales => (format!("{} channels", scales.len()), String::new()),
    }
}

/// `[1 x 96 x 64]`.
fn shape(dims: &[usize]) -> String {
    format!("[{}]", dims.iter().map(usize::to_string).collect::<Vec<_>>().join(" x "))
}

/// `4,126,810`.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().filter_map(|group| str::from_utf8(group).ok()).collect();
    groups.join(",")
}
