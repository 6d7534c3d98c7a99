//! A class of normal sound as several clusters: k-means (S. Lloyd, "Least squares quantization in PCM", 1982), started at points
//! that are farthest from each other (T. Gonzalez, "Clustering to minimize the maximum intercluster distance", 1985).
//!
//! The method is deterministic: the same windows give the same clusters.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};

/// Maximum number of iterations; later ones hardly move the clusters.
const ROUNDS: usize = 10;

/// For each of `points` [windows x components] its cluster, `0..count`; some may be empty. `count` is at least 1.
pub(crate) fn clusters(points: ArrayView2<'_, f64>, count: usize) -> Vec<usize> {
    let mut centres = spread(points, count);
    let mut of = nearest(points, &centres);
    for _ in 0..ROUNDS {
        for (cluster, mut centre) in centres.rows_mut().into_iter().enumerate() {
            if let Some(mean) = mean_of(points, &of, cluster) {
                centre.assign(&mean);
            }
        }
        let moved = nearest(points, &centres);
        if moved == of {
            break;
        }
        of = moved;
    }
    of
}

/// Mean of the rows of `x` in `cluster`; `None` without rows.
pub(crate) fn mean_of(x: ArrayView2<'_, f64>, of: &[usize], cluster: usize) -> Option<Array1<f64>> {
    let rows: Vec<usize> = (0..of.len()).filter(|row| of[*row] == cluster).collect();
    x.select(Axis(0), &rows).mean_axis(Axis(0))
}

/// The point nearest to the mean, then repeatedly the point farthest from all chosen ones.
fn spread(points: ArrayView2<'_, f64>, count: usize) -> Array2<f64> {
    let middle = points.mean_axis(Axis(0)).unwrap_or_else(|| Array1::zeros(points.ncols()));
    let from = |place: ArrayView1<'_, f64>| points.rows().into_iter().map(|row| apart(row, place)).collect::<Vec<_>>();
    let first = from(middle.view());
    let mut next = (0..first.len()).min_by(|a, b| first[*a].total_cmp(&first[*b]));
    let mut taken = Vec::new();
    let mut least = vec![f64::INFINITY; points.nrows()];
    while let Some(row) = next.filter(|_| taken.len() < count) {
        taken.push(row);
        least.iter_mut().zip(from(points.row(row))).for_each(|(least, new)| *least = least.min(new));
        next = (0..least.len()).max_by(|a, b| least[*a].total_cmp(&least[*b]));
    }
    points.select(Axis(0), &taken)
}

fn nearest(points: ArrayView2<'_, f64>, centres: &Array2<f64>) -> Vec<usize> {
    let of = |row: ArrayView1<'_, f64>| {
        let distances: Vec<f64> = centres.rows().into_iter().map(|centre| apart(row, centre)).collect();
        (0..distances.len()).min_by(|a, b| distances[*a].total_cmp(&distances[*b])).unwrap_or(0)
    };
    points.rows().into_iter().map(of).collect()
}

/// Squared distance.
fn apart(a: ArrayView1<'_, f64>, b: ArrayView1<'_, f64>) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

/// The different classes, ascending.
pub(super) fn names(classes: &[usize]) -> Vec<usize> {
    let mut names = classes.to_vec();
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `sizes.len()` clouds of the given sizes, 10 apart.
    fn clouds(sizes: &[usize]) -> (Array2<f64>, Vec<usize>) {
        let of: Vec<usize> = sizes.iter().enumerate().flat_map(|(cloud, size)| vec![cloud; *size]).collect();
        let noise = |row: usize, column: usize| ((row * 7919 + column * 104_729) % 101) as f64 / 101.0;
        let x = Array2::from_shape_fn((of.len(), 3), |(row, column)| {
            noise(row, column) + if column == of[row] % 3 { 10.0 * (of[row] / 3 + 1) as f64 } else { 0.0 }
        });
        (x, of)
    }

    #[test]
    fn clouds_become_clusters_whatever_their_size() {
        let (x, cloud) = clouds(&[40, 3, 20, 7]);
        let of = clusters(x.view(), 4);
        for (a, b) in (0..70).flat_map(|a| (0..70).map(move |b| (a, b))) {
            assert_eq!(of[a] == of[b], cloud[a] == cloud[b], "{a} {b}");
        }
        assert_eq!(of, clusters(x.view(), 4));
    }

    #[test]
    fn one_cluster_holds_all_points_and_more_clusters_than_points_are_accepted() {
        let (x, _) = clouds(&[5, 5]);
        assert_eq!(clusters(x.view(), 1), [0; 10]);
        let of = clusters(x.view(), 20);
        assert!(of.iter().all(|cluster| *cluster < 20));
        assert_eq!(mean_of(x.view(), &of, of[3]).unwrap().len(), 3);
        assert_eq!(mean_of(x.view(), &of, 20), None);
    }
}
