//! Numbers and byte strings as facts files hold them: LEB128 lengths, then the bytes.

/// Writes values one behind the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Encoder {
    bytes: Vec<u8>,
}

/// The bytes are not what an [`Encoder`] wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed facts")]
pub(crate) struct Malformed;

impl Encoder {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    pub(crate) fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }

    /// Bytes without a length: the reader knows how many.
    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.raw(bytes);
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// Zero for none, else the length plus one and the text.
    pub(crate) fn option(&mut self, text: Option<&str>) {
        match text {
            None => self.number(0),
            Some(text) => {
                self.number(text.len() as u64 + 1);
                self.raw(text.as_bytes());
            }
        }
    }
}

/// Reads what an [`Encoder`] wrote, borrowing from it. Every length is checked against what is
/// left.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Decoder<'a> {
    rest: &'a [u8],
}

impl<'a> Decoder<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Everything not yet read.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Malformed> {
        let (&byte, rest) = self.rest.split_first().ok_or(Malformed)?;
        self.rest = rest;
        Ok(byte)
    }

    pub(crate) fn number(&mut self) -> Result<u64, Malformed> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f).checked_shl(shift).ok_or(Malformed)?;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Malformed)
    }

    /// A number that counts things in memory.
    pub(crate) fn size(&mut self) -> Result<usize, Malformed> {
        usize::try_from(self.number()?).map_err(|_| Malformed)
    }

    pub(crate) fn raw(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or(Malformed)?;
        self.rest = rest;
        Ok(bytes)
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.size()?;
        self.raw(length)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, Malformed> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Malformed)
    }

    pub(crate) fn option(&mut self) -> Result<Option<&'a str>, Malformed> {
        match self.size()? {
            0 => Ok(None),
            length => std::str::from_utf8(self.raw(length - 1)?).map(Some).map_err(|_| Malformed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_survive_and_cuts_are_noticed() {
        let mut encoder = Encoder::default();
        for number in [0, 1, 127, 128, 300, u64::MAX] {
            encoder.number(number);
        }
        encoder.text("aé");
        encoder.option(None);
        encoder.option(Some(""));
        encoder.option(Some("x"));
        encoder.byte(9);
        let bytes = encoder.into_bytes();
        let read = |bytes: &[u8]| -> Result<(), Malformed> {
            let mut decoder = Decoder::new(bytes);
            for number in [0, 1, 127, 128, 300, u64::MAX] {
                assert_eq!(decoder.number()?, number);
            }
            assert_eq!(decoder.text()?, "aé");
            assert_eq!(decoder.option()?, None);
            assert_eq!(decoder.option()?, Some(""));
            assert_eq!(decoder.option()?, Some("x"));
            assert_eq!(decoder.byte()?, 9);
            assert!(decoder.is_empty());
            Ok(())
        };
        assert_eq!(read(&bytes), Ok(()));
        for cut in 0..bytes.len() {
            assert_eq!(read(&bytes[..cut]), Err(Malformed), "cut at {cut}");
        }
        assert_eq!(Decoder::new(&[0xff; 11]).number(), Err(Malformed));
        assert_eq!(Decoder::new(&[2, 0xff, 0xff]).text(), Err(Malformed));
    }
}
