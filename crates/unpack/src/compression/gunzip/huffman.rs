//! Decoding tables of deflate's Huffman codes.
//!
//! A table is indexed by the next bits of the stream. Its first part is indexed by as many bits as
//! most codes have; for longer codes it points to a subtable behind it. An entry tells everything
//! about its symbol, so that one look-up serves code, base value and extra bits:
//!
//! ```text
//! bit 31     literal: the byte is in bits 16..24
//! bits 16..  length or distance without its extra bits, or where the subtable starts
//! bit 15     exceptional: bit 14 subtable, bit 13 end of block, neither: invalid code
//! bits 8..12 bits of the code alone, or index bits of the subtable
//! bits 0..8  bits to consume: the code (what is left of it, in a subtable) and its extra bits
//! ```

pub(super) const LITERAL: u32 = 1 << 31;
pub(super) const EXCEPTIONAL: u32 = 1 << 15;
pub(super) const SUBTABLE: u32 = 1 << 14;
pub(super) const END_OF_BLOCK: u32 = 1 << 13;

/// Index bits of the first part of each table.
pub(super) const LITLEN_BITS: u32 = 11;
pub(super) const DISTANCE_BITS: u32 = 8;
pub(super) const PRECODE_BITS: u32 = 7;

/// Entries of each table: zlib's `enough` says that these need 2342, 402 and 128 at most. Powers of
/// two, so that a masked index needs no check.
pub(super) const LITLEN_ENTRIES: usize = 4096;
pub(super) const DISTANCE_ENTRIES: usize = 512;
pub(super) const PRECODE_ENTRIES: usize = 128;

pub(super) const LITLEN_SYMBOLS: usize = 288;
pub(super) const DISTANCE_SYMBOLS: usize = 32;
pub(super) const PRECODE_SYMBOLS: usize = 19;

/// The code lengths form no prefix code.
pub(super) struct BadCode;

/// Fills `table` for the canonical code with these lengths (0: the symbol is not used).
///
/// A code must use up its space, with the two exceptions that Go's reader allows: no symbol at all
/// and one symbol of one bit. What is left over then decodes to an invalid entry.
pub(super) fn build(
    table: &mut [u32],
    index_bits: u32,
    lengths: &[u8],
    symbols: &[u32],
) -> Result<(), BadCode> {
    let mut counts = [0u16; 16];
    for &length in lengths {
        counts[usize::from(length & 15)] += 1;
    }
    counts[0] = 0;
    let mut next = [0u16; 16];
    let mut space = 0u32;
    for length in 1..16 {
        next[length] = next[length - 1] + counts[length - 1];
        space += u32::from(counts[length]) << (15 - length);
    }
    if space != 1 << 15 {
        let is_allowed = space == 0 || (space == 1 << 14 && counts[1] == 1);
        if !is_allowed {
            return Err(BadCode);
        }
        table[..1 << index_bits].fill(EXCEPTIONAL);
        if let Some(only) = lengths.iter().position(|&length| length == 1) {
            let entry = entry(symbols[only], 1);
            table[..1 << index_bits].iter_mut().step_by(2).for_each(|slot| *slot = entry);
        }
        return Ok(());
    }

    let mut sorted = [0u16; LITLEN_SYMBOLS];
    for (symbol, &length) in lengths.iter().enumerate() {
        if length != 0 {
            let slot = &mut next[usize::from(length & 15)];
            sorted[usize::from(*slot)] = symbol as u16;
            *slot += 1;
        }
    }
    let mut sorted = sorted.iter().map(|&symbol| symbols[usize::from(symbol)]);

    // The code words in order, each with its first bit lowest, as the stream has them.
    let mut code = 0;
    for length in 1..=index_bits {
        // What shorter codes filled in holds for both values of one more bit.
        let half = 1 << (length - 1);
        table.copy_within(..half, half);
        for symbol in sorted.by_ref().take(usize::from(counts[length as usize])) {
            table[code] = entry(symbol, length);
            code = successor(code, length);
        }
    }

    let mut subtable_start = 1 << index_bits;
    let (mut subtable_bits, mut prefix) = (0, usize::MAX);
    for length in index_bits + 1..16 {
        for n in (1..=counts[length as usize]).rev() {
            let Some(symbol) = sorted.next() else { return Err(BadCode) };
            if code & ((1 << index_bits) - 1) != prefix {
                // As many bits as it takes until the codes behind this prefix are used up.
                prefix = code & ((1 << index_bits) - 1);
                subtable_start += if subtable_bits == 0 { 0 } else { 1 << subtable_bits };
                subtable_bits = length - index_bits;
                let mut space = u32::from(n);
                while space < 1 << subtable_bits {
                    subtable_bits += 1;
                    let longer = counts.get((index_bits + subtable_bits) as usize);
                    space = (space << 1) + longer.map_or(1, |&count| u32::from(count));
                }
                table[prefix] = (subtable_start as u32) << 16
                    | EXCEPTIONAL
                    | SUBTABLE
                    | subtable_bits << 8
                    | index_bits;
            }
            let rest = length - index_bits;
            let slots = subtable_start..subtable_start + (1 << subtable_bits);
            let slots = table.get_mut(slots).ok_or(BadCode)?;
            let slots = slots.iter_mut().skip(code >> index_bits).step_by(1 << rest);
            slots.for_each(|slot| *slot = entry(symbol, rest));
            code = successor(code, length);
        }
    }
    Ok(())
}

fn entry(symbol: u32, code_length: u32) -> u32 {
    symbol + (code_length << 8) + code_length
}

/// The next code word of `length` bits in canonical order: plus one, counted from the other end.
fn successor(code: usize, length: u32) -> usize {
    let zeros = !code & ((1 << length) - 1);
    match zeros.checked_ilog2() {
        Some(highest) => (code & ((1 << highest) - 1)) | 1 << highest,
        None => code,
    }
}

/// RFC 1951, 3.2.5.
pub(super) const LITLEN: [u32; LITLEN_SYMBOLS] = {
    let mut symbols = [EXCEPTIONAL; LITLEN_SYMBOLS];
    let mut byte = 0;
    while byte < 256 {
        symbols[byte] = LITERAL | (byte as u32) << 16;
        byte += 1;
    }
    symbols[256] = EXCEPTIONAL | END_OF_BLOCK;
    let (mut n, mut base) = (0, 3);
    while n < 28 {
        let extra = if n < 8 { 0 } else { n as u32 / 4 - 1 };
        symbols[257 + n] = base << 16 | extra;
        base += 1 << extra;
        n += 1;
    }
    symbols[285] = 258 << 16;
    symbols
};

pub(super) const DISTANCE: [u32; DISTANCE_SYMBOLS] = {
    let mut symbols = [EXCEPTIONAL; DISTANCE_SYMBOLS];
    let (mut n, mut base) = (0, 1);
    while n < 30 {
        let extra = if n < 4 { 0 } else { n as u32 / 2 - 1 };
        symbols[n] = base << 16 | extra;
        base += 1 << extra;
        n += 1;
    }
    symbols
};

pub(super) const PRECODE: [u32; PRECODE_SYMBOLS] = {
    let mut symbols = [0; PRECODE_SYMBOLS];
    let mut n = 0;
    while n < PRECODE_SYMBOLS {
        symbols[n] = (n as u32) << 16;
        n += 1;
    }
    symbols
};

/// RFC 1951, 3.2.6.
pub(super) const FIXED_LITLEN: [u8; LITLEN_SYMBOLS] = {
    let mut lengths = [8; LITLEN_SYMBOLS];
    let mut n = 144;
    while n < 280 {
        lengths[n] = if n < 256 { 9 } else { 7 };
        n += 1;
    }
    lengths
};
pub(super) const FIXED_DISTANCE: [u8; DISTANCE_SYMBOLS] = [5; DISTANCE_SYMBOLS];
