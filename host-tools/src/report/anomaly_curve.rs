//! The pictures of the anomaly score: every window by class, and detections against false alarms.

use super::Picture;
use crate::anomaly::roc;
use crate::plots::anomaly::{Curve, roc as draw, scores};

/// The windows of a class: its name, whether it is normal sound, the score of each.
pub(crate) type ClassScores = (String, bool, Vec<f64>);

/// The pictures of `classes`, which `subtitle` describes; the curve needs normal and other sound.
///
/// # Errors
/// When a picture cannot be drawn.
pub(crate) fn pictures(subtitle: &str, classes: &[ClassScores]) -> anyhow::Result<Vec<Picture>> {
    let drawn = scores("Anomaly score of every class", subtitle, classes)?;
    let caption = "Anomaly score of every window, by class of the recordings; 1 is the alarm level".to_string();
    let mut pictures = vec![Picture { caption, png: drawn.png()? }];
    let points = classes.iter().flat_map(|(_, normal, scores)| scores.iter().map(|score| (*score, !*normal)));
    let points: Vec<(f64, bool)> = points.collect();
    if [true, false].iter().all(|side| points.iter().any(|(_, other)| other == side)) {
        let points = roc::curve(&points);
        let (words, area) = (roc::in_words(&points), roc::area(&points, 1.0));
        let curve = Curve { name: "this model".to_string(), main: (points, area), pooled: None };
        let drawn = draw("Anomaly score: detected against false alarms", &words, &[curve], None)?;
        let caption = format!("Unusual sound that the anomaly score detects, against its false alarms. {words}");
        pictures.push(Picture { caption, png: drawn.png()? });
    }
    Ok(pictures)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curve_is_drawn_where_there_is_normal_and_other_sound() {
        let class = |name: &str, normal, scores: &[f64]| (name.to_string(), normal, scores.to_vec());
        let (normal, fault) = (class("normal", true, &[0.1, 0.2]), class("fault", false, &[0.9, 3.0]));
        assert_eq!(pictures("", std::slice::from_ref(&normal)).unwrap().len(), 1);
        let both = pictures("", &[normal, fault]).unwrap();
        assert!(both[1].caption.contains("exceed, 100 of 100 windows of other sound"), "{}", both[1].caption);
    }
}
