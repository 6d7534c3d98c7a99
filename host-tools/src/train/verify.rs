//! Verifies exported bytes against the trained head: reads and runs them with the device's code.

use anyhow::{Context, bail, ensure};
use monitor_core::graph::Output;
use monitor_core::head::{Dense, Head};
use monitor_model::owned::OwnedModel;
use monitor_nn::Isa;
use monitor_tflite::{Activation, BuiltinOp, Model, Options};
use ndarray::ArrayView2;

use super::head::TrainedHead;
use crate::data::feature_set::FeatureSet;
use crate::features::process;

/// Largest accepted difference of a probability: only the order of float sums differs. With weights divided by small
/// deviations the terms of a logit add up to hundreds, of which f32 keeps four digits after the point.
const TOLERANCE: f32 = 1e-3;

/// Runs one recording of each class through the exported `model` and compares with `head` on the features of training; for a
/// set read from tables, without recordings, compares the head of `model` alone.
///
/// # Errors
/// When the model cannot be read, or a probability differs.
pub(super) fn model(model: &[u8], set: &FeatureSet, head: &TrainedHead) -> anyhow::Result<()> {
    let loaded = OwnedModel::from_bytes(model.to_vec(), Isa::best())?;
    let contents = loaded.contents();
    if !set.from_audio {
        // Without recordings: it loads, and its head is the trained one.
        let Output::Head { head: found, .. } = &contents.parts.output else { bail!("it has no head") };
        let layers =
            found.layers.iter().map(|layer| Dense { weights: layer.weights, bias: layer.bias, relu: layer.relu });
        return same(&Head::new(layers)?, set.x.view(), head);
    }
    let expected = head.probabilities(set.x.view());
    for class in 0..set.dataset.classes.len() {
        let Some(first) = set.rows.iter().find(|row| row.label == class) else { continue };
        let mut rows = (0..set.rows.len()).filter(|row| set.rows[*row].recording == first.recording);
        let mut worst: f32 = 0.0;
        process(&set.dataset.recordings[first.recording], contents.classifier.clone(), set.hop_columns, |window| {
            worst = match rows.next() {
                Some(row) => worst.max(distance(window.verdict.probabilities, expected.row(row).iter())),
                None => f32::INFINITY,
            };
        })?;
        ensure!(rows.next().is_none(), "it has fewer windows than training");
        ensure!(worst <= TOLERANCE, "a probability differs by {worst}, at most {TOLERANCE}");
    }
    Ok(())
}

/// Compares the exported head file with `head` on raw features `x` [windows x features].
///
/// # Errors
/// When the head cannot be read, or a probability differs.
pub(super) fn head(exported: &[u8], x: ArrayView2<f32>, head: &TrainedHead) -> anyhow::Result<()> {
    let graph = Model::parse(exported)?.graph();
    let layers = graph.operators().filter(|operator| operator.code == BuiltinOp::FULLY_CONNECTED).map(|operator| {
        let constant = |place: usize| graph.tensor(operator.inputs.get(place)?).ok()?.f32s();
        let relu = matches!(operator.options, Options::FullyConnected { activation: Activation::Relu, .. });
        Some(Dense { weights: constant(1)?, bias: constant(2)?, relu })
    });
    let layers: Vec<Dense> = layers.collect::<Option<_>>().context("a layer has no weights")?;
    same(&Head::new(layers)?, x, head)
}

/// Compares an exported head with the trained one on raw features `x` [windows x features].
fn same(exported: &Head<'_>, x: ArrayView2<f32>, head: &TrainedHead) -> anyhow::Result<()> {
    ensure!(exported.features() == x.ncols(), "it takes {} features instead of {}", exported.features(), x.ncols());
    let mut out = vec![0.0; exported.classes()];
    let mut worst: f32 = 0.0;
    for (features, expected) in x.rows().into_iter().zip(head.probabilities(x).rows()) {
        exported.run(&features.to_vec(), &mut out);
        worst = worst.max(distance(&out, expected.iter()));
    }
    ensure!(worst <= TOLERANCE, "a probability differs by {worst}, at most {TOLERANCE}");
    Ok(())
}

/// Largest difference; infinite if the lengths differ or a value is not a number.
fn distance<'a>(found: &[f32], expected: impl ExactSizeIterator<Item = &'a f32>) -> f32 {
    if found.len() != expected.len() {
        return f32::INFINITY;
    }
    let differences = found.iter().zip(expected).map(|(found, expected)| (found - expected).abs());
    differences.fold(0.0, |worst, difference| if difference.is_nan() { f32::INFINITY } else { worst.max(difference) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::head::HeadKind;
    use monitor_core::features::FeatureKind;
    use monitor_core::model_card::ModelCard;
    use monitor_export as export;
    use ndarray::Array2;

    fn trained(bias: f32) -> TrainedHead {
        let weights = Array2::from_shape_fn((2, 128), |(out, i)| ((out * 7 + i * 13) % 11) as f32 / 11.0 - 0.5);
        TrainedHead {
            kind: HeadKind::Linear,
            layers: vec![export::Dense { weights, bias: vec![0.0, bias], relu: false }],
        }
    }

    fn exported(head: &TrainedHead) -> Vec<u8> {
        let card = ModelCard::untrained(FeatureKind::LogMel);
        export::head(FeatureKind::LogMel, &head.layers, &["a".into(), "b".into()], &card).unwrap()
    }

    #[test]
    fn an_exported_head_agrees_with_the_trained_one_and_with_no_other() {
        let x = Array2::from_shape_fn((5, 128), |(row, i)| ((row * 31 + i * 17) % 19) as f32 / 19.0 - 0.5);
        let file = exported(&trained(0.1));
        head(&file, x.view(), &trained(0.1)).unwrap();
        let error = head(&file, x.view(), &trained(0.2)).unwrap_err().to_string();
        assert!(error.contains("differs"), "{error}");
    }

    #[test]
    fn a_value_that_is_not_a_number_is_a_difference() {
        assert_eq!(distance(&[f32::NAN], [0.0].iter()), f32::INFINITY);
        assert_eq!(distance(&[0.0, 0.5], [0.0].iter()), f32::INFINITY);
    }
}
