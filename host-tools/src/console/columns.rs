//! Tables on the terminal: aligned columns without lines between them.

use comfy_table::{CellAlignment, Table, presets};

use super::one_line;

/// Alignment of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

/// A table: headings, then rows with as many cells.
#[derive(Debug, Clone)]
pub(crate) struct Columns {
    sides: Vec<Side>,
    table: Table,
}

impl Columns {
    /// A table with these headings.
    pub(crate) fn new(headings: &[(&str, Side)]) -> Self {
        let mut columns = Self::plain(&headings.iter().map(|&(_, side)| side).collect::<Vec<_>>());
        columns.row(headings.iter().map(|(heading, _)| heading));
        columns
    }

    /// A table without headings.
    pub(crate) fn plain(sides: &[Side]) -> Self {
        let mut table = Table::new();
        table.load_preset(presets::NOTHING);
        Self { sides: sides.into(), table }
    }

    /// Adds a row; cells beyond the last column are dropped, missing cells are empty. A name of a file or group may hold a
    /// newline or an escape sequence, which must not break the table.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = impl ToString>) {
        let mut cells: Vec<String> = cells.into_iter().map(|cell| one_line(&cell.to_string())).collect();
        cells.resize(self.sides.len(), String::new());
        self.table.add_row(cells);
    }

    /// The lines: each column as wide as its widest cell on a terminal, two spaces between columns, `indent` spaces first.
    pub(crate) fn lines(mut self, indent: usize) -> impl Iterator<Item = String> {
        for (column, side) in self.table.column_iter_mut().zip(&self.sides) {
            column.set_padding((0, 2)).set_cell_alignment(match side {
                Side::Left => CellAlignment::Left,
                Side::Right => CellAlignment::Right,
            });
        }
        let lines: Vec<String> =
            self.table.lines().map(|line| (" ".repeat(indent) + &line).trim_end().to_string()).collect();
        lines.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_aligned_left_and_numbers_right() {
        let mut table = Columns::new(&[("class", Side::Left), ("windows", Side::Right), ("", Side::Left)]);
        table.row(["größer", "7", "x"]);
        table.row(["a", "1000", ""]);
        let lines: Vec<String> = table.lines(1).collect();
        assert_eq!(lines, [" class   windows", " größer        7  x", " a          1000"]);
    }

    #[test]
    fn a_name_with_a_newline_is_one_row() {
        let mut table = Columns::plain(&[Side::Left, Side::Right]);
        table.row(["new\nline\u{1b}[31m", "1"]);
        assert_eq!(table.lines(0).collect::<Vec<_>>(), ["new\\nline\\u{1b}[31m  1"]);
    }

    #[test]
    fn a_name_in_wide_letters_keeps_the_columns_aligned() {
        let mut table = Columns::plain(&[Side::Left, Side::Right]);
        table.row(["運転中", "1"]);
        table.row(["off", "20"]);
        // Each of the three letters takes two cells of a terminal.
        assert_eq!(table.lines(0).collect::<Vec<_>>(), ["運転中   1", "off     20"]);
    }
}
