//! Figures as lines for the terminal.

use super::{Averages, Confusion, Figures};
use crate::console::{Columns, Side};

/// One line per class (precision, recall, F1, support), then the averages and the accuracy.
pub(crate) fn class_table(figures: &Figures) -> impl Iterator<Item = String> {
    let number = |heading| (heading, Side::Right);
    let mut columns =
        Columns::new(&[("class", Side::Left), number("precision"), number("recall"), number("f1"), number("support")]);
    let mut row = |name: &str, Averages { precision, recall, f1 }: Averages, support: u64| {
        let [precision, recall, f1] = [precision, recall, f1].map(|figure| format!("{figure:.3}"));
        columns.row([name, &precision, &recall, &f1, &support.to_string()]);
    };
    for class in &figures.classes {
        let own = Averages { precision: class.precision, recall: class.recall, f1: class.f1 };
        row(&class.class, own, class.support);
    }
    let total = figures.confusion.total();
    row("macro average", figures.macro_average, total);
    row("weighted average", figures.weighted_average, total);
    columns.row(["accuracy", &format!("{:.3}", figures.accuracy)]);
    columns.lines(0)
}

/// The confusion matrix: one line per true class, one column per predicted class.
pub(crate) fn confusion_table(confusion: &Confusion) -> impl Iterator<Item = String> {
    let predicted = confusion.classes.iter().map(|class| (class.as_str(), Side::Right));
    let headings: Vec<(&str, Side)> = std::iter::once(("true \\ predicted", Side::Left)).chain(predicted).collect();
    let mut columns = Columns::new(&headings);
    for (class, counts) in confusion.classes.iter().zip(&confusion.counts) {
        columns.row(std::iter::once(class.clone()).chain(counts.iter().map(u64::to_string)));
    }
    columns.lines(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_a_table_is_as_wide_as_its_header() {
        let classes = ["off_state".to_string(), "a_class_with_a_very_long_name".to_string()];
        let figures = Figures::from_pairs(&classes, [(0, 0), (1, 0), (1, 1)]);
        let lines: Vec<String> = class_table(&figures).collect();
        assert!(
            lines[..lines.len() - 1].iter().all(|line| line.chars().count() == lines[0].chars().count()),
            "{lines:#?}"
        );
        let lines: Vec<String> = confusion_table(&figures.confusion).collect();
        assert!(lines.iter().all(|line| line.chars().count() == lines[0].chars().count()), "{lines:#?}");
    }
}
