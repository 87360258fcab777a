//! Armoured blocks one behind another, as `cat` makes them and GnuPG reads them.

/// The blocks of a file that begin with this line; a file without one, such as a binary one, is one block.
pub(crate) fn blocks<'f>(file: &'f [u8], begin: &[u8]) -> Vec<&'f [u8]> {
    let begins: Vec<usize> = file
        .windows(begin.len())
        .enumerate()
        .filter(|&(at, window)| window == begin && (at == 0 || file.get(at - 1) == Some(&b'\n')))
        .map(|(at, _)| at)
        .collect();
    if begins.is_empty() {
        return vec![file];
    }
    let ends = begins.iter().skip(1).copied().chain([file.len()]);
    begins.iter().zip(ends).filter_map(|(&begin, end)| file.get(begin..end)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_begin_at_the_beginning_of_lines() {
        fn check(file: &str, expected: &[&str]) {
            let found = blocks(file.as_bytes(), b"<<");
            let found: Vec<_> = found.iter().map(|block| str::from_utf8(block).unwrap()).collect();
            assert_eq!(found, expected);
        }
        check("", &[""]);
        check("a << b", &["a << b"]);
        check("x\n<<1\n<<2 <<\n", &["<<1\n", "<<2 <<\n"]);
    }
}
