//! Both heads on clouds and on a ring.

use ndarray::Array2;
use rand::Rng;

use super::*;
use crate::train::basics::seed;
use crate::train::validate::inner_folds;

/// `groups` groups of 20 windows, alternating between two classes that `place` puts somewhere in the first two features;
/// the third feature never changes.
fn data(groups: usize, place: fn(usize, f32) -> [f32; 2]) -> (Array2<f32>, Vec<usize>, Vec<usize>) {
    let mut rng = seed::rng(8, "data");
    let labels: Vec<usize> = (0..groups * 20).map(|row| row % 2).collect();
    let mut x = Array2::from_elem((groups * 20, 3), 5.0);
    for (mut row, label) in x.rows_mut().into_iter().zip(&labels) {
        let [a, b] = place(*label, rng.r#gen::<f32>());
        (row[0], row[1]) = (a + 0.2 * rng.r#gen::<f32>(), b + 0.2 * rng.r#gen::<f32>());
    }
    let groups = (0..groups * 20).map(|row| row / 20).collect();
    (x, labels, groups)
}

fn ring(label: usize, place: f32) -> [f32; 2] {
    let (angle, radius) = (place * std::f32::consts::TAU, 1.0 + 2.0 * label as f32);
    [radius * angle.cos(), radius * angle.sin()]
}

fn line(label: usize, place: f32) -> [f32; 2] {
    [label as f32 + place * 0.7, place]
}

fn fit_all(place: fn(usize, f32) -> [f32; 2], choice: HeadChoice, seed: u64) -> anyhow::Result<(Fitted, f64)> {
    let (x, labels, groups) = data(10, place);
    let samples = Samples::new(x.view(), &labels, &groups, 2, None);
    let rows: Vec<usize> = (0..labels.len()).collect();
    let fitted =
        fit(&samples, &rows, &inner_folds(&samples, &rows, seed), Effort::whole(choice), seed, &FitProgress::none())?;
    let p = fitted.head.probabilities(x.view());
    let right = p.rows().into_iter().zip(&labels).filter(|(row, label)| row[**label] > 0.5).count();
    Ok((fitted, right as f64 / labels.len() as f64))
}

#[test]
fn auto_chooses_the_perceptron_if_no_line_separates() {
    let (fitted, accuracy) = fit_all(ring, HeadChoice::Auto, 1).unwrap();
    assert_eq!(fitted.chosen.kind, HeadKind::Mlp);
    assert!(accuracy > 0.95, "{accuracy}");
    assert_eq!(fitted.candidates.len(), 2);
}

#[test]
fn a_requested_kind_of_head_is_trained() {
    let (fitted, accuracy) = fit_all(line, HeadChoice::Linear, 1).unwrap();
    assert_eq!((fitted.head.layers.len(), fitted.chosen.kind), (1, HeadKind::Linear));
    assert!(accuracy > 0.9, "{accuracy}");
    assert!(fitted.epochs.is_empty());
    // No strength makes fewer errors here.
    assert_eq!(fitted.chosen.alpha, Some(strength::usual(3)));
    let (fitted, _) = fit_all(line, HeadChoice::Mlp, 1).unwrap();
    assert_eq!((fitted.head.layers.len(), fitted.chosen.kind), (2, HeadKind::Mlp));
}

#[test]
fn the_epochs_of_the_refit_are_those_of_the_lowest_validation_loss() {
    let (fitted, _) = fit_all(ring, HeadChoice::Mlp, 1).unwrap();
    assert_eq!(fitted.epochs.len(), mlp::EPOCHS);
    let best = fitted.epochs.iter().map(|epoch| epoch.validation.loss).fold(f64::INFINITY, f64::min);
    let epoch = fitted.chosen.epochs.map_or(0, |epochs| epochs - 1);
    assert_eq!(fitted.epochs[epoch].validation.loss, best);
}

#[test]
fn the_same_seed_makes_the_same_head_bit_for_bit() {
    let run = |seed| fit_all(ring, HeadChoice::Auto, seed).unwrap().0.head;
    assert_eq!(run(4), run(4));
    assert_ne!(run(4), run(5));
}

#[test]
fn without_groups_to_validate_on_the_default_head_is_trained() {
    let (x, labels, groups) = data(1, line);
    let samples = Samples::new(x.view(), &labels, &groups, 2, None);
    let rows: Vec<usize> = (0..labels.len()).collect();
    let fitted = fit(&samples, &rows, &[], Effort::whole(HeadChoice::Auto), 1, &FitProgress::none()).unwrap();
    assert_eq!(fitted.chosen, Candidate::unvalidated(HeadKind::Linear, 3));
}

#[test]
fn one_class_is_refused() {
    let (x, labels, groups) = data(2, line);
    let samples = Samples::new(x.view(), &labels, &groups, 2, None);
    let rows: Vec<usize> = (0..labels.len()).step_by(2).collect();
    assert!(
        fit(&samples, &rows, &[], Effort::whole(HeadChoice::Auto), 1, &FitProgress::none())
            .unwrap_err()
            .to_string()
            .contains("two classes")
    );
}

#[test]
fn windows_that_are_all_equal_are_refused() {
    let x = Array2::from_elem((8, 2), 1.5);
    let labels = [0, 1, 0, 1, 0, 1, 0, 1];
    let samples = Samples::new(x.view(), &labels, &labels, 2, None);
    let error =
        fit(&samples, &[0, 1, 2, 3], &[], Effort::whole(HeadChoice::Auto), 1, &FitProgress::none()).unwrap_err();
    assert!(error.to_string().contains("silent"), "{error}");
}
