//! The one secret, and what is derived from it: sealing at rest and keyed hashes.
use std::{collections::HashSet, fmt};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    error::Unspecified,
    hkdf::{HKDF_SHA256, KeyType, Prk, Salt},
    hmac,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use crate::{model::id::random, refresh::Refresh, seals::Seals};

/// The least bytes of a secret: the strength of every key derived from it.
pub const MIN_BYTES: usize = 32;

/// Everything derived from the secret of `NIGHTLATCH_SECRET_KEY` (HKDF-SHA-256, RFC 5869). Debug shows nothing of it.
pub struct Secret {
    seal: Sealer,
    factors: Sealer,
    requests: hmac::Key,
    devices: hmac::Key,
    codes: hmac::Key,
    limits: hmac::Key,
    checks: hmac::Key,
    seals: hmac::Key,
    refresh_digests: hmac::Key,
    refresh_successors: hmac::Key,
}

impl Secret {
    /// Derives the keys; `None` when `bytes` are fewer than [`MIN_BYTES`] or all alike.
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let weak = bytes.len() < MIN_BYTES || bytes.iter().all(|byte| *byte == bytes[0]);
        if weak {
            return None;
        }
        let root = Salt::new(HKDF_SHA256, b"nightlatch").extract(bytes);
        Some(Self {
            seal: Sealer::new(derive(&root, b"seal").ok()?.as_slice())?,
            factors: Sealer::new(derive(&root, b"second factors").ok()?.as_slice())?,
            requests: hmac::Key::new(hmac::HMAC_SHA256, derive(&root, b"requests").ok()?.as_slice()),
            devices: hmac::Key::new(hmac::HMAC_SHA256, derive(&root, b"devices").ok()?.as_slice()),
            codes: hmac::Key::new(hmac::HMAC_SHA256, derive(&root, b"codes").ok()?.as_slice()),
            limits: hmac::Key::new(hmac::HMAC_SHA256, derive(&root, b"limits").ok()?.as_slice()),
            checks: hmac::Key::new(hmac::HMAC_SHA256, derive(&root, b"checks").ok()?.as_slice()),
            seals: hmac::Key::new(hmac::HMAC_SHA256, derive(&root, b"seals").ok()?.as_slice()),
            refresh_digests: hmac::Key::new(hmac::HMAC_SHA256, derive(&root, b"refresh digests").ok()?.as_slice()),
            refresh_successors: hmac::Key::new(
                hmac::HMAC_SHA256,
                derive(&root, b"refresh successors").ok()?.as_slice(),
            ),
        })
    }

    /// Whether `bytes` may come from a random source. Words and patterns do not: 32 random bytes are all printable once in 10^13 times, and
    /// half of them alike even less often.
    pub fn may_be_random(bytes: &[u8]) -> bool {
        let different: HashSet<u8> = bytes.iter().copied().collect();
        let steps: HashSet<u8> = bytes.windows(2).map(|pair| pair[1].wrapping_sub(pair[0])).collect();
        let text = bytes.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace());
        different.len() >= MIN_BYTES / 2 && steps.len() > 1 && !text
    }

    /// A fresh secret, as random as can be.
    pub fn draw() -> Zeroizing<[u8; MIN_BYTES]> {
        Zeroizing::new(random())
    }

    /// Encrypts `plain` so that it opens only here and only for the same `place`.
    ///
    /// # Errors
    /// See [`Sealer::seal`].
    pub fn seal(&self, place: &str, plain: &[u8]) -> Result<String, Unspecified> {
        self.seal.seal(place, plain)
    }

    /// Opens what was sealed for this `place`.
    ///
    /// # Errors
    /// See [`Sealer::open`].
    pub fn open(&self, place: &str, sealed: &str) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
        self.seal.open(place, sealed)
    }

    /// What the secrets of authenticator apps are sealed with, and nothing else.
    pub fn factors(&self) -> &Sealer {
        &self.factors
    }

    /// The name under which a request is stored, so that a copy of the database names no request to its reader.
    pub fn request_name(&self, request: &str) -> String {
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.requests, request.as_bytes()))
    }

    /// The name under which a browser is stored, so that a copy of the database passes for no browser.
    pub fn device_name(&self, device: &str) -> String {
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.devices, device.as_bytes()))
    }

    /// What is counted under `parts`, keyed: who did something, and what (HMAC-SHA-256; no part holds a NUL, which separates them).
    pub fn limit_name(&self, parts: &[&str]) -> String {
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.limits, parts.join("\0").as_bytes()))
    }

    /// What refresh tokens are written and read with.
    pub fn refresh(&self) -> Refresh {
        Refresh::new(self.refresh_digests.clone(), self.refresh_successors.clone())
    }

    /// What `nightlatch check` and the server know each other by.
    pub fn prover(&self) -> Prover {
        Prover(self.checks.clone())
    }

    /// What the audit trail is sealed with.
    pub fn seals(&self) -> Seals {
        Seals::new(self.seals.clone())
    }

    /// The keyed hash of a code, bound to all of `parts` (HMAC-SHA-256; no part holds a NUL, which separates them).
    pub fn code_mac(&self, parts: &[&str]) -> String {
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.codes, parts.join("\0").as_bytes()))
    }

    /// Whether `mac` is the keyed hash of `parts`, compared in constant time.
    pub fn is_code_mac(&self, mac: &str, parts: &[&str]) -> bool {
        let mac = URL_SAFE_NO_PAD.decode(mac).unwrap_or_default();
        hmac::verify(&self.codes, parts.join("\0").as_bytes(), &mac).is_ok()
    }
}

/// Encrypts what is stored, with a key of its own (AES-256-GCM).
pub struct Sealer(LessSafeKey);

impl Sealer {
    fn new(key: &[u8]) -> Option<Self> {
        UnboundKey::new(&AES_256_GCM, key).ok().map(LessSafeKey::new).map(Self)
    }

    /// Encrypts `plain` so that it opens only here and only for the same `place` (AES-256-GCM, random nonce).
    ///
    /// # Errors
    /// The cryptographic library refused; no input of this program makes it do so.
    pub fn seal(&self, place: &str, plain: &[u8]) -> Result<String, Unspecified> {
        let mut sealed = plain.to_vec();
        // From the operating system: the library's own generator takes 30 ms to get ready, at every first start.
        let nonce = random::<NONCE_LEN>();
        let key_nonce = Nonce::assume_unique_for_key(nonce);
        self.0.seal_in_place_append_tag(key_nonce, Aad::from(place), &mut sealed)?;
        let mut message = nonce.to_vec();
        message.append(&mut sealed);
        Ok(URL_SAFE_NO_PAD.encode(message))
    }

    /// Opens what was sealed for this `place`.
    ///
    /// # Errors
    /// Changed since, sealed for another place, or sealed with another secret.
    pub fn open(&self, place: &str, sealed: &str) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
        let mut message = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| Unspecified)?;
        let mut body = message.split_off(NONCE_LEN.min(message.len()));
        let nonce = Nonce::try_assume_unique_for_key(&message)?;
        let length = self.0.open_in_place(nonce, Aad::from(place), &mut body)?.len();
        body.truncate(length);
        Ok(Zeroizing::new(body))
    }
}

/// Proves to another process of this instance that this one holds the same secret.
pub struct Prover(hmac::Key);

impl Prover {
    /// The proof that goes with `text`.
    pub fn prove(&self, text: &str) -> String {
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.0, text.as_bytes()))
    }

    /// Whether `proof` goes with `text`, compared in constant time.
    pub fn is_proof(&self, proof: &str, text: &str) -> bool {
        hmac::verify(&self.0, text.as_bytes(), &URL_SAFE_NO_PAD.decode(proof).unwrap_or_default()).is_ok()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

fn derive(root: &Prk, purpose: &'static [u8]) -> Result<Zeroizing<[u8; 32]>, Unspecified> {
    let mut key = Zeroizing::new([0; 32]);
    root.expand(&[purpose], KeyLength)?.fill(key.as_mut_slice())?;
    Ok(key)
}

struct KeyLength;

impl KeyType for KeyLength {
    fn len(&self) -> usize {
        32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(seed: u8) -> Secret {
        Secret::new(&std::array::from_fn::<u8, 32, _>(|i| seed.wrapping_add(i as u8))).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_only_with_the_same_secret_and_place() {
        let sealed = secret(1).seal("letter:1", b"12345678").unwrap();
        assert_eq!(secret(1).open("letter:1", &sealed).unwrap().as_slice(), b"12345678");
        assert!(secret(1).open("letter:2", &sealed).is_err());
        assert!(secret(2).open("letter:1", &sealed).is_err());
        assert!(secret(1).open("letter:1", &sealed[1..]).is_err());
        for broken in ["", "AAAA", "!"] {
            assert!(secret(1).open("letter:1", broken).is_err());
        }
    }

    #[test]
    fn what_one_key_sealed_no_other_opens() {
        let sealed = secret(1).factors().seal("second_factor:1", b"12345678901234567890").unwrap();
        assert_eq!(secret(1).factors().open("second_factor:1", &sealed).unwrap().as_slice(), b"12345678901234567890");
        assert!(secret(1).factors().open("second_factor:2", &sealed).is_err());
        assert!(secret(1).open("second_factor:1", &sealed).is_err());
    }

    #[test]
    fn a_code_is_bound_to_everything_it_was_made_for() {
        let mac = secret(1).code_mac(&["signup", "request", "ann@example.com", "12345678"]);
        assert!(secret(1).is_code_mac(&mac, &["signup", "request", "ann@example.com", "12345678"]));
        for other in [
            ["reset", "request", "ann@example.com"],
            ["signup", "r", "ann@example.com"],
            ["signup", "request", "eve@example.com"],
        ] {
            assert!(!secret(1).is_code_mac(&mac, &[other[0], other[1], other[2], "12345678"]));
        }
        assert!(!secret(2).is_code_mac(&mac, &["signup", "request", "ann@example.com", "12345678"]));
    }

    #[test]
    fn a_weak_secret_is_refused() {
        assert!(Secret::new(&[7; 64]).is_none());
        assert!(Secret::new(b"short").is_none());
    }

    #[test]
    fn of_a_million_sealed_texts_no_two_have_the_same_nonce() {
        let secret = secret(1);
        // Twelve bytes are sixteen characters.
        let nonces: HashSet<[u8; 16]> = (0..1_000_000)
            .map(|_| secret.seal("letter:1", b"1").unwrap().as_bytes()[..16].try_into().unwrap())
            .collect();
        assert_eq!(nonces.len(), 1_000_000);
    }

    #[test]
    fn words_and_patterns_are_told_from_random_bytes() {
        let counted: [u8; 32] = std::array::from_fn(|i| i as u8);
        for pattern in [&b"this is a secret for tests only, 32"[..], &counted, &[7; 32], &b"\x01\xfe\x80\x7f".repeat(8)]
        {
            assert!(!Secret::may_be_random(pattern), "{pattern:?}");
        }
        for _ in 0..1000 {
            assert!(Secret::may_be_random(&*Secret::draw()));
        }
    }
}
