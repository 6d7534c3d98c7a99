//! Windows as points: `embeddings_pca_check.png` and `embeddings_tsne_check.png`.

use ndarray::ArrayView2;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_xoshiro::Xoshiro256PlusPlus;

use super::Picture;
use super::axes::{Axis, Frame};
use super::canvas::Canvas;
use super::legend::{Key, header, header_height};
use super::theme::{MARGIN, colour, mark};
use super::ticks::{range, ticks};

/// Data of a scatter plot.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scatter<'a> {
    /// Title.
    pub title: &'a str,
    /// Subtitle; may be empty.
    pub subtitle: &'a str,
    /// Labels of the horizontal and the vertical axis.
    pub axes: [&'a str; 2],
    /// Whether distances along the axes are meaningful, so that they have numbers (PCA yes, t-SNE no).
    pub numbers: bool,
    /// One row per window: x and y.
    pub points: ArrayView2<'a, f64>,
    /// The class of each window, an index into `classes`.
    pub labels: &'a [usize],
    /// Names of the classes.
    pub classes: &'a [String],
}

const WIDTH: f64 = 1200.0;
const HEIGHT: f64 = 760.0;

/// Draws each window as the mark of its class; the legend gives the number of windows.
///
/// # Errors
/// When points, labels and classes do not match.
pub(crate) fn draw(scatter: &Scatter<'_>) -> anyhow::Result<Picture> {
    let Scatter { points, labels, classes, .. } = *scatter;
    anyhow::ensure!(points.ncols() == 2, "a scatter plot needs 2 columns of points, not {}", points.ncols());
    anyhow::ensure!(
        points.nrows() == labels.len(),
        "a scatter plot of {} points needs as many labels, not {}",
        points.nrows(),
        labels.len()
    );
    let mut windows = vec![0usize; classes.len()];
    for &label in labels {
        match windows.get_mut(label) {
            Some(count) => *count += 1,
            None => anyhow::bail!("a window is of class {label}, but there are {} classes", classes.len()),
        }
    }
    let entry = |(class, name): (usize, &String)| {
        (Key::Mark(mark(class), colour(class)), format!("{name} ({})", windows[class]))
    };
    let legend: Vec<_> = classes.iter().enumerate().map(entry).collect();
    let top = header_height(WIDTH, scatter.title, scatter.subtitle, &legend)?;
    let axis = |column: usize| {
        let (low, high) = range(points.column(column).iter().copied());
        let ticks = if scatter.numbers { ticks(low, high, 8) } else { Vec::new() };
        Axis { low, high, ticks, label: scatter.axes[column].to_string() }
    };
    let (x, y) = (axis(0), axis(1));
    let below = Frame::bottom_room(&x);
    let mut canvas = Canvas::new(WIDTH, top + HEIGHT + below + MARGIN)?;
    header(&mut canvas, WIDTH, scatter.title, scatter.subtitle, &legend);
    let room = Frame::left_room(&canvas, &y);
    let left = MARGIN + room;
    let frame = Frame { left, top, width: WIDTH - MARGIN - left, height: HEIGHT, x, y };
    frame.draw(&mut canvas);

    // In a fixed random order, so that no class covers the others by being drawn last.
    let mut order: Vec<usize> = (0..labels.len()).collect();
    order.shuffle(&mut Xoshiro256PlusPlus::seed_from_u64(0));
    let (radius, opacity) = if labels.len() > 3000 { (2.6, 0.55) } else { (4.0, 0.75) };
    for window in order {
        let place = frame.place(points[[window, 0]], points[[window, 1]]);
        canvas.mark(mark(labels[window]), place, radius, colour(labels[window]), opacity);
    }
    Ok(canvas.finish())
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;
    use rand::Rng;

    use super::*;

    fn cloud(classes: usize, each: usize) -> (Array2<f64>, Vec<usize>, Vec<String>) {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(1);
        let labels: Vec<usize> = (0..classes * each).map(|i| i / each).collect();
        let points = Array2::from_shape_fn((classes * each, 2), |(i, axis)| {
            let turn = labels[i] as f64 * 2.4 + axis as f64 * 1.57;
            let noise: f64 = (0..6).map(|_| random.gen_range(-0.5..0.5)).sum();
            turn.sin() * 3.0 + noise
        });
        let names = (0..classes).map(|i| format!("class_with_long_name_{i}")).collect();
        (points, labels, names)
    }

    fn picture(classes: usize, each: usize) -> Picture {
        let (points, labels, names) = cloud(classes, each);
        draw(&Scatter {
            title: "PCA of the features",
            subtitle: "hybrid features (1152), standardised; silhouette 0.37: the classes overlap in part",
            axes: ["PC 1 (34.2 % of the variance)", "PC 2 (12.8 % of the variance)"],
            numbers: true,
            points: points.view(),
            labels: &labels,
            classes: &names,
        })
        .unwrap()
    }

    #[test]
    fn the_same_points_are_the_same_file() {
        assert_eq!(picture(3, 20).png().unwrap(), picture(3, 20).png().unwrap());
    }

    #[test]
    fn labels_must_match_points_and_classes() {
        let (points, labels, names) = cloud(2, 5);
        let draw_with = |labels: &[usize], classes: &[String]| {
            draw(&Scatter {
                title: "",
                subtitle: "",
                axes: ["", ""],
                numbers: false,
                points: points.view(),
                labels,
                classes,
            })
        };
        assert!(draw_with(&labels, &names).is_ok());
        assert!(draw_with(&labels[1..], &names).is_err());
        assert!(draw_with(&labels, &names[1..]).is_err());
    }
}
