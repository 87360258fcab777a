//! Deflate (RFC 1951), decoded into a sliding window.
//!
//! The decoder pulls its input, so it never has to stop inside a symbol. Where input and window
//! have room for whatever a symbol may need, `decode_fast` does nearly all of the work; the last
//! bytes of each piece of input go through its careful twin, `decode_symbol`.
//!
//! The fast loop follows libdeflate: 64 bits at hand, one table look-up per symbol, several
//! literals per refill, the next look-up started before a match is copied.

use std::io::{self, BufRead, ErrorKind};

use super::bits::{Bits, fill_buf};
use super::huffman::{
    BadCode, DISTANCE, DISTANCE_BITS, DISTANCE_ENTRIES, END_OF_BLOCK, EXCEPTIONAL, FIXED_DISTANCE,
    FIXED_LITLEN, LITERAL, LITLEN, LITLEN_BITS, LITLEN_ENTRIES, PRECODE, PRECODE_BITS,
    PRECODE_ENTRIES, PRECODE_SYMBOLS, SUBTABLE, build,
};

/// A stream being decoded.
pub(super) struct Inflate {
    litlen: Box<[u32; LITLEN_ENTRIES]>,
    distance: Box<[u32; DISTANCE_ENTRIES]>,
    window: Box<[u8; WINDOW_BYTES]>,
    /// Where the bytes of this stream start: matches refer to nothing before.
    history_start: usize,
    /// Where the decoded bytes end.
    end: usize,
    block: Block,
    is_last_block: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    /// A block's header comes next, or the end of the stream.
    None,
    Stored {
        left: usize,
    },
    Coded,
}

/// Why decoding symbols stopped.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stop {
    EndOfBlock,
    /// More room or more input is needed.
    Room,
}

/// Distances reach this far back.
const HISTORY_BYTES: usize = 32 << 10;

/// The window is full when this much lies behind the history: all of it stays in L2.
const PIECE_BYTES: usize = 256 << 10;

const FULL: usize = HISTORY_BYTES + PIECE_BYTES;

/// Behind `FULL` there is room for one more round of the loop: two literals, the longest match
/// (258), and what copying in steps of 16 bytes writes too far.
const WINDOW_BYTES: usize = FULL + 512;

/// One round of the fast loop reads 8 bytes twice, and advances by at most 7 in between.
const FAST_INPUT_BYTES: usize = 16;

/// Code and extra bits of a distance: 15 and 13.
const MAX_DISTANCE_BITS: u32 = 28;

/// No code is longer.
const MAX_CODE_BITS: u32 = 15;

const LITLEN_MASK: usize = (1 << LITLEN_BITS) - 1;
const DISTANCE_MASK: usize = (1 << DISTANCE_BITS) - 1;

impl Inflate {
    /// Memory of one decoder, in bytes.
    pub(super) const STATE_BYTES: usize =
        WINDOW_BYTES + (LITLEN_ENTRIES + DISTANCE_ENTRIES) * size_of::<u32>();

    pub(super) fn new() -> Self {
        Self {
            litlen: boxed(),
            distance: boxed(),
            window: boxed(),
            history_start: 0,
            end: 0,
            block: Block::None,
            is_last_block: false,
        }
    }

    /// Begins a new stream behind what the window already holds.
    pub(super) fn restart(&mut self) {
        self.history_start = self.end;
        self.block = Block::None;
        self.is_last_block = false;
    }

    /// Whether the stream's last block is decoded.
    pub(super) fn is_done(&self) -> bool {
        self.is_last_block && self.block == Block::None
    }

    /// Where the decoded bytes end in the window.
    pub(super) fn end(&self) -> usize {
        self.end
    }

    /// The decoded bytes that the window still holds from `start` on.
    pub(super) fn decoded(&self, start: usize) -> &[u8] {
        self.window.get(start..self.end).unwrap_or_default()
    }

    /// Forgets all but the history if the window is full.
    pub(super) fn make_room(&mut self) {
        if self.end >= FULL {
            let moved = self.end - HISTORY_BYTES;
            self.window.copy_within(moved..self.end, 0);
            self.end = HISTORY_BYTES;
            self.history_start = self.history_start.saturating_sub(moved);
        }
    }

    /// Decodes until the window is full or the stream has ended.
    pub(super) fn run(&mut self, bits: &mut Bits, source: &mut impl BufRead) -> io::Result<()> {
        while self.end < FULL && !self.is_done() {
            match self.block {
                Block::None => self.start_block(bits, source)?,
                Block::Stored { left } => {
                    let room = left.min(FULL - self.end);
                    let n = bits.read(&mut self.window[self.end..self.end + room], source)?;
                    self.end += n;
                    self.block = stored(left - n);
                }
                Block::Coded => {
                    bits.fill(source)?;
                    let input = fill_buf(source)?;
                    let stop = if input.len() >= FAST_INPUT_BYTES {
                        let (used, stop) = self.decode_fast(bits, input)?;
                        source.consume(used);
                        stop
                    } else {
                        self.decode_symbol(bits)?
                    };
                    if stop == Stop::EndOfBlock {
                        self.block = Block::None;
                    }
                }
            }
        }
        Ok(())
    }

    fn start_block(&mut self, bits: &mut Bits, source: &mut impl BufRead) -> io::Result<()> {
        let header = bits.take(3, source)?;
        self.is_last_block = header & 1 == 1;
        match header >> 1 {
            0 => {
                bits.align();
                let (length, complement) = (bits.take(16, source)?, bits.take(16, source)?);
                if length != complement ^ 0xffff {
                    return Err(corrupt("length of a stored block"));
                }
                self.block = stored(length as usize);
            }
            1 => {
                self.set_codes(&FIXED_LITLEN, &FIXED_DISTANCE)?;
                self.block = Block::Coded;
            }
            2 => {
                self.read_codes(bits, source)?;
                self.block = Block::Coded;
            }
            _ => return Err(corrupt("block type")),
        }
        Ok(())
    }

    /// RFC 1951, 3.2.7.
    fn read_codes(&mut self, bits: &mut Bits, source: &mut impl BufRead) -> io::Result<()> {
        const ORDER: [usize; PRECODE_SYMBOLS] =
            [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
        let n_litlen = bits.take(5, source)? as usize + 257;
        let n_distance = bits.take(5, source)? as usize + 1;
        let n_precode = bits.take(4, source)? as usize + 4;
        if n_litlen > 286 || n_distance > 30 {
            return Err(corrupt("number of codes"));
        }
        let mut precode_lengths = [0; PRECODE_SYMBOLS];
        for &symbol in ORDER.iter().take(n_precode) {
            precode_lengths[symbol] = bits.take(3, source)? as u8;
        }
        let mut precode = [0; PRECODE_ENTRIES];
        build(&mut precode, PRECODE_BITS, &precode_lengths, &PRECODE)
            .map_err(|BadCode| corrupt("code of code lengths"))?;

        let mut lengths = [0; 286 + 30];
        let lengths = &mut lengths[..n_litlen + n_distance];
        let mut n = 0;
        while n < lengths.len() {
            let entry = precode[bits.peek(PRECODE_BITS, source)? as usize % PRECODE_ENTRIES];
            if entry & EXCEPTIONAL != 0 {
                return Err(corrupt("code length"));
            }
            bits.consume(entry & 0xff)?;
            let (length, repeat) = match entry >> 16 {
                length @ 0..=15 => (length as u8, 1),
                16 => match n.checked_sub(1) {
                    Some(previous) => (lengths[previous], 3 + bits.take(2, source)?),
                    None => return Err(corrupt("repetition of code lengths")),
                },
                17 => (0, 3 + bits.take(3, source)?),
                _ => (0, 11 + bits.take(7, source)?),
            };
            let end = n + repeat as usize;
            let slots = lengths.get_mut(n..end);
            slots.ok_or_else(|| corrupt("repetition of code lengths"))?.fill(length);
            n = end;
        }
        let (litlen, distance) = lengths.split_at(n_litlen);
        self.set_codes(litlen, distance)
    }

    fn set_codes(&mut self, litlen: &[u8], distance: &[u8]) -> io::Result<()> {
        build(&mut *self.litlen, LITLEN_BITS, litlen, &LITLEN)
            .map_err(|BadCode| corrupt("code of literals"))?;
        build(&mut *self.distance, DISTANCE_BITS, distance, &DISTANCE)
            .map_err(|BadCode| corrupt("code of distances"))
    }

    /// Decodes symbols while there is enough input and room for any; returns the bytes used.
    fn decode_fast(&mut self, bits: &mut Bits, input: &[u8]) -> io::Result<(usize, Stop)> {
        let (litlen, distances, window) = (&*self.litlen, &*self.distance, &mut *self.window);
        let history_start = self.history_start;
        let (mut word, mut count) = (bits.word, bits.count);
        let (mut at, mut end) = (0, self.end);
        let mut stop = Stop::Room;

        // Tops up to at least 56 bits. What `word` holds above `count` bits are already the first
        // bits of the next input; setting them once more changes nothing. Of `count` only the
        // lowest six bits count: what `consume` borrows from those above is never looked at.
        macro_rules! refill {
            () => {
                let Some(next) = input[at..].first_chunk() else { break };
                word |= u64::from_le_bytes(*next) << (count & 63);
                at += 7 - (count >> 3 & 7) as usize;
                count |= 56;
            };
        }
        macro_rules! consume {
            ($entry:expr) => {
                word >>= $entry & 63;
                count = count.wrapping_sub($entry);
            };
        }
        macro_rules! literal {
            ($entry:expr) => {
                window[end] = ($entry >> 16) as u8;
                end += 1;
                consume!($entry);
            };
        }

        loop {
            // The look-up comes before the topping up, which it need not wait for: each way here
            // leaves LITLEN_BITS bits at hand.
            let mut entry = litlen[word as usize & LITLEN_MASK];
            if end >= FULL || input.len() - at < FAST_INPUT_BYTES {
                break;
            }
            refill!();
            if entry & LITERAL != 0 {
                // 11 bits each: after two of them there are enough for a length, or one more.
                literal!(entry);
                entry = litlen[word as usize & LITLEN_MASK];
                if entry & LITERAL != 0 {
                    literal!(entry);
                    entry = litlen[word as usize & LITLEN_MASK];
                    if entry & LITERAL != 0 {
                        literal!(entry);
                        continue;
                    }
                }
            }
            if entry & EXCEPTIONAL != 0 {
                if entry & SUBTABLE != 0 {
                    consume!(entry);
                    entry = subentry(litlen, entry, word);
                    if entry & LITERAL != 0 {
                        literal!(entry);
                        continue;
                    }
                }
                if entry & END_OF_BLOCK != 0 {
                    consume!(entry);
                    stop = Stop::EndOfBlock;
                    break;
                }
                if entry & EXCEPTIONAL != 0 {
                    return Err(corrupt("literal or length"));
                }
            }
            let length = value(entry, word);
            consume!(entry);

            if count & 63 < MAX_DISTANCE_BITS + LITLEN_BITS {
                refill!();
            }
            let mut entry = distances[word as usize & DISTANCE_MASK];
            if entry & EXCEPTIONAL != 0 {
                if entry & SUBTABLE != 0 {
                    consume!(entry);
                    entry = subentry(distances, entry, word);
                }
                if entry & EXCEPTIONAL != 0 {
                    return Err(corrupt("distance"));
                }
            }
            let distance = value(entry, word);
            consume!(entry);
            if distance > end - history_start {
                return Err(corrupt("distance: before the start"));
            }
            copy_match(window, end, distance, length);
            end += length;
        }
        self.end = end;
        bits.count = count & 63;
        bits.word = word & ((1 << bits.count) - 1);
        Ok((at, stop))
    }

    /// Decodes one symbol from the bits at hand.
    fn decode_symbol(&mut self, bits: &mut Bits) -> io::Result<Stop> {
        let entry = look_up(&self.litlen, LITLEN_BITS, bits)?;
        if entry & LITERAL != 0 {
            bits.consume(entry & 0xff)?;
            self.window[self.end] = (entry >> 16) as u8;
            self.end += 1;
            return Ok(Stop::Room);
        }
        if entry & END_OF_BLOCK != 0 {
            bits.consume(entry & 0xff)?;
            return Ok(Stop::EndOfBlock);
        }
        if entry & EXCEPTIONAL != 0 {
            return Err(corrupt("literal or length"));
        }
        let length = value(entry, bits.word);
        bits.consume(entry & 0xff)?;
        let entry = look_up(&self.distance, DISTANCE_BITS, bits)?;
        if entry & EXCEPTIONAL != 0 {
            return Err(corrupt("distance"));
        }
        let distance = value(entry, bits.word);
        bits.consume(entry & 0xff)?;
        if distance > self.end - self.history_start {
            return Err(corrupt("distance: before the start"));
        }
        copy_match(&mut self.window, self.end, distance, length);
        self.end += length;
        Ok(Stop::Room)
    }
}

fn stored(left: usize) -> Block {
    if left == 0 { Block::None } else { Block::Stored { left } }
}

/// The next symbol's entry. The bits of its subtable's index are consumed already.
fn look_up<const N: usize>(table: &[u32; N], index_bits: u32, bits: &mut Bits) -> io::Result<u32> {
    let mut entry = table[bits.word as usize & ((1 << index_bits) - 1)];
    if entry & SUBTABLE != 0 {
        bits.consume(entry & 0xff)?;
        entry = subentry(table, entry, bits.word);
    }
    if entry & (EXCEPTIONAL | END_OF_BLOCK) == EXCEPTIONAL && bits.count < MAX_CODE_BITS {
        // The stream ends here: what looks like a wrong code are the zeros behind it.
        return Err(ErrorKind::UnexpectedEof.into());
    }
    Ok(entry)
}

#[inline(always)]
fn subentry<const N: usize>(table: &[u32; N], entry: u32, word: u64) -> u32 {
    let index = word as usize & ((1 << (entry >> 8 & 15)) - 1);
    table[((entry >> 16) as usize + index) % N]
}

/// The base value of an entry plus its extra bits, which follow the code.
#[inline(always)]
fn value(entry: u32, word: u64) -> usize {
    let code_and_extra = word & ((1 << (entry & 63)) - 1);
    (entry >> 16) as usize + (code_and_extra >> (entry >> 8 & 15)) as usize
}

/// Appends a match at `start`; what lies behind its end is overwritten as well.
#[inline(always)]
fn copy_match(window: &mut [u8; WINDOW_BYTES], start: usize, distance: usize, length: usize) {
    let end = start + length;
    let (mut from, mut to) = (start - distance, start);
    if distance >= 16 {
        loop {
            window.copy_within(from..from + 16, to);
            (from, to) = (from + 16, to + 16);
            if to >= end {
                break;
            }
        }
    } else if distance == 1 {
        let byte = window[from];
        window[start..end].fill(byte);
    } else {
        // Of each step the first `step` bytes are right; the others are written again by the next.
        let step = distance.min(8);
        loop {
            window.copy_within(from..from + 8, to);
            (from, to) = (from + step, to + step);
            if to >= end {
                break;
            }
        }
    }
}

pub(super) fn corrupt(what: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, format!("invalid {what}"))
}

/// An array that never lies on the stack.
fn boxed<T: Copy + Default, const N: usize>() -> Box<[T; N]> {
    match vec![T::default(); N].into_boxed_slice().try_into() {
        Ok(array) => array,
        Err(_) => unreachable!("a vector of N elements is an array of N"),
    }
}
