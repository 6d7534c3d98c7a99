//! Minimises a smooth convex function: L-BFGS with backtracking.
//!
//! Source: Nocedal and Wright, "Numerical Optimization", 2006, algorithm 7.4 (two loops over the last steps) and algorithm 3.1
//! (backtracking until the decrease is sufficient). The function is strictly convex apart from a direction of constant value, so
//! that steps have positive curvature; one that has not, by rounding, is not remembered.

use std::collections::VecDeque;

/// Steps from which the curvature is estimated. With 10 a fit to weakly regularised features of 1500 windows takes a third more
/// evaluations; the work for 20 is a twentieth of theirs.
const MEMORY: usize = 20;
/// Most steps.
const STEPS: usize = 300;
/// Most halvings of one step.
const HALVINGS: usize = 40;
/// Share of the predicted decrease that a step must reach.
const SUFFICIENT: f64 = 1e-4;

/// A step and the change of the gradient along it.
struct Step {
    moved: Vec<f64>,
    turned: Vec<f64>,
    /// 1 / (moved . turned).
    inverse: f64,
}

/// Moves `at` to the minimum of `function`, which returns the value at a point and writes the gradient there. Ends where the
/// gradient is no longer than `enough`, or where no step decreases the value. Returns the length of the gradient.
pub(super) fn minimise(at: &mut Vec<f64>, enough: f64, mut function: impl FnMut(&[f64], &mut [f64]) -> f64) -> f64 {
    let mut gradient = vec![0.0; at.len()];
    let mut value = function(at, &mut gradient);
    let mut steps: VecDeque<Step> = VecDeque::new();
    let (mut tried, mut turned) = (vec![0.0; at.len()], vec![0.0; at.len()]);
    for _ in 0..STEPS {
        if norm(&gradient) <= enough {
            break;
        }
        let direction = direction(&gradient, &steps);
        let slope = dot(&direction, &gradient);
        // Without a memory the gradient's own length sets the scale of the first step.
        let mut length = if steps.is_empty() { 1.0 / norm(&gradient).max(1.0) } else { 1.0 };
        let mut found = None;
        for _ in 0..HALVINGS {
            for ((tried, at), along) in tried.iter_mut().zip(&*at).zip(&direction) {
                *tried = at + length * along;
            }
            let new = function(&tried, &mut turned);
            if new <= value + SUFFICIENT * length * slope {
                found = Some(new);
                break;
            }
            length /= 2.0;
        }
        let Some(new) = found else { break };
        let moved: Vec<f64> = tried.iter().zip(&*at).map(|(to, from)| to - from).collect();
        let change: Vec<f64> = turned.iter().zip(&gradient).map(|(to, from)| to - from).collect();
        let curvature = dot(&moved, &change);
        if curvature > 1e-12 * dot(&change, &change).max(f64::MIN_POSITIVE) {
            if steps.len() == MEMORY {
                steps.pop_front();
            }
            steps.push_back(Step { moved, turned: change, inverse: 1.0 / curvature });
        }
        std::mem::swap(at, &mut tried);
        std::mem::swap(&mut gradient, &mut turned);
        value = new;
    }
    norm(&gradient)
}

/// The direction of the next step: minus the gradient times the estimated inverse curvature.
fn direction(gradient: &[f64], steps: &VecDeque<Step>) -> Vec<f64> {
    let mut direction: Vec<f64> = gradient.iter().map(|value| -value).collect();
    let mut along = Vec::with_capacity(steps.len());
    for step in steps.iter().rev() {
        let share = step.inverse * dot(&step.moved, &direction);
        add(&mut direction, -share, &step.turned);
        along.push(share);
    }
    if let Some(last) = steps.back() {
        let scale = 1.0 / (last.inverse * dot(&last.turned, &last.turned));
        direction.iter_mut().for_each(|value| *value *= scale);
    }
    for (step, share) in steps.iter().zip(along.into_iter().rev()) {
        let back = step.inverse * dot(&step.turned, &direction);
        add(&mut direction, share - back, &step.moved);
    }
    direction
}

/// Sum of products, in four lanes so that the processor works on several at a time.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut lanes = [0.0; 4];
    let (pairs, rest) = (a.chunks_exact(4).zip(b.chunks_exact(4)), a.len() / 4 * 4);
    for (a, b) in pairs {
        lanes.iter_mut().zip(a).zip(b).for_each(|((lane, a), b)| *lane += a * b);
    }
    let tail: f64 = a.iter().zip(b).skip(rest).map(|(a, b)| a * b).sum();
    (lanes[0] + lanes[2]) + (lanes[1] + lanes[3]) + tail
}

/// Adds `factor` times `b` to `a`.
fn add(a: &mut [f64], factor: f64, b: &[f64]) {
    a.iter_mut().zip(b).for_each(|(a, b)| *a += factor * b);
}

fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_minimum_of_a_stretched_bowl_is_found() {
        // Curvatures from 1 to 1000, with the minimum at 1, 2, 3, ...
        let curvature = |i: usize| 10f64.powf(i as f64 / 3.0);
        let mut at = vec![0.0; 10];
        let left = minimise(&mut at, 1e-8, |x, gradient| {
            let mut value = 0.0;
            for (i, (x, gradient)) in x.iter().zip(gradient).enumerate() {
                let off = x - (i + 1) as f64;
                (value, *gradient) = (value + curvature(i) * off * off / 2.0, curvature(i) * off);
            }
            value
        });
        assert!(left <= 1e-8, "{left}");
        assert!(at.iter().enumerate().all(|(i, x)| (x - (i + 1) as f64).abs() < 1e-6), "{at:?}");
    }

    #[test]
    fn a_function_that_never_decreases_ends_the_search_where_it_began() {
        let mut at = vec![1.0, 2.0];
        let mut calls = 0;
        minimise(&mut at, 0.0, |_, gradient| {
            gradient.fill(1.0);
            calls += 1;
            f64::from(calls)
        });
        assert_eq!(at, [1.0, 2.0]);
    }

    #[test]
    fn sums_of_products_include_the_rest_of_four() {
        let a: Vec<f64> = (0..7).map(f64::from).collect();
        assert_eq!(dot(&a, &a), 91.0);
    }
}
