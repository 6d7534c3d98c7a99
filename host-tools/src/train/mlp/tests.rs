//! Gradients against finite differences; training learns and is reproducible.

use ndarray::{Array2, Axis};
use rand::Rng;

use super::*;

/// A small network and batch in f64, from seeded numbers.
fn small() -> (Network<f64>, Array2<f64>, Vec<usize>, Array2<f64>) {
    let mut rng = seed::rng(3, "test");
    let mut array = |rows, columns| Array2::from_shape_simple_fn((rows, columns), || rng.r#gen::<f64>() * 2.0 - 1.0);
    let network = Network {
        hidden: array(5, 6),
        hidden_bias: array(1, 6).row(0).to_owned(),
        output: array(6, 3),
        output_bias: array(1, 3).row(0).to_owned(),
    };
    let x = array(7, 5);
    let kept = array(7, 6).mapv(|value| if value < -0.6 { 0.0 } else { 1.25 });
    (network, x, vec![0, 1, 2, 2, 1, 0, 2], kept)
}

/// Every number of a network, layer by layer.
fn numbers(network: &mut Network<f64>) -> Vec<&mut f64> {
    let Network { hidden, hidden_bias, output, output_bias } = network;
    hidden.iter_mut().chain(hidden_bias).chain(output).chain(output_bias).collect()
}

/// Largest difference between the gradients and central differences of the loss.
fn gradient_error(kept: Option<&Array2<f64>>) -> f64 {
    let (mut network, x, labels, _) = small();
    let (_, mut gradients) = network.gradients(x.view(), &labels, kept);
    let step = 1e-5;
    let mut worst: f64 = 0.0;
    for (index, gradient) in numbers(&mut gradients).into_iter().enumerate() {
        let mut loss_at = |offset: f64| {
            *numbers(&mut network)[index] += offset;
            let loss = network.gradients(x.view(), &labels, kept).0.loss;
            *numbers(&mut network)[index] -= offset;
            loss
        };
        let difference = (loss_at(step) - loss_at(-step)) / (2.0 * step);
        worst = worst.max((difference - *gradient).abs());
    }
    worst
}

#[test]
fn gradients_equal_finite_differences() {
    let worst = gradient_error(None);
    assert!(worst < 1e-8, "{worst}");
}

#[test]
fn gradients_under_dropout_equal_finite_differences() {
    let (_, _, _, kept) = small();
    let worst = gradient_error(Some(&kept));
    assert!(worst < 1e-8, "{worst}");
}

#[test]
fn the_first_adam_step_moves_every_weight_by_the_learning_rate() {
    let mut network = Network::random(4, 3, 2, &mut seed::rng(1, "test"));
    let before = network.clone();
    let gradients = Network::random(4, 3, 2, &mut seed::rng(2, "test"));
    Adam::new(&network).step(&mut network, &gradients);
    for ((now, was), gradient) in network.hidden.iter().zip(&before.hidden).zip(&gradients.hidden) {
        assert!((was - now - 0.001 * gradient.signum()).abs() < 1e-5, "{was} {now} {gradient}");
    }
}

/// Two classes that no line separates: inside and outside a ring, in the first two of `columns` features.
fn ring(rows: usize, columns: usize, seed: u64) -> (Array2<f32>, Vec<usize>) {
    let mut rng = seed::rng(seed, "ring");
    let mut x = Array2::from_shape_simple_fn((rows, columns), || rng.r#gen::<f32>() * 2.0 - 1.0);
    let mut labels = Vec::new();
    for (index, mut row) in x.rows_mut().into_iter().enumerate() {
        let angle = row[0] * std::f32::consts::PI;
        let radius = if index % 2 == 0 { 0.4 } else { 1.6 } + 0.2 * row[1];
        (row[0], row[1]) = (radius * angle.cos(), radius * angle.sin());
        labels.push(index % 2);
    }
    (x, labels)
}

fn rows_of(x: &Array2<f32>) -> impl Fn(&[usize]) -> Array2<f32> {
    |rows| x.select(Axis(0), rows)
}

#[test]
fn the_perceptron_learns_what_no_linear_head_can() {
    let (x, labels) = ring(400, 4, 1);
    let (test_x, test_labels) = ring(200, 4, 2);
    let mut epochs = 0;
    let network = train(rows_of(&x), &labels, Plan { features: 4, classes: 2, epochs: 60, seed: 1 }, |_, _| {
        epochs += 1;
        ControlFlow::Continue(())
    });
    let logits = network.logits(test_x.view());
    let right = logits.rows().into_iter().zip(&test_labels).filter(|(row, label)| row[**label] > row[1 - **label]);
    assert!(right.count() > 190);
    assert_eq!(epochs, 60);
}

#[test]
fn the_same_seed_trains_the_same_bits_and_another_seed_does_not() {
    let (x, labels) = ring(90, 4, 1);
    let run = |seed| {
        let plan = Plan { features: 4, classes: 2, epochs: 3, seed };
        train(rows_of(&x), &labels, plan, |_, _| ControlFlow::Continue(()))
    };
    assert_eq!(run(5), run(5));
    assert_ne!(run(5), run(6));
}
