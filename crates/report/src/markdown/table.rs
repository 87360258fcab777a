//! Titles, tables, lists and folded parts.

use plimsoll_model::Image;

use super::escape::for_markdown;
use crate::words::cut;

/// Bytes kept for saying how much is left out.
const MORE_BYTES: usize = 64;
/// Characters printed of an image's name: longer ones are no names.
const NAME_SHOWN: usize = 300;

/// Rows printed of one table: GitHub refuses comments of more than 65,536 characters.
const ROWS_SHOWN: usize = 50;

/// An image as a heading.
pub(super) fn title(image: &Image) -> String {
    let name = for_markdown(&cut(&image.reference, NAME_SHOWN));
    match &image.platform {
        Some(platform) => format!("## {name} ({})\n", for_markdown(&platform.to_string())),
        None => format!("## {name}\n"),
    }
}

/// A table in which the cells are Markdown already; empty without rows.
pub(super) fn table(titles: &[&str], rows: &[Vec<String>]) -> String {
    table_within(usize::MAX, titles, rows)
}

/// The same in so many bytes; empty where there is no room for it.
pub(super) fn table_within(room: usize, titles: &[&str], rows: &[Vec<String>]) -> String {
    let mut text = line(titles.iter().copied());
    text.push_str(&line(titles.iter().map(|_| "---")));
    let head = text.len();
    let rows: Vec<_> = rows.iter().map(|row| line(row.iter().map(String::as_str))).collect();
    let shown = push_within(room, &mut text, rows.iter().take(ROWS_SHOWN));
    if shown < rows.len() {
        text.push_str(&format!("\nand {} more\n", rows.len() - shown));
    }
    if rows.is_empty() || head + MORE_BYTES > room { String::new() } else { text }
}

/// Lines of a list, Markdown already, in so many bytes.
pub(super) fn list_within(room: usize, lines: impl Iterator<Item = String>) -> String {
    let lines: Vec<_> = lines.map(|line| format!("- {line}\n")).collect();
    let mut text = String::new();
    let shown = push_within(room, &mut text, lines.iter());
    if shown < lines.len() {
        text.push_str(&format!("- and {} more\n", lines.len() - shown));
    }
    text
}

/// Adds lines up to the first that would leave no room to say how many are left out; gives how many it added.
fn push_within<'l>(
    room: usize,
    text: &mut String,
    lines: impl Iterator<Item = &'l String>,
) -> usize {
    let mut shown = 0;
    for line in lines {
        if (text.len() + line.len()).saturating_add(MORE_BYTES) > room {
            break;
        }
        text.push_str(line);
        shown += 1;
    }
    shown
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_room_is_counted() {
        let rows: Vec<_> = (0..9).map(|number| vec![format!("{number}")]).collect();
        let check = |room: usize, expected: &str| {
            assert_eq!(table_within(room, &["a"], &rows), expected);
        };
        check(90, "| a |\n| --- |\n| 0 |\n| 1 |\n\nand 7 more\n");
        check(76, "");
        check(0, "");
        assert!(!table(&["a"], &rows).contains("more"));
        assert_eq!(table(&["a"], &[]), "");
        let list = |room| list_within(room, ["x", "y", "z"].map(str::to_owned).into_iter());
        assert_eq!(list(100), "- x\n- y\n- z\n");
        assert_eq!(list(MORE_BYTES + 4), "- x\n- and 2 more\n");
        assert_eq!(list_within(100, std::iter::empty()), "");
    }
}
