//! Hashes as they are stored: our own, and those that accounts bring along from elsewhere until their owners sign in.
mod layouts;

use std::fmt;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use aws_lc_rs::{constant_time, digest};
use pbkdf2::pbkdf2_hmac;
use zeroize::Zeroizing;

use super::{TAG_BYTES, hex};
use crate::accounts::Internal;

/// The costliest Argon2id hash of our own that is computed: what the settings allow.
const OWN_MEMORY_KIB: u32 = 1 << 20;

/// What a hash from elsewhere may cost, so that a hostile file does not stop the server: the memory of one, in KiB,
const MEMORY_KIB: u64 = 256 << 10;
/// the memory that Argon2 writes in all its passes, in KiB (about a second),
const PASSES_KIB: u64 = 1 << 20;
/// the blocks of 128 bytes that scrypt mixes, N times r times p (about a second),
const SCRYPT_BLOCKS: u64 = 1 << 21;
/// the rounds of PBKDF2 (one to two seconds; Django 6 makes 1,200,000),
const PBKDF2_ROUNDS: u32 = 5_000_000;
/// and the binary logarithm of bcrypt's rounds (four seconds; twelve are usual).
const BCRYPT_COST: u32 = 16;

/// A hash with all that it takes to compare a password with it.
pub struct StoredHash(Scheme);

enum Scheme {
    Argon2 { algorithm: Algorithm, version: Version, params: Params, salt: Vec<u8>, tag: Vec<u8> },
    Scrypt { params: scrypt::Params, blocks: u64, memory_kib: u64, salt: Vec<u8>, tag: Vec<u8> },
    Pbkdf2 { digest: Digest, rounds: u32, salt: Vec<u8>, tag: Vec<u8> },
    // `text` as the library reads it. `digested`: what is hashed is the SHA-256 of the password in hexadecimal, as Django does it.
    Bcrypt { text: String, cost: u32, digested: bool },
}

#[derive(Clone, Copy)]
enum Digest {
    Sha1,
    Sha256,
    Sha512,
}

impl Digest {
    fn bytes(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }
}

/// Why a text is no hash that can be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashRefusal {
    /// None of the formats, so perhaps a password as it was typed.
    Unknown,
    /// One of the formats, and cut short or otherwise spoiled.
    Broken,
    /// More memory or time than one sign-in gets.
    TooCostly,
}

impl StoredHash {
    /// Reads a hash that was made elsewhere: Django's, Werkzeug's and passlib's layouts, and PHC strings of Argon2, scrypt and PBKDF2.
    ///
    /// # Errors
    /// See [`HashRefusal`].
    pub fn foreign(text: &str) -> Result<Self, HashRefusal> {
        let hash = layouts::read(text)?;
        if hash.0.is_affordable() { Ok(hash) } else { Err(HashRefusal::TooCostly) }
    }

    /// Reads a hash from the database. Our own may cost what the settings allow; any other what an import allows.
    ///
    /// # Errors
    /// See [`HashRefusal`].
    pub(super) fn read(text: &str) -> Result<Self, HashRefusal> {
        let hash = layouts::read(text)?;
        let params = hash.own_params().filter(|params| params.m_cost() <= OWN_MEMORY_KIB);
        if params.is_some() || hash.0.is_affordable() { Ok(hash) } else { Err(HashRefusal::TooCostly) }
    }

    /// The parameters of a hash that is of the kind made here.
    pub(super) fn own_params(&self) -> Option<&Params> {
        match &self.0 {
            Scheme::Argon2 { algorithm: Algorithm::Argon2id, version: Version::V0x13, params, tag, .. }
                if tag.len() == TAG_BYTES =>
            {
                Some(params)
            }
            _ => None,
        }
    }

    /// Whether this is the hash of `password`; `memory` is used where Argon2 needs some.
    pub(super) fn is_of(&self, password: &[u8], memory: &mut Vec<Block>) -> Result<bool, Internal> {
        match &self.0 {
            Scheme::Argon2 { algorithm, version, params, salt, tag } => {
                memory.resize(params.block_count(), Block::default());
                let mut computed = vec![0; tag.len()];
                Argon2::new(*algorithm, *version, params.clone()).hash_password_into_with_memory(
                    password,
                    salt,
                    &mut computed,
                    memory,
                )?;
                Ok(are_equal(&computed, tag))
            }
            Scheme::Scrypt { params, salt, tag, .. } => {
                let mut computed = vec![0; tag.len()];
                scrypt::scrypt(password, salt, params, &mut computed)?;
                Ok(are_equal(&computed, tag))
            }
            Scheme::Pbkdf2 { digest, rounds, salt, tag } => {
                let mut computed = vec![0; tag.len()];
                match digest {
                    Digest::Sha1 => pbkdf2_hmac::<sha1::Sha1>(password, salt, *rounds, &mut computed),
                    Digest::Sha256 => pbkdf2_hmac::<sha2::Sha256>(password, salt, *rounds, &mut computed),
                    Digest::Sha512 => pbkdf2_hmac::<sha2::Sha512>(password, salt, *rounds, &mut computed),
                }
                Ok(are_equal(&computed, tag))
            }
            Scheme::Bcrypt { text, digested: true, .. } => {
                let digest = Zeroizing::new(hex::encode(digest::digest(&digest::SHA256, password).as_ref()));
                Ok(bcrypt::verify(digest.as_bytes(), text)?)
            }
            // Whoever made it cut the password after 72 bytes, and so does this.
            Scheme::Bcrypt { text, .. } => Ok(bcrypt::verify(password, text)?),
        }
    }
}

impl Scheme {
    fn is_affordable(&self) -> bool {
        match self {
            Self::Argon2 { params, .. } => {
                let (memory, passes) = (u64::from(params.m_cost()), u64::from(params.t_cost()));
                memory <= MEMORY_KIB && memory * passes <= PASSES_KIB
            }
            Self::Scrypt { blocks, memory_kib, .. } => *blocks <= SCRYPT_BLOCKS && *memory_kib <= MEMORY_KIB,
            Self::Pbkdf2 { rounds, .. } => *rounds <= PBKDF2_ROUNDS,
            Self::Bcrypt { cost, .. } => *cost <= BCRYPT_COST,
        }
    }
}

impl fmt::Display for HashRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "is in no format that is known here",
            Self::Broken => "is cut short or spoiled",
            Self::TooCostly => "would take more memory or time than one sign-in may",
        })
    }
}

fn are_equal(computed: &[u8], tag: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(computed, tag).is_ok()
}

#[cfg(test)]
mod tests;
