//! `confusion_matrix.png`: predicted classes of each true class.

use super::Picture;
use super::canvas::{Align, Canvas, Pen};
use super::legend::{header, header_height};
use super::theme::{INK, LINE, MARGIN, PAPER, Rgb, SMALL, SOFT_INK, TEXT, tint};

/// Colour of a cell with all counts of its row.
const FULL: Rgb = (0, 76, 130);
/// Maximum width of a class name, pixels; longer names are cut.
const NAME: f64 = 300.0;

/// Draws `counts[true class][predicted class]`: the number in each cell, shaded by its share of the row, so that small
/// classes are as visible as large ones.
///
/// # Errors
/// When `counts` is not square with one row for each of `classes`, or empty.
pub(crate) fn draw(title: &str, subtitle: &str, classes: &[String], counts: &[Vec<u64>]) -> anyhow::Result<Picture> {
    let n = classes.len();
    anyhow::ensure!(n > 0, "a confusion matrix needs at least one class");
    anyhow::ensure!(
        counts.len() == n && counts.iter().all(|row| row.len() == n),
        "a confusion matrix of {n} classes needs {n} rows of {n} counts"
    );
    let ruler = Canvas::new(1.0, 1.0)?;
    let names: Vec<String> = classes.iter().map(|name| ruler.font().fit(name, TEXT, NAME)).collect();
    let widest = names.iter().map(|name| ruler.font().width(name, TEXT)).fold(0.0, f64::max);

    let cell = (640.0 / n as f64).clamp(62.0, 150.0);
    let side = cell * n as f64;
    // Names below the columns are horizontal if they fit, else vertical.
    let flat = widest + 10.0 <= cell;
    let left = MARGIN + TEXT + 16.0 + widest + 12.0;
    let bar = 28.0;
    let width = (left + side + bar + 22.0 + 60.0 + MARGIN).max(720.0);
    let top = header_height(width, title, subtitle, &[])? + 6.0;
    let below = if flat { TEXT + 14.0 } else { widest + 16.0 };
    let mut canvas = Canvas::new(width, top + side + below + TEXT + 16.0 + MARGIN)?;
    header(&mut canvas, width, title, subtitle, &[]);

    for (row, (name, counts)) in names.iter().zip(counts).enumerate() {
        let total: u64 = counts.iter().sum();
        let middle = top + (row as f64 + 0.5) * cell;
        canvas.text(name, (left - 12.0, middle), Align::End, TEXT, INK);
        for (column, &count) in counts.iter().enumerate() {
            let share = share(count, total);
            let corner = (left + column as f64 * cell, top + row as f64 * cell);
            canvas.rectangle(corner, (cell, cell), tint(FULL, share));
            let centre = corner.0 + cell / 2.0;
            let (ink, soft) = if share > 0.5 { (PAPER, PAPER) } else { (INK, SOFT_INK) };
            if count == 0 {
                canvas.text("0", (centre, middle), Align::Middle, SMALL, LINE);
                continue;
            }
            let number = count.to_string();
            let size = if canvas.font().width(&number, 22.0) > cell - 8.0 { SMALL } else { 22.0 };
            canvas.text(&number, (centre, middle - 10.0), Align::Middle, size, ink);
            canvas.text(&percent(share), (centre, middle + 14.0), Align::Middle, 15.0, soft);
        }
    }
    for (column, name) in names.iter().enumerate() {
        let centre = left + (column as f64 + 0.5) * cell;
        if flat {
            canvas.text(name, (centre, top + side + 10.0 + TEXT / 2.0), Align::Middle, TEXT, INK);
        } else {
            canvas.text_up(name, (centre, top + side + 10.0), Align::End, TEXT, INK);
        }
    }
    for line in 0..=n {
        let at = line as f64 * cell;
        let pen = Pen::solid(tint(LINE, if line == 0 || line == n { 1.0 } else { 0.4 }), 1.0);
        canvas.line(&[(left, top + at), (left + side, top + at)], pen);
        canvas.line(&[(left + at, top), (left + at, top + side)], pen);
    }
    canvas.text_up("true class", (MARGIN + TEXT / 2.0, top + side / 2.0), Align::Middle, TEXT, SOFT_INK);
    let y = top + side + below + TEXT / 2.0 + 4.0;
    canvas.text("predicted class", (left + side / 2.0, y), Align::Middle, TEXT, SOFT_INK);
    scale(&mut canvas, (left + side + 22.0, top), (bar, side));
    Ok(canvas.finish())
}

/// `count` of `total`; 0 for a class without windows.
fn share(count: u64, total: u64) -> f64 {
    if total == 0 { 0.0 } else { count as f64 / total as f64 }
}

/// A share in per cent; only 0 and 1 are printed as 0 % and 100 %.
fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if share < 1.0 && percent > 99.0 {
        format!("{:.1} %", percent.min(99.9))
    } else if share > 0.0 && percent < 1.0 {
        format!("{:.1} %", percent.max(0.1))
    } else {
        format!("{percent:.0} %")
    }
}

/// Draws the colour scale.
fn scale(canvas: &mut Canvas, (left, top): (f64, f64), (width, height): (f64, f64)) {
    let steps = height.round() as usize;
    for step in 0..steps {
        let share = 1.0 - step as f64 / steps as f64;
        canvas.rectangle((left, top + step as f64), (width, 1.0), tint(FULL, share));
    }
    let (right, bottom) = (left + width, top + height);
    canvas.outline((left, top), (width, height));
    for (share, label) in [(0.0, "0 %"), (0.5, "50 %"), (1.0, "100 %")] {
        // The outer labels stay within the bar's height.
        let y = bottom - share * height + (0.5 - share) * -14.0;
        canvas.text(label, (right + 8.0, y), Align::Start, SMALL, SOFT_INK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(count: usize) -> Vec<String> {
        let all = ["off_state", "on_state", "soft_state", "solid_state", "bearing_outer_race_damage_stage_2", "idle"];
        (0..count)
            .map(|i| all.get(i).map_or_else(|| format!("propeller_fault_number_{i}"), |n| n.to_string()))
            .collect()
    }

    fn counts(n: u64) -> Vec<Vec<u64>> {
        (0..n).map(|r| (0..n).map(|c| if r == c { 900 + 37 * r } else { (r * 7 + c * 13) % 41 }).collect()).collect()
    }

    #[test]
    fn a_class_without_windows_has_cells_without_shade() {
        assert_eq!(share(0, 0), 0.0);
        let shaded = draw("t", "s", &names(2), &[vec![3, 1], vec![1, 3]]).unwrap();
        let empty = draw("t", "s", &names(2), &[vec![3, 1], vec![0, 0]]).unwrap();
        let none = draw("t", "s", &names(2), &[vec![0, 0], vec![0, 0]]).unwrap();
        let paper = |picture: &Picture| {
            let all = (0..picture.height()).flat_map(|y| (0..picture.width()).map(move |x| (x, y)));
            all.filter(|&(x, y)| picture.pixel(x, y) == Some([255; 3])).count()
        };
        assert!(paper(&shaded) < paper(&empty) && paper(&empty) < paper(&none));
    }

    #[test]
    fn counts_must_be_square_and_match_the_classes() {
        assert!(draw("t", "s", &names(3), &vec![vec![0; 2]; 3]).is_err());
        assert!(draw("t", "s", &[], &[]).is_err());
    }

    #[test]
    fn the_picture_grows_with_the_classes() {
        let of = |n| draw("t", "s", &names(n), &counts(n as u64)).unwrap();
        assert!(of(12).width() > of(2).width());
    }

    #[test]
    fn only_the_shares_0_and_1_are_printed_as_0_and_100_per_cent() {
        assert_eq!(percent(0.9999), "99.9 %");
        assert_eq!(percent(0.0001), "0.1 %");
        assert_eq!(percent(1.0), "100 %");
        assert_eq!(percent(0.5), "50 %");
    }
}
