//! A class of normal sound as several clusters: k-means (S. Lloyd, "Least squares quantization in PCM", 1982), started at points
//! that are farthest from each other (T. Gonzalez, "Clustering to minimize the maximum intercluster distance", 1985).
//!
//! The method is deterministic: the same windows give the same clusters.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, Zip};

/// Maximum number of iterations; later ones hardly move the clusters.
const ROUNDS: usize = 10;

/// For each of `points` [windows x components] its cluster, `0..count`; some may be empty. `count` is at least 1.
pub(crate) fn clusters(points: ArrayView2<'_, f64>, count: usize) -> Vec<usize> {
    let mut centres = spread(points, count);
    let mut of = nearest(points, &centres);
    for _ in 0..ROUNDS {
        for (mut centre, mean) in centres.rows_mut().into_iter().zip(means(points.rows(), &of, count)) {
            if let Some(mean) = mean {
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

/// Mean of the `rows` of each cluster `0..count`, where `of` has the cluster of each; `None` without rows. Others are not read.
pub(crate) fn means<'a, A: Copy + Into<f64> + 'a>(
    rows: impl IntoIterator<Item = ArrayView1<'a, A>>,
    of: &[usize],
    count: usize,
) -> Vec<Option<Array1<f64>>> {
    let mut sums: Vec<Option<(Array1<f64>, usize)>> = vec![None; count];
    for (row, cluster) in rows.into_iter().zip(of) {
        let Some(sum) = sums.get_mut(*cluster) else { continue };
        let (sum, rows) = sum.get_or_insert_with(|| (Array1::zeros(row.len()), 0));
        sum.zip_mut_with(&row, |sum, value| *sum += (*value).into());
        *rows += 1;
    }
    sums.into_iter().map(|sum| sum.map(|(sum, rows)| sum / rows as f64)).collect()
}

/// The point nearest to the mean, then repeatedly the point farthest from all chosen ones.
fn spread(points: ArrayView2<'_, f64>, count: usize) -> Array2<f64> {
    let middle = points.mean_axis(Axis(0)).unwrap_or_else(|| Array1::zeros(points.ncols()));
    let squares = squares(points);
    // Squared distances. Of a point from itself it is 0 but for rounding, which must not make it the farthest.
    let from = |place: ArrayView1<'_, f64>| {
        let own = place.dot(&place);
        Zip::from(&squares)
            .and(&points.dot(&place))
            .map_collect(|square, product| (square - 2.0 * product + own).max(0.0))
    };
    let first = from(middle.view());
    let mut next = (0..first.len()).min_by(|a, b| first[*a].total_cmp(&first[*b]));
    let mut taken = Vec::new();
    let mut least = Array1::from_elem(points.nrows(), f64::INFINITY);
    while let Some(row) = next.filter(|_| taken.len() < count) {
        taken.push(row);
        least.zip_mut_with(&from(points.row(row)), |least, new| *least = least.min(*new));
        least[row] = 0.0;
        next = (0..least.len()).max_by(|a, b| least[*a].total_cmp(&least[*b]));
    }
    points.select(Axis(0), &taken)
}

/// The nearest of `centres` to each point, the first of equals.
fn nearest(points: ArrayView2<'_, f64>, centres: &Array2<f64>) -> Vec<usize> {
    let squares = squares(centres.view());
    // The distance's square less that of the point, which is the same for all centres.
    let of = |products: ArrayView1<'_, f64>| {
        let far = |centre: usize| squares[centre] - 2.0 * products[centre];
        (0..squares.len()).min_by(|a, b| far(*a).total_cmp(&far(*b))).unwrap_or(0)
    };
    points.dot(&centres.t()).rows().into_iter().map(of).collect()
}

/// The squared length of each row.
fn squares(rows: ArrayView2<'_, f64>) -> Array1<f64> {
    rows.map_axis(Axis(1), |row| row.dot(&row))
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
        let means = means(x.rows(), &of, 21);
        assert_eq!(means[of[3]].as_ref().unwrap().len(), 3);
        assert_eq!(means[20], None);
    }
}
