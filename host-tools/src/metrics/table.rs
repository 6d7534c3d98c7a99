//! Figures as lines for the console.

use super::{Averages, Confusion, Figures};

/// One line per class (precision, recall, F1, support), then the averages and the accuracy.
pub fn class_table(figures: &Figures) -> Vec<String> {
    let width = name_width(&figures.confusion);
    let mut lines = vec![format!("{:width$}  precision  recall      f1  support", "class")];
    for class in &figures.classes {
        lines.push(format!(
            "{:width$}  {:9.3}  {:6.3}  {:6.3}  {:7}",
            class.class, class.precision, class.recall, class.f1, class.support
        ));
    }
    let total = figures.confusion.total();
    let mut average = |name: &str, values: &Averages| {
        lines.push(format!(
            "{name:width$}  {:9.3}  {:6.3}  {:6.3}  {total:7}",
            values.precision, values.recall, values.f1
        ));
    };
    average("macro average", &figures.macro_average);
    average("weighted average", &figures.weighted_average);
    lines.push(format!("{:width$}  {:9.3}", "accuracy", figures.accuracy));
    lines
}

/// The confusion matrix, true classes down, predicted classes across.
pub fn confusion_table(confusion: &Confusion) -> Vec<String> {
    let width = name_width(confusion);
    let widths: Vec<usize> = confusion.classes.iter().map(|class| class.chars().count().max(5)).collect();
    let mut header = format!("{:width$}", "true \\ predicted");
    for (class, column) in confusion.classes.iter().zip(&widths) {
        header.push_str(&format!("  {class:>column$}"));
    }
    let mut lines = vec![header];
    for (class, row) in confusion.classes.iter().zip(&confusion.counts) {
        let mut line = format!("{class:width$}");
        for (count, column) in row.iter().zip(&widths) {
            line.push_str(&format!("  {count:>column$}"));
        }
        lines.push(line);
    }
    lines
}

fn name_width(confusion: &Confusion) -> usize {
    let longest = confusion.classes.iter().map(|class| class.chars().count()).max().unwrap_or(0);
    longest.max("weighted average".len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_a_table_is_as_wide_as_its_header() {
        let classes = ["off_state".to_string(), "a_class_with_a_very_long_name".to_string()];
        let figures = Figures::of_pairs(&classes, [(0, 0), (1, 0), (1, 1)]);
        let lines = class_table(&figures);
        assert!(
            lines[..lines.len() - 1].iter().all(|line| line.chars().count() == lines[0].chars().count()),
            "{lines:#?}"
        );
        let lines = confusion_table(&figures.confusion);
        assert!(lines.iter().all(|line| line.chars().count() == lines[0].chars().count()), "{lines:#?}");
    }
}
