//! Tables and folded parts.

/// Rows printed of one table: GitHub refuses comments of more than 65,536 characters.
const ROWS_SHOWN: usize = 50;

/// A table in which the cells are Markdown already; empty without rows.
pub(super) fn table(titles: &[&str], rows: &[Vec<String>]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let mut text = line(titles.iter().copied());
    text.push_str(&line(titles.iter().map(|_| "---")));
    for row in rows.iter().take(ROWS_SHOWN) {
        text.push_str(&line(row.iter().map(String::as_str)));
    }
    if rows.len() > ROWS_SHOWN {
        text.push_str(&format!("\nand {} more\n", rows.len() - ROWS_SHOWN));
    }
    text
}

fn line<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    let cells: Vec<_> = cells.collect();
    format!("| {} |\n", cells.join(" | "))
}

/// A part that is folded away behind its title, which is HTML already.
pub(super) fn folded(title: &str, body: &str) -> String {
    match body.is_empty() {
        true => String::new(),
        false => format!("<details>\n<summary>{title}</summary>\n\n{body}\n</details>\n"),
    }
}
