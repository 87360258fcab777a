//! A table without lines, that fits the width it is given.

use comfy_table::{
    Attribute, Cell, CellAlignment, Color as Ansi, ColumnConstraint, ContentArrangement, LineStyle,
    Table, TableStyle, Width,
};
use plimsoll_model::Severity;

use crate::escape::for_terminal;
use crate::look::{Color, Look};
use crate::tone::Tone;

/// Rows and columns; cells wrap where the width is short.
pub struct Grid {
    table: Table,
    look: Look,
}

/// On which side a column's text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

const STYLE: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

impl Grid {
    /// A grid with these column titles.
    pub fn new(look: Look, columns: &[(&str, Align)]) -> Self {
        let mut table = Table::new();
        table
            .load_style(STYLE)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(look.width)
            .set_header(columns.iter().map(|(title, align)| cell(title, *align)))
            .force_no_tty();
        if look.color == Color::Ansi {
            table.enforce_styling();
        }
        // Two blanks between columns, none at the edges.
        for (index, column) in table.column_iter_mut().enumerate() {
            column.set_padding((0, if index + 1 == columns.len() { 0 } else { 2 }));
            if columns[index].1 == Align::Right {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        Self { table, look }
    }

    /// Keeps a column at least `width` wide, however long the others are.
    pub fn at_least(&mut self, column: usize, width: u16) {
        let width = width.min(self.look.width / 2);
        if let Some(column) = self.table.column_mut(column) {
            column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(width)));
        }
    }

    /// Keeps a column as wide as its longest cell: for short words that must not be cut.
    pub fn unbroken(&mut self, column: usize) {
        if let Some(column) = self.table.column_mut(column) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }

    /// Adds a row. The text is escaped for a terminal here, line by line.
    pub fn row<'a>(&mut self, cells: impl IntoIterator<Item = (&'a str, Tone)>) {
        let cells: Vec<_> = cells
            .into_iter()
            .map(|(text, tone)| {
                let lines: Vec<_> = text.split('\n').map(for_terminal).collect();
                tinted(Cell::new(lines.join("\n")), tone)
            })
            .collect();
        self.table.add_row(cells);
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }
}

/// The lines, without blanks at their ends.
impl std::fmt::Display for Grid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.table.lines().try_for_each(|line| writeln!(f, "{}", line.trim_end()))
    }
}

fn cell(text: &str, align: Align) -> Cell {
    let cell = Cell::new(text).add_attribute(Attribute::Bold);
    match align {
        Align::Left => cell,
        Align::Right => cell.set_alignment(CellAlignment::Right),
    }
}

fn tinted(cell: Cell, tone: Tone) -> Cell {
    match tone {
        Tone::Normal => cell,
        Tone::Strong => cell.add_attribute(Attribute::Bold),
        Tone::Faint => cell.add_attribute(Attribute::Dim),
        Tone::Good => cell.fg(Ansi::DarkGreen),
        Tone::Alarm | Tone::Severity(Severity::Critical) => {
            cell.fg(Ansi::DarkRed).add_attribute(Attribute::Bold)
        }
        Tone::Severity(Severity::High) => cell.fg(Ansi::DarkRed),
        Tone::Severity(Severity::Medium) => cell.fg(Ansi::DarkMagenta),
        Tone::Severity(Severity::Low) => cell.fg(Ansi::DarkCyan),
        Tone::Severity(_) => cell.add_attribute(Attribute::Dim),
    }
}
