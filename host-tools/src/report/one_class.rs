//! The parts of the page that differ for a model of one class: it has an anomaly score, and no choice between classes.

use monitor_core::model_card::ModelCard;

use super::card;
use super::html::{paragraph, table, tile};
use crate::evaluate::one_class::OneClass;

/// What the figures are of, and the most important ones.
pub(super) fn summary(evaluation: &OneClass) -> String {
    let is_memory = evaluation.files_trained_on == evaluation.files || !evaluation.training_known;
    let [right, recordings] = evaluation.recordings_right;
    let tiles = [
        tile(format!("{:.1} %", 100.0 * evaluation.accuracy), "of the windows taken for what they are"),
        tile(format!("{right} of {recordings}"), "recordings right: no alarm on its class, an alarm on other sound"),
    ];
    format!(
        "{}<div class=\"tiles\">\n{}</div>\n",
        paragraph(if is_memory { "warning" } else { "soft" }, &evaluation.reservation()),
        tiles.concat()
    )
}

/// The table of the classes of the data.
pub(super) fn figures(evaluation: &OneClass) -> String {
    let (headings, rows) = evaluation.table();
    let rows: Vec<Vec<String>> = rows.into_iter().map(|row| row.to_vec()).collect();
    let sentences: String = evaluation.sentences().iter().map(|line| paragraph("soft", line)).collect();
    table(&headings, &rows) + &sentences
}

/// The limits of the model.
pub(super) fn limits(card: Option<&ModelCard<'_>>, evaluation: &OneClass) -> String {
    let class = &evaluation.class;
    let mut lines = vec![
        format!(
            "The model has one class, {class}. It reports unknown while the alarm by the anomaly score is raised, and {class} \
             otherwise; it cannot name what is wrong."
        ),
        "The figures do not cover other machines, microphones, places or rooms.".to_string(),
    ];
    lines.extend(card::of_every_model(card));
    lines.iter().map(|line| paragraph("", line)).collect()
}
