//! Randomness that a seed gives. What is decided about one lead is keyed by what it is about, not drawn
//! from one common stream: so a world from which other leads are removed goes on much as before.

/// SplitMix64, by Guy Steele, Doug Lea and Christine Flood (2014).
#[derive(Debug, Clone)]
pub struct Rng(u64);

const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

fn mixed(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// One word from several, in their order.
#[must_use]
pub fn key(parts: &[u64]) -> u64 {
    parts.iter().fold(GAMMA, |so_far, part| mixed(so_far.rotate_left(23) ^ part.wrapping_add(GAMMA)))
}

/// One word from a text (FNV-1a).
#[must_use]
pub fn word(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

impl Rng {
    /// The stream of one key.
    #[must_use]
    pub fn of(parts: &[u64]) -> Self {
        Self(key(parts))
    }

    /// The next word.
    pub fn next_word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GAMMA);
        mixed(self.0)
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(high.saturating_sub(low).max(0)).unwrap_or(0).saturating_add(1);
        low + i64::try_from(self.next_word() % span).unwrap_or(0)
    }

    /// Whether something happens that happens `of_ten_thousand` times in ten thousand.
    pub fn chance(&mut self, of_ten_thousand: u32) -> bool {
        self.next_word() % 10_000 < u64::from(of_ten_thousand)
    }

    /// One of several.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        let at = usize::try_from(self.next_word() % from.len().max(1) as u64).unwrap_or(0);
        &from[at]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_gives_the_same_stream_again_and_another_key_another() {
        let stream = |parts: &[u64]| {
            let mut rng = Rng::of(parts);
            (0..8).map(|_| rng.between(-5, 5)).collect::<Vec<_>>()
        };
        assert_eq!(stream(&[1, 2]), stream(&[1, 2]));
        assert_ne!(stream(&[1, 2]), stream(&[2, 1]));
        assert!(stream(&[3]).iter().all(|n| (-5..=5).contains(n)));
        assert_ne!(word("save"), word("lead"));
    }
}
