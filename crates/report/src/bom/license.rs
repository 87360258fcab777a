//! Whether a licence text is an SPDX licence expression.

use spdx::{AdditionItem, Expression, LicenseItem, ParseMode};

/// Longer texts are prose that nobody wrote as an expression: not worth parsing.
const MAX_EXPRESSION_BYTES: usize = 8 << 10;

/// The grammar of SPDX 2.3, annex D, with the deprecated identifiers (`GPL-2.0+`) that are still listed.
const MODE: ParseMode = ParseMode {
    allow_deprecated: true,
    allow_postfix_plus_on_gpl: true,
    allow_slash_as_or_operator: false,
    allow_imprecise_license_names: false,
    allow_unknown: false,
};

/// Whether `text` is an expression that a bill of materials can hold as such.
///
/// `LicenseRef-…` (Fedora has such) points to a definition within the document, which nobody has here:
/// an expression with one is none.
pub(super) fn is_expression(text: &str) -> bool {
    let lower_operator = |word| matches!(word, "and" | "or" | "with");
    text.len() <= MAX_EXPRESSION_BYTES
        && !text.split([' ', '(', ')']).any(lower_operator)
        && !text.contains(char::is_control)
        && Expression::parse_mode(text, MODE).is_ok_and(|expression| {
            expression.requirements().all(|found| {
                let license = &found.req.license;
                let addition = &found.req.addition;
                matches!(license, LicenseItem::Spdx { .. })
                    && matches!(addition, None | Some(AdditionItem::Spdx(_)))
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_list_and_the_grammar_know() {
        let check = |text: &str, expected| assert_eq!(is_expression(text), expected, "{text:?}");
        check("MIT", true);
        check("GPL-2.0-or-later WITH Classpath-exception-2.0", true);
        check("(MIT OR Apache-2.0) AND BSD-3-Clause", true);
        // Alpine before 3.9, and RPM of the same age.
        check("GPL-2.0", true);
        check("GPL-2.0+", true);
        check("MIT BSD", false);
        check("GPLv2+ and BSD", false);
        check("MIT and BSD-3-Clause", false);
        check("mit", false);
        check("Apache 2.0", false);
        check("Public Domain", false);
        check("MIT AND LicenseRef-Callaway-BSD", false);
        check("MIT\nOR ISC", false);
        check("MIT AND", false);
        check("", false);
        check(&"(".repeat(100_000), false);
    }
}
