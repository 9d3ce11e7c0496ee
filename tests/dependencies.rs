//! What the program is linked from: the crates that do cryptography are those we know of, and the report on `unsafe` is of these versions.
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::Command,
};

use serde_json::Value;

/// Every crate with cryptography in it, and what it is here for. SECURITY.md names the algorithms.
const CRYPTOGRAPHY: [(&str, &[&str]); 9] = [
    ("keys, seals, keyed hashes, signatures, and the ciphers of TLS", &["aws-lc-rs", "aws-lc-sys"]),
    ("tokens", &["jsonwebtoken", "signature"]),
    ("passwords", &["argon2", "base64ct", "blake2", "password-hash", "phc"]),
    (
        "passwords of imported accounts, until their owners sign in",
        &["bcrypt", "blowfish", "cipher", "inout", "pbkdf2", "salsa20", "scrypt"],
    ),
    ("TLS", &["rustls", "rustls-native-certs", "rustls-pki-types", "rustls-webpki", "tokio-rustls", "webpki-roots"]),
    ("codes of authenticator apps, which take HMAC-SHA-1", &["constant_time_eq", "sha1", "totp-rs"]),
    ("signing in to PostgreSQL (SCRAM-SHA-256, or MD5 where it asks for that)", &["hkdf", "hmac", "md-5", "sha2"]),
    ("random numbers: the operating system's, and jitter", &["chacha20", "fastrand", "getrandom", "rand", "rand_core"]),
    (
        "parts of the others: traits, constant time, wiping",
        &["block-buffer", "cmov", "const-oid", "crypto-common", "ctutils", "digest", "subtle", "zeroize"],
    ),
];

/// Parts of names by which a crate is suspected, beside what it says of itself.
const SUSPECT: [&str; 10] =
    ["aws-lc", "cipher", "crypt", "jsonwebtoken", "otp", "rand", "ring", "rsa", "tls", "webpki"];

/// Named like it, and none.
const HARMLESS: [&str; 2] = ["inlinable_string", "stringprep"];

/// Name and version of every crate that is linked, but for ours.
fn linked() -> BTreeSet<(String, String)> {
    let said = cargo(&[
        "tree",
        "--edges",
        "normal,no-proc-macro",
        "--target",
        PLATFORM,
        "--prefix",
        "none",
        "--format",
        "{p}",
    ]);
    let pairs = said.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        Some((words.next()?.to_owned(), words.next()?.trim_start_matches('v').to_owned()))
    });
    pairs.filter(|(name, _)| name != env!("CARGO_PKG_NAME")).collect()
}

/// One and the same everywhere, since what is linked differs.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .args(["--locked", "--color", "never"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn does_cryptography(crate_: &Value) -> bool {
    let says = |list: &str, words: &[&str]| {
        crate_[list].as_array().unwrap().iter().any(|word| words.contains(&word.as_str().unwrap()))
    };
    let name = crate_["name"].as_str().unwrap();
    let named = SUSPECT.iter().any(|part| name.contains(part)) && !HARMLESS.contains(&name);
    named || says("categories", &["cryptography"]) || says("keywords", &["crypto", "cryptography", "rng"])
}

#[test]
fn the_crates_that_do_cryptography_are_those_we_know_of() {
    let linked: BTreeSet<String> = linked().into_iter().map(|(name, _)| name).collect();
    let known: BTreeMap<&str, &str> =
        CRYPTOGRAPHY.iter().flat_map(|(purpose, names)| names.iter().map(|name| (*name, *purpose))).collect();
    let gone: Vec<&&str> = known.keys().filter(|name| !linked.contains(**name)).collect();
    assert!(gone.is_empty(), "no longer linked: {gone:?}");
    let metadata = cargo(&["metadata", "--format-version", "1", "--filter-platform", PLATFORM]);
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    let crates = metadata["packages"].as_array().unwrap().iter().filter(|found| does_cryptography(found));
    let names = crates.map(|found| found["name"].as_str().unwrap()).filter(|name| linked.contains(*name));
    let new: BTreeSet<&str> = names.filter(|name| !known.contains_key(name)).collect();
    assert!(new.is_empty(), "what are these for? {new:?}");
}

#[test]
fn the_report_on_unsafe_code_is_of_these_versions() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/unsafe.csv");
    let mut reader = csv::Reader::from_path(&file).unwrap();
    let reported: BTreeSet<(String, String)> = reader
        .records()
        .map(|record| {
            let record = record.unwrap();
            assert!(record[2].parse::<u32>().is_ok(), "{record:?}");
            (record[0].to_owned(), record[1].to_owned())
        })
        .collect();
    let linked = linked();
    let wrong: Vec<_> = reported.symmetric_difference(&linked).collect();
    assert!(wrong.is_empty(), "`scripts/unsafe >docs/unsafe.csv`, and look at what grew: {wrong:?}");
    assert!(fs::read_to_string("Cargo.toml").unwrap().contains("unsafe_code = \"forbid\""));
}
