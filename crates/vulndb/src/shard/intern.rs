//! Each byte string once, while a shard is being collected.

use std::collections::HashMap;
use std::sync::Arc;

/// The number of a string.
pub(super) type Name = u32;

#[derive(Default)]
pub(super) struct Interner {
    numbers: HashMap<Arc<[u8]>, Name>,
    strings: Vec<Arc<[u8]>>,
}

impl Interner {
    /// The number of a string, the same for the same bytes. Numbers never run out: each takes more
    /// than 40 bytes of memory, and a feed is bounded well below 2^32 of them.
    pub(super) fn add(&mut self, string: impl AsRef<[u8]>) -> Name {
        let string = string.as_ref();
        if let Some(&number) = self.numbers.get(string) {
            return number;
        }
        let string: Arc<[u8]> = string.into();
        let number = Name::try_from(self.strings.len()).unwrap_or(Name::MAX);
        self.strings.push(Arc::clone(&string));
        self.numbers.insert(string, number);
        number
    }

    pub(super) fn get(&self, number: Name) -> &[u8] {
        self.strings.get(number as usize).map_or(&[], |string| string)
    }
}
