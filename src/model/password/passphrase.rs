//! A password to offer: four random words.

use rand::RngExt;
use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;

use super::Password;

/// 2,048 lower-case words of three to eight letters, told apart by the first four.
const WORDS: &str = include_str!("words.txt");
/// Of 2,048: 44 bits.
const COUNT: usize = 4;

/// Four words joined by `-`, each uniform from the operating system; more of them where `min_length` code points ask for more.
///
/// They are drawn again if [`Password::parse`] would refuse them, which takes next to nothing from the 44 bits.
///
/// # Panics
/// If the operating system has no random numbers to give, when nothing secret can be made at all.
pub fn suggestion(min_length: u8) -> String {
    let words: Vec<&str> = WORDS.lines().collect();
    let mut random = UnwrapErr(SysRng);
    loop {
        let mut phrase = [(); COUNT].map(|()| words[random.random_range(..words.len())]).join("-");
        while phrase.len() < usize::from(min_length) {
            phrase = phrase + "-" + words[random.random_range(..words.len())];
        }
        if Password::parse(&phrase, min_length, &[]).is_ok() {
            return phrase;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_suggestion_is_as_long_as_the_setting_asks() {
        for min_length in [8, 15, 40, 64] {
            assert!(Password::parse(&suggestion(min_length), min_length, &[]).is_ok());
        }
    }

    #[test]
    fn a_suggestion_is_four_words_of_2048_and_always_passes() {
        let words: HashSet<&str> = WORDS.lines().collect();
        assert_eq!(words.len(), 2_048);
        assert!(words.iter().all(|word| word.len() >= 3 && word.bytes().all(|byte| byte.is_ascii_lowercase())));
        let phrases: HashSet<String> = (0..1_000).map(|_| suggestion(15)).collect();
        assert_eq!(phrases.len(), 1_000);
        for phrase in phrases {
            assert_eq!(phrase.split('-').filter(|word| words.contains(word)).count(), COUNT, "{phrase}");
            assert!(
                Password::parse(&phrase, 15, &["Nightlatch", "login.example.com", "ann@example.com", "Ann"]).is_ok(),
                "{phrase}"
            );
        }
    }
}
