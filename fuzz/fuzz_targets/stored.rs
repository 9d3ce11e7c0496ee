//! A hash from elsewhere is one in a known layout that costs no more than it may; what is read of it here is read by other means.
#![no_main]
use libfuzzer_sys::fuzz_target;
use nightlatch::hasher::{HashRefusal, StoredHash};

fuzz_target!(|text: &str| {
    match StoredHash::foreign(text) {
        Ok(_) => {}
        Err(HashRefusal::TooCostly) => return assert!(text.len() <= 512),
        Err(HashRefusal::Unknown | HashRefusal::Broken) => return,
    }
    assert!(text.len() <= 512 && !text.contains(char::is_control));
    let parts: Vec<&str> = text.split('$').collect();
    match parts.as_slice() {
        ["" | "argon2", "argon2d" | "argon2i" | "argon2id", costs @ ..] => {
            let of = |name| named(costs, name);
            assert!(of("m") <= 262_144 && of("m") * of("t") <= 1 << 20, "{text}");
        }
        ["", "scrypt", costs, _, _] => {
            scrypt(text, 1 << named(&[costs], "ln"), named(&[costs], "r"), named(&[costs], "p"))
        }
        ["scrypt", n, _, r, p, _] => scrypt(text, number(n), number(r), number(p)),
        ["", "pbkdf2" | "pbkdf2-sha1" | "pbkdf2-sha256" | "pbkdf2-sha512", rounds, _, _]
        | ["pbkdf2_sha256" | "pbkdf2_sha1", rounds, _, _] => pbkdf2(text, rounds),
        [.., "2a" | "2b" | "2y", cost, rest] => assert!((4..=16).contains(&number(cost)) && rest.len() == 53, "{text}"),
        [method, _, _] => match method.split(':').collect::<Vec<_>>().as_slice() {
            ["scrypt", n, r, p] => scrypt(text, number(n), number(r), number(p)),
            ["pbkdf2", "sha1" | "sha256" | "sha512", rounds] => pbkdf2(text, rounds),
            _ => panic!("{text}"),
        },
        _ => panic!("{text}"),
    }
});

fn scrypt(text: &str, n: u64, r: u64, p: u64) {
    assert!(n > 1 && n * r <= 1 << 21 && n * r * p <= 1 << 21, "{text}");
}

fn pbkdf2(text: &str, rounds: &str) {
    let rounds = rounds.trim_start_matches("i=").split(',').next().unwrap_or_default();
    assert!((1..=5_000_000).contains(&number(rounds)), "{text}");
}

/// The number after `name=`.
fn named(costs: &[&str], name: &str) -> u64 {
    let pairs = costs.iter().flat_map(|part| part.split(','));
    let value = pairs.filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| value);
    number(value.expect("a cost that is not told"))
}

fn number(text: &str) -> u64 {
    text.parse().expect("a cost that is no number")
}
