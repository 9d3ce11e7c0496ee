//! What the repository holds, by the list that git has: no key, and no secret that would be taken.
use std::{fs, path::Path, process::Command};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD},
};
use nightlatch::secret::Secret;

/// Beginnings of keys that strangers hand out, and how many letters and digits follow at least.
const KEYS: [(&str, usize); 7] =
    [("AKIA", 16), ("ASIA", 16), ("AIza", 35), ("ghp_", 36), ("github_pat_", 22), ("xoxb-", 10), ("sk_live_", 20)];

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_-".contains(c)
}

/// What in this text should not be known to everybody.
fn secrets(text: &str) -> Vec<String> {
    // In two parts, or this file would hold one.
    let block = ["PRIVATE", "KEY-----"].join(" ");
    let mut found: Vec<String> = text.lines().filter(|line| line.contains(&block)).map(str::to_owned).collect();
    for (begin, length) in KEYS {
        let follows = |(at, _)| text[at + begin.len()..].chars().take_while(|c| is_word(*c)).count() >= length;
        found.extend(text.match_indices(begin).filter(|at| follows(*at)).map(|(_, begin)| begin.to_owned()));
    }
    for line in text.lines() {
        // Under another name, only what looks like one of 32 bytes: longer ones are checksums.
        let named = line.to_ascii_uppercase().contains("SECRET_KEY");
        for word in line.split(|c: char| !(c.is_ascii_alphanumeric() || "+/=".contains(c))) {
            let (body, padded) = (word.trim_end_matches('='), word.ends_with('='));
            let body = body.rsplit('=').next().unwrap_or_default();
            let bytes = STANDARD_NO_PAD.decode(body).unwrap_or_default();
            if bytes.len() >= 32 && (named || padded && bytes.len() == 32) && Secret::may_be_random(&bytes) {
                found.push(word.to_owned());
            }
        }
    }
    found
}

#[test]
fn nothing_in_the_repository_is_a_secret() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let listed = Command::new("git").args(["ls-files", "-z"]).current_dir(root).output();
    let listed = listed.expect("git is needed to know what is in the repository; Debian: git");
    assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
    let names = String::from_utf8(listed.stdout).unwrap();
    let mut read = 0;
    for name in names.split_terminator('\0') {
        // Pictures are no text, and what was deleted is not there.
        let Ok(text) = fs::read_to_string(root.join(name)) else { continue };
        assert_eq!(secrets(&text), [""; 0], "{name} holds what only its owner should");
        read += 1;
    }
    assert!(read > 300, "{read} files were looked through");
}

#[test]
fn a_planted_secret_is_found() {
    let drawn = STANDARD.encode(*Secret::draw());
    let long = STANDARD.encode([*Secret::draw(), *Secret::draw()].concat());
    for planted in [
        format!("-----BEGIN EC PRIVATE {}-----", "KEY"),
        format!("id = {}{}", "AKIA", "ABCDEFGHIJKLMNOP"),
        format!("token: {}{}", "ghp_", "a".repeat(36)),
        format!("NIGHTLATCH_SECRET_KEY={drawn}"),
        format!("const SECRET: &str = \"{drawn}\";"),
        format!("secret_key: {drawn}"),
        format!("SECRET_KEY={long}"),
    ] {
        assert_eq!(secrets(&format!("before\n{planted}\nafter")).len(), 1, "{planted}");
    }
    let sample = STANDARD.encode(b"this is a sample, and no program takes it");
    assert_eq!(secrets(&format!("NIGHTLATCH_SECRET_KEY={sample}")), [""; 0]);
}
