//! The list items of an entry, and the one that says what an id is about.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::changelog::ids::find;

/// In bytes; real items have 60 to 200.
const MAX_QUOTE_BYTES: usize = 400;

/// The changelogs with most, of chromium and linux, name 5,400 and 4,400 (November 2026).
pub(super) const MAX_IDS: usize = 20_000;

/// Words that say nothing about a vulnerability.
const EMPTY_WORDS: &[&str] =
    &["and", "closes", "cve", "fix", "fixed", "fixes", "for", "lp", "patch", "see", "upstream"];

/// An id and the words that name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) id: String,
    /// One line.
    pub(super) quote: String,
}

/// One item of a list, or a paragraph, its lines joined.
struct Bullet {
    indent: usize,
    text: String,
    /// The item that this one is below.
    parent: Option<usize>,
    is_item: bool,
}

/// The ids that a text names, in order, each with the item that names it; at most [`MAX_IDS`].
///
/// Where several do, one that is nothing but ids wins together with the item above it, since that is how Ubuntu titles a
/// fix; else the first.
pub(super) fn named_ids(body: &str) -> Vec<Named> {
    let bullets = bullets(body);
    let mut named: Vec<Named> = Vec::new();
    // Which of `named` an id is, and whether its quote is a titled one.
    let mut known: BTreeMap<String, (usize, bool)> = BTreeMap::new();
    for bullet in &bullets {
        let found: Vec<_> = find(&bullet.text).collect();
        if found.is_empty() {
            continue;
        }
        let title = title(&bullets, bullet, &found);
        for (range, id) in found {
            match known.get_mut(&id) {
                None if named.len() == MAX_IDS => {}
                None => {
                    known.insert(id.clone(), (named.len(), title.is_some()));
                    let quote = quote(title, &bullet.text, range);
                    named.push(Named { id, quote });
                }
                Some((at, is_titled @ false)) if title.is_some() => {
                    *is_titled = true;
                    named[*at].quote = quote(title, &bullet.text, range);
                }
                Some(_) => {}
            }
        }
    }
    named
}

/// The item above one that says nothing itself.
fn title<'a>(
    bullets: &'a [Bullet],
    bullet: &Bullet,
    ids: &[(Range<usize>, String)],
) -> Option<&'a str> {
    let parent = &bullets[bullet.parent?];
    let mut rest = String::new();
    let mut from = 0;
    for (range, _) in ids {
        rest.push_str(&bullet.text[from..range.start]);
        from = range.end;
    }
    rest.push_str(&bullet.text[from..]);
    let says_something = rest
        .split(|c: char| !c.is_alphabetic())
        .any(|word| word.len() > 1 && !EMPTY_WORDS.contains(&&*word.to_ascii_lowercase()));
    (!says_something).then_some(parent.text.trim_end_matches([':', '.', ';']))
}

fn quote(title: Option<&str>, text: &str, id: Range<usize>) -> String {
    let Some(title) = title else { return excerpt(text, id, MAX_QUOTE_BYTES) };
    let title = match title.len() + text.len() + ": ".len() <= MAX_QUOTE_BYTES {
        true => title.to_owned(),
        false => excerpt(title, 0..0, MAX_QUOTE_BYTES / 2),
    };
    let room = MAX_QUOTE_BYTES.saturating_sub(title.len() + ": ".len());
    format!("{title}: {}", excerpt(text, id, room))
}

/// As much of a text, with the id in sight: in the first half where it is there, else in the middle. Nothing else of the
/// text is copied, for there may be an id in every line of it.
fn excerpt(text: &str, id: Range<usize>, room: usize) -> String {
    if text.len() <= room {
        return text.to_owned();
    }
    let start = match id.end <= room / 2 {
        true => 0,
        false => text.floor_char_boundary(id.start.saturating_sub(room / 2)),
    };
    let end = text.floor_char_boundary(text.len().min(start + room));
    let (before, after) =
        (if start > 0 { "…" } else { "" }, if end < text.len() { "…" } else { "" });
    format!("{before}{}{after}", text[start..end].trim())
}

fn bullets(body: &str) -> Vec<Bullet> {
    let mut bullets: Vec<Bullet> = Vec::new();
    let mut is_open = false;
    for line in body.lines() {
        let text = line.trim();
        if text.is_empty() {
            is_open = false;
            continue;
        }
        // A tab counts as one: within an entry people use the one or the other.
        // The name of who did what follows ends every list, however it is indented.
        let is_name = text.starts_with("[ ") && text.ends_with(" ]");
        let indent = if is_name { 0 } else { line.len() - line.trim_start().len() };
        let item = ["* ", "- ", "+ ", "• "].iter().find_map(|marker| text.strip_prefix(marker));
        let continues = item.is_none() && !is_name && is_open;
        match bullets.last_mut() {
            Some(last) if continues && indent > last.indent => {
                last.text.push(' ');
                last.text.push_str(text);
                continue;
            }
            _ => {}
        }
        bullets.push(Bullet {
            indent,
            text: item.unwrap_or(text).trim_start().to_owned(),
            parent: parent(&bullets, indent),
            is_item: item.is_some(),
        });
        is_open = !is_name;
    }
    bullets
}

/// The last item that is indented less.
fn parent(bullets: &[Bullet], indent: usize) -> Option<usize> {
    let mut above = bullets.len().checked_sub(1)?;
    while bullets[above].indent >= indent {
        above = bullets[above].parent?;
    }
    bullets[above].is_item.then_some(above)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, expected: &[(&str, &str)]) {
        let named = named_ids(body);
        let named: Vec<_> = named.iter().map(|it| (it.id.as_str(), it.quote.as_str())).collect();
        assert_eq!(named, expected, "{body}");
    }

    #[test]
    fn the_item_that_names_an_id_is_quoted() {
        check(
            "\n  * Non-maintainer upload by the LTS Team.\n  * CVE-2026-84782 (\"DTLS Retransmits Messages From a Stale Buffer\n    \
             Offset\")\n  * Other.\n",
            &[(
                "CVE-2026-84782",
                "CVE-2026-84782 (\"DTLS Retransmits Messages From a Stale Buffer Offset\")",
            )],
        );
        check(
            "  * New upstream release, fixing 33 CVEs;\n    - CVE-2026-53784: Daemon escape under\n      no\n    - CVE-2026-53785: other\n\
             \n   [ Somebody ]\n   * CVE-2026-7777\n",
            &[
                ("CVE-2026-53784", "CVE-2026-53784: Daemon escape under no"),
                ("CVE-2026-53785", "CVE-2026-53785: other"),
                ("CVE-2026-7777", "CVE-2026-7777"),
            ],
        );
        check(
            "  * Add fix from upstream when the threaded decompresser frees too\n    early (CVE-2025-31115, CVE-2025-31116).\n",
            &[
                (
                    "CVE-2025-31115",
                    "Add fix from upstream when the threaded decompresser frees too early (CVE-2025-31115, CVE-2025-31116).",
                ),
                (
                    "CVE-2025-31116",
                    "Add fix from upstream when the threaded decompresser frees too early (CVE-2025-31115, CVE-2025-31116).",
                ),
            ],
        );
    }

    #[test]
    fn ubuntu_titles_a_fix_above_its_ids() {
        check(
            "  * SECURITY UPDATE: use after free\n    - debian/patches/CVE-2026-1111.patch: check length in\n      src/x.c.\n    \
             - CVE-2026-1111\n    - CVE-2026-2222\n  * SECURITY UPDATE: loop.\n    - CVE-2026-3333\n",
            &[
                ("CVE-2026-1111", "SECURITY UPDATE: use after free: CVE-2026-1111"),
                ("CVE-2026-2222", "SECURITY UPDATE: use after free: CVE-2026-2222"),
                ("CVE-2026-3333", "SECURITY UPDATE: loop: CVE-2026-3333"),
            ],
        );
        check(
            "  * Fix heap overflows:\n    - CVE-2026-1111, CVE-2026-2222 (Closes: #123)\n",
            &[
                (
                    "CVE-2026-1111",
                    "Fix heap overflows: CVE-2026-1111, CVE-2026-2222 (Closes: #123)",
                ),
                (
                    "CVE-2026-2222",
                    "Fix heap overflows: CVE-2026-1111, CVE-2026-2222 (Closes: #123)",
                ),
            ],
        );
    }

    #[test]
    fn a_long_item_keeps_the_id_in_sight() {
        let body =
            format!("  * {} é CVE-2026-1111 {}\n", "before ".repeat(300), "after ".repeat(300));
        let named = named_ids(&body);
        assert!(named[0].quote.len() <= MAX_QUOTE_BYTES + 2 * "…".len());
        assert!(named[0].quote.contains(" é CVE-2026-1111 after"), "{}", named[0].quote);
        assert!(named[0].quote.starts_with('…') && named[0].quote.ends_with('…'));
        let body = format!("  * CVE-2026-1111 {}\n", "é".repeat(300));
        assert!(named_ids(&body)[0].quote.starts_with("CVE-2026-1111 éé"));
        let title = "title ".repeat(300);
        let body = format!("  * {title}\n    - CVE-2026-1111{}\n", ", CVE-2026-2222".repeat(300));
        let quote = &named_ids(&body)[0].quote;
        assert!(quote.len() <= MAX_QUOTE_BYTES + 2 * "…".len(), "{quote}");
        assert!(quote.starts_with("title title") && quote.contains("…: CVE-2026-1111, CVE"));
    }

    /// Copying the whole item for each of its ids took minutes.
    #[test]
    fn a_text_of_nothing_but_ids_is_read_in_time() {
        let ids: String = (0..100_000).map(|n| format!(" CVE-2026-{:06}", 100_000 + n)).collect();
        let named = named_ids(&format!("  * Fix\n    -{ids}\n"));
        assert_eq!(named.len(), MAX_IDS);
        assert_eq!(named[MAX_IDS - 1].id, "CVE-2026-119999");
    }
}
