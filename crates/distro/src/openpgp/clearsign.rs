//! The cleartext signature framework (RFC 9580, section 7), read strictly.
//!
//! Not rpgp's reader: it searches the whole text again for each line, and it lets lines pass that begin with a dash
//! without being escaped. Here every byte of the file is either signed or part of the frame; text before, between or
//! behind, which naive readers have taken for signed, is an error.

/// What a clear-signed file consists of.
pub(crate) struct Clearsigned<'t> {
    /// The text as it was hashed: without escapes and trailing blanks, lines joined by CR LF.
    pub(crate) text: String,
    /// The armoured signatures.
    pub(crate) signatures: &'t str,
}

/// Why a text is not clear-signed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum FrameError {
    /// It does not begin as such a file does.
    NoFrame,
    /// It begins so, but does not follow the rules; why.
    Broken(&'static str),
}

const BEGIN_MESSAGE: &str = "-----BEGIN PGP SIGNED MESSAGE-----";
const BEGIN_SIGNATURE: &str = "-----BEGIN PGP SIGNATURE-----";
const END_SIGNATURE: &str = "-----END PGP SIGNATURE-----";

/// What does not count at the end of a line, in the frame and in the text.
const BLANK: [char; 3] = [' ', '\t', '\r'];

/// Takes a clear-signed file apart.
pub(crate) fn split(file: &str) -> Result<Clearsigned<'_>, FrameError> {
    let mut rest = file;
    if next_line(&mut rest) != Some(BEGIN_MESSAGE) {
        return Err(FrameError::NoFrame);
    }
    loop {
        match next_line(&mut rest) {
            Some("") => break,
            Some(header) if header.starts_with("Hash:") => {}
            _ => return Err(FrameError::Broken("a header other than Hash")),
        }
    }

    let mut text = String::with_capacity(rest.len());
    let mut separator = "";
    let signatures = loop {
        let here = rest;
        let line = next_line(&mut rest).ok_or(FrameError::Broken("no signature at the end"))?;
        if line == BEGIN_SIGNATURE {
            break here;
        }
        let line = match (line.strip_prefix("- "), line.starts_with('-')) {
            (Some(unescaped), _) => unescaped,
            (None, true) => return Err(FrameError::Broken("a line with an unescaped dash")),
            (None, false) => line,
        };
        text.push_str(separator);
        text.push_str(line);
        separator = "\r\n";
    };

    while let Some(line) = next_line(&mut rest) {
        if line == END_SIGNATURE {
            return match rest.trim_ascii() {
                "" => Ok(Clearsigned { text, signatures }),
                _ => Err(FrameError::Broken("text behind the signature")),
            };
        }
    }
    Err(FrameError::Broken("a signature without end"))
}

/// Takes the next line off `rest`, without its end and trailing blanks.
fn next_line<'t>(rest: &mut &'t str) -> Option<&'t str> {
    if rest.is_empty() {
        return None;
    }
    let (line, behind) = rest.split_once('\n').unwrap_or((rest, ""));
    *rest = behind;
    Some(line.trim_end_matches(BLANK))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAIL: &str = "-----BEGIN PGP SIGNATURE-----\n\nwsBc\n-----END PGP SIGNATURE-----\n";

    #[test]
    fn the_text_is_what_was_hashed() {
        fn check(body: &str, expected: &str) {
            let file = format!("{BEGIN_MESSAGE}\nHash: SHA256\n\n{body}{TAIL}");
            let parts = split(&file).unwrap();
            assert_eq!(parts.text, expected);
            assert_eq!(parts.signatures, TAIL);
        }
        check("", "");
        check("Origin: Debian\n", "Origin: Debian");
        check("a \t\nb\r\n\nc\n\n", "a\r\nb\r\n\r\nc\r\n");
        check("- -----BEGIN PGP SIGNATURE-----\n", "-----BEGIN PGP SIGNATURE-----");
        check("- - x\n", "- x");
    }

    #[test]
    fn nothing_may_stand_outside_the_frame() {
        fn check(file: &str, expected: &FrameError) {
            assert_eq!(split(file).err().as_ref(), Some(expected), "{file}");
        }
        let good = format!("{BEGIN_MESSAGE}\nHash: SHA256\n\nOrigin: Debian\n{TAIL}");
        assert!(split(&good).is_ok());
        check("", &FrameError::NoFrame);
        check("Origin: Debian\n", &FrameError::NoFrame);
        check(&format!("Origin: Evil\n{good}"), &FrameError::NoFrame);
        check(&format!("\n{good}"), &FrameError::NoFrame);
        check(&format!("{good}Origin: Evil\n"), &FrameError::Broken("text behind the signature"));
        check(
            &good.replace("Hash: SHA256", "Origin: Evil"),
            &FrameError::Broken("a header other than Hash"),
        );
        check(
            &good.replace("Origin", "-Origin"),
            &FrameError::Broken("a line with an unescaped dash"),
        );
        check(
            &format!("{BEGIN_MESSAGE}\n\nOrigin: Debian\n"),
            &FrameError::Broken("no signature at the end"),
        );
        check(&good.replace(END_SIGNATURE, ""), &FrameError::Broken("a signature without end"));
    }
}
