//! Ubuntu's phased updates: which machines get one already (apt 2.1.16 and later).
//!
//! apt draws a number for a source, its version and the machine, and keeps the update back where it is above the
//! percentage. A machine without an id, as images are, gets every update at once; and so does everybody whose update
//! brings a security fix along.

/// Whether apt keeps an update back on a machine.
pub(crate) fn is_kept_back(
    source: &str,
    source_version: &str,
    machine_id: &str,
    percentage: u8,
) -> bool {
    let seed = format!("{source}-{source_version}-{machine_id}");
    draw(seed.as_bytes()) > u32::from(percentage)
}

/// What `std::uniform_int_distribution(0, 100)` of libstdc++ draws first from a `std::minstd_rand` that a
/// `std::seed_seq` of these bytes seeded.
fn draw(seed: &[u8]) -> u32 {
    const MULTIPLIER: u64 = 48_271;
    const MODULUS: u64 = 2_147_483_647;
    const SCALE: u64 = (MODULUS - 2) / 101;

    let [.., seeded] = seed_words(seed);
    let mut state = match u64::from(seeded) % MODULUS {
        0 => 1,
        state => state,
    };
    loop {
        state = state * MULTIPLIER % MODULUS;
        // The few numbers at the end that would make the lowest results likelier are drawn again.
        let drawn = (state - 1) / SCALE;
        if drawn <= 100 {
            return drawn as u32;
        }
    }
}

/// `std::seed_seq::generate` for four words ([rand.util.seedseq] of the C++ standard).
fn seed_words(seed: &[u8]) -> [u32; 4] {
    const N: usize = 4;
    let mut words = [0x8b8b_8b8b_u32; N];
    let rounds = N.max(seed.len() + 1);
    for k in 0..rounds {
        let [here, next, after, before] = [k, k + 1, k + 2, k + N - 1].map(|at| at % N);
        let mixed = words[here] ^ words[next] ^ words[before];
        let first = 1_664_525_u32.wrapping_mul(mixed ^ (mixed >> 27));
        let added = match k.checked_sub(1).map(|at| seed.get(at)) {
            None => seed.len() as u32,
            Some(byte) => here as u32 + byte.map_or(0, |byte| u32::from(*byte)),
        };
        let second = first.wrapping_add(added);
        words[next] = words[next].wrapping_add(first);
        words[after] = words[after].wrapping_add(second);
        words[here] = second;
    }
    for k in rounds..rounds + N {
        let [here, next, after, before] = [k, k + 1, k + 2, k + N - 1].map(|at| at % N);
        let mixed = words[here].wrapping_add(words[next]).wrapping_add(words[before]);
        let first = 1_566_083_941_u32.wrapping_mul(mixed ^ (mixed >> 27));
        let second = first.wrapping_sub(here as u32);
        words[next] ^= first;
        words[after] ^= second;
        words[here] = second;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Found out with apt 2.6.1 and libstdc++; tests/apt asks apt for more where it is installed.
    #[test]
    fn machines_draw_as_with_apt() {
        fn check(source: &str, version: &str, expected: u32) {
            let machine = "0123456789abcdef0123456789abcdef";
            assert_eq!(draw(format!("{source}-{version}-{machine}").as_bytes()), expected);
            for percentage in 0..=100 {
                let is_kept = is_kept_back(source, version, machine, percentage);
                assert_eq!(is_kept, u32::from(percentage) < expected, "{percentage}");
            }
        }
        check("s0", "1.0-2", 56);
        check("s1", "1.1-2", 19);
        check("openssl", "3.0.13-0ubuntu3.16", 44);
    }
}
