//! How output looks: decided once, by whoever knows the terminal.

/// The width and colours of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Columns to fit into.
    pub width: u16,
    /// Whether to colour.
    pub color: Color,
}

/// Whether to write ANSI colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Color {
    /// For a terminal.
    Ansi,
    /// For a file or a pipe.
    Plain,
}

impl Look {
    /// For a file or a pipe: 80 columns, no colours.
    pub const PLAIN: Self = Self { width: 80, color: Color::Plain };
}
