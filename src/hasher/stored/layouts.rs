//! How others write hashes down. Small and strict: what is not read whole is refused.
use argon2::{
    Algorithm, ParamsBuilder, Version,
    password_hash::phc::{ParamsString, PasswordHash},
};
use base64::{
    Engine,
    alphabet::BCRYPT,
    engine::{
        DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig,
        general_purpose::{STANDARD, STANDARD_NO_PAD},
    },
};

use super::{Digest, HashRefusal, Scheme, StoredHash, hex};

/// Longer than the longest of them.
const MAX_BYTES: usize = 512;

/// Bytes of an Argon2 tag. A shorter one would be matched by chance.
const TAG: std::ops::RangeInclusive<usize> = 16..=64;

/// Bytes of a tag of scrypt, in PHC strings and elsewhere. Unlike Argon2's, one that was cut would still match; so would PBKDF2's, which
/// are as long as the digest.
const SCRYPT_PHC_TAGS: &[usize] = &[32, 64];
const SCRYPT_TAGS: &[usize] = &[64];

/// The costs that bcrypt knows.
const BCRYPT_COSTS: std::ops::RangeInclusive<u32> = 4..=31;

/// Salts of 22 characters hold 4 bits more than 16 bytes; some programs have left them as they came.
const LENIENT_BCRYPT: GeneralPurpose = GeneralPurpose::new(
    &BCRYPT,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true),
);

type Read<T> = Result<T, HashRefusal>;

pub(super) fn read(text: &str) -> Read<StoredHash> {
    let (name, rest) = text.split_once('$').ok_or(HashRefusal::Unknown)?;
    if text.len() > MAX_BYTES || text.contains(char::is_control) {
        return Err(if known(name, rest) { HashRefusal::Broken } else { HashRefusal::Unknown });
    }
    let parts: Vec<&str> = rest.split('$').collect();
    let scheme = match (name, parts.as_slice()) {
        ("", ["2a" | "2b" | "2y", ..]) => bcrypt(text, false),
        ("", ["argon2d" | "argon2i" | "argon2id", ..]) => argon2(text),
        ("", ["scrypt", ..]) => scrypt_phc(text),
        ("", [name @ ("pbkdf2" | "pbkdf2-sha1" | "pbkdf2-sha256" | "pbkdf2-sha512"), rest @ ..]) => {
            let digest = name.strip_prefix("pbkdf2-").map_or(Ok(Digest::Sha1), digest)?;
            pbkdf2_modular(digest, rest)
        }
        ("argon2", _) => argon2(&text["argon2".len()..]),
        ("bcrypt", _) => bcrypt(rest, false),
        ("bcrypt_sha256", _) => bcrypt(rest, true),
        ("pbkdf2_sha256", parts) => pbkdf2_django(Digest::Sha256, parts),
        ("pbkdf2_sha1", parts) => pbkdf2_django(Digest::Sha1, parts),
        ("scrypt", [n, salt, r, p, tag]) => scrypt([n, r, p], salt, STANDARD.decode(tag).ok()),
        ("scrypt", _) => Err(HashRefusal::Broken),
        (method, parts) => werkzeug(method, parts),
    };
    scheme.map(StoredHash)
}

/// Whether it begins like one of them.
fn known(name: &str, rest: &str) -> bool {
    let first = if name.is_empty() { rest.split('$').next().unwrap_or_default() } else { name };
    ["2a", "2b", "2y", "argon2", "bcrypt", "pbkdf2", "scrypt"].iter().any(|known| first.starts_with(known))
}

/// PHC: `$argon2id$v=19$m=65536,t=3,p=4$salt$tag`. Without `v` it is the first version.
fn argon2(text: &str) -> Read<Scheme> {
    let hash = PasswordHash::new(text).map_err(|_| HashRefusal::Broken)?;
    let algorithm = Algorithm::try_from(hash.algorithm.as_str()).map_err(|_| HashRefusal::Broken)?;
    let version = hash.version.map_or(Ok(Version::V0x10), Version::try_from).map_err(|_| HashRefusal::Broken)?;
    let (salt, tag) = phc_ends(&hash)?;
    if !TAG.contains(&tag.len()) {
        return Err(HashRefusal::Broken);
    }
    let [m, t, p] = ["m", "t", "p"].map(|name| decimal(&hash.params, name));
    let params = ParamsBuilder::new().m_cost(m?).t_cost(t?).p_cost(p?).output_len(tag.len()).build();
    Ok(Scheme::Argon2 { algorithm, version, params: params.map_err(|_| HashRefusal::Broken)?, salt, tag })
}

/// PHC, and passlib: `$scrypt$ln=16,r=8,p=1$salt$tag`.
fn scrypt_phc(text: &str) -> Read<Scheme> {
    let hash = PasswordHash::new(text).map_err(|_| HashRefusal::Broken)?;
    let [log_n, r, p] = ["ln", "r", "p"].map(|name| decimal(&hash.params, name));
    let (salt, tag) = phc_ends(&hash)?;
    scrypt_of([log_n?, r?, p?], salt, Some(tag), SCRYPT_PHC_TAGS)
}

/// Django, `scrypt$16384$salt$8$5$tag`, and Werkzeug, `scrypt:32768:8:1$salt$tag`: the salt is the text itself.
fn scrypt([n, r, p]: [&str; 3], salt: &str, tag: Option<Vec<u8>>) -> Read<Scheme> {
    let n = number(n)?;
    if !n.is_power_of_two() {
        return Err(HashRefusal::Broken);
    }
    scrypt_of([n.ilog2(), number(r)?, number(p)?], plain(salt)?, tag, SCRYPT_TAGS)
}

fn scrypt_of([log_n, r, p]: [u32; 3], salt: Vec<u8>, tag: Option<Vec<u8>>, lengths: &[usize]) -> Read<Scheme> {
    let tag = tag.filter(|tag| lengths.contains(&tag.len())).ok_or(HashRefusal::Broken)?;
    // Within what a `u32` holds, so that the products below are within a `u64` and a half.
    let log_n = u8::try_from(log_n).ok().filter(|log_n| (1..32).contains(log_n)).ok_or(HashRefusal::Broken)?;
    let blocks = (1 << log_n) * u64::from(r);
    // The library multiplies these two and does not look whether a `u32` holds it.
    r.checked_mul(p).ok_or(HashRefusal::TooCostly)?;
    let params = scrypt::Params::new(log_n, r, p).map_err(|_| HashRefusal::Broken)?;
    Ok(Scheme::Scrypt { params, blocks: blocks.saturating_mul(p.into()), memory_kib: blocks / 8, salt, tag })
}

/// Django: `pbkdf2_sha256$1200000$salt$tag`.
fn pbkdf2_django(digest: Digest, parts: &[&str]) -> Read<Scheme> {
    let [rounds, salt, tag] = parts else { return Err(HashRefusal::Broken) };
    pbkdf2(digest, rounds, plain(salt)?, STANDARD.decode(tag).ok())
}

/// passlib, `$pbkdf2-sha256$29000$salt$tag` with `.` for `+`, and PHC, `$pbkdf2-sha256$i=600000,l=32$salt$tag`.
fn pbkdf2_modular(digest: Digest, parts: &[&str]) -> Read<Scheme> {
    let [rounds, salt, tag] = parts else { return Err(HashRefusal::Broken) };
    let decode = |text: &str| STANDARD_NO_PAD.decode(text.replace('.', "+")).ok();
    let salt = decode(salt).filter(|salt| !salt.is_empty()).ok_or(HashRefusal::Broken)?;
    let Some(rounds) = rounds.strip_prefix("i=") else { return pbkdf2(digest, rounds, salt, decode(tag)) };
    let (rounds, length) = rounds.split_once(",l=").map_or((rounds, None), |(rounds, length)| (rounds, Some(length)));
    let tag = decode(tag).filter(|tag| length.is_none_or(|length| length == tag.len().to_string()));
    pbkdf2(digest, rounds, salt, tag)
}

/// `pbkdf2:sha256:1000000$salt$tag` and `scrypt:32768:8:1$salt$tag`, the tags in hexadecimal.
fn werkzeug(method: &str, parts: &[&str]) -> Read<Scheme> {
    let method: Vec<&str> = method.split(':').collect();
    let ["pbkdf2" | "scrypt", _, ..] = method.as_slice() else { return Err(HashRefusal::Unknown) };
    let [salt, tag] = parts else { return Err(HashRefusal::Broken) };
    match method.as_slice() {
        ["pbkdf2", name, rounds] => pbkdf2(digest(name)?, rounds, plain(salt)?, hex::decode(tag)),
        ["scrypt", n, r, p] => scrypt([n, r, p], salt, hex::decode(tag)),
        _ => Err(HashRefusal::Broken),
    }
}

fn pbkdf2(digest: Digest, rounds: &str, salt: Vec<u8>, tag: Option<Vec<u8>>) -> Read<Scheme> {
    let rounds = number(rounds)?;
    if rounds == 0 {
        return Err(HashRefusal::Broken);
    }
    let whole = digest.bytes();
    let tag = tag.filter(|tag| tag.len() == whole).ok_or(HashRefusal::Broken)?;
    Ok(Scheme::Pbkdf2 { digest, rounds, salt, tag })
}

fn digest(name: &str) -> Read<Digest> {
    match name {
        "sha1" => Ok(Digest::Sha1),
        "sha256" => Ok(Digest::Sha256),
        "sha512" => Ok(Digest::Sha512),
        _ => Err(HashRefusal::Unknown),
    }
}

/// `$2b$12$` and 53 characters, the salt's 22 first. `2a` and `2y` name the same computation.
fn bcrypt(text: &str, digested: bool) -> Read<Scheme> {
    let Some(["", "2a" | "2b" | "2y", cost, rest]) = text.split('$').collect::<Vec<_>>().as_array().copied() else {
        return Err(HashRefusal::Broken);
    };
    let cost = number(cost)?;
    let ends = rest.split_at_checked(22).ok_or(HashRefusal::Broken)?;
    let (salt, tag) = (LENIENT_BCRYPT.decode(ends.0), LENIENT_BCRYPT.decode(ends.1));
    match (salt, tag) {
        (Ok(salt), Ok(tag)) if salt.len() == 16 && tag.len() == 23 && BCRYPT_COSTS.contains(&cost) => {
            let [salt, tag] = [salt, tag].map(|bytes| LENIENT_BCRYPT.encode(bytes));
            Ok(Scheme::Bcrypt { text: format!("$2b${cost:02}${salt}{tag}"), cost, digested })
        }
        _ => Err(HashRefusal::Broken),
    }
}

fn phc_ends(hash: &PasswordHash) -> Read<(Vec<u8>, Vec<u8>)> {
    let salt = hash.salt.ok_or(HashRefusal::Broken)?.to_vec();
    Ok((salt, hash.hash.ok_or(HashRefusal::Broken)?.as_bytes().to_vec()))
}

fn decimal(params: &ParamsString, name: &str) -> Read<u32> {
    params.get_decimal(name).ok_or(HashRefusal::Broken)
}

/// A salt that is used as it is written.
fn plain(salt: &str) -> Read<Vec<u8>> {
    if salt.is_empty() { Err(HashRefusal::Broken) } else { Ok(salt.as_bytes().to_vec()) }
}

/// Digits and nothing else.
fn number(text: &str) -> Read<u32> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| digits).ok_or(HashRefusal::Broken)
}
