//! Aligned columns of text.

/// Which side of its column a cell stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// A table in the making: a heading, then rows with as many cells.
#[derive(Debug, Clone)]
pub struct Columns {
    sides: Vec<Side>,
    rows: Vec<Vec<String>>,
}

impl Columns {
    /// A table with these headings.
    pub fn new(headings: &[(&str, Side)]) -> Self {
        let rows = vec![headings.iter().map(|(heading, _)| (*heading).to_owned()).collect()];
        Self { sides: headings.iter().map(|&(_, side)| side).collect(), rows }
    }

    /// A table without headings.
    pub fn plain(sides: &[Side]) -> Self {
        Self { sides: sides.into(), rows: Vec::new() }
    }

    /// Adds a row; cells beyond the headings are left out, missing ones are empty.
    pub fn row(&mut self, cells: impl IntoIterator<Item = impl ToString>) {
        self.rows.push(cells.into_iter().map(|cell| cell.to_string()).collect());
    }

    /// The lines, each column as wide as its widest cell (counted in characters), two spaces apart, `indent` spaces in.
    pub fn lines(&self, indent: usize) -> impl Iterator<Item = String> {
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.sides.len()).map(width).collect();
        self.rows.iter().map(move |row| {
            let mut line = " ".repeat(indent);
            for ((cell, side), &width) in row.iter().zip(&self.sides).zip(&widths) {
                match side {
                    Side::Left => line.push_str(&format!("{cell:<width$}  ")),
                    Side::Right => line.push_str(&format!("{cell:>width$}  ")),
                }
            }
            line.truncate(line.trim_end().len());
            line
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_left_and_numbers_right() {
        let mut table = Columns::new(&[("class", Side::Left), ("windows", Side::Right), ("", Side::Left)]);
        table.row(["größer", "7", "x"]);
        table.row(["a", "1000", ""]);
        let lines: Vec<String> = table.lines(1).collect();
        assert_eq!(lines, [" class   windows", " größer        7  x", " a          1000"]);
    }
}
