//! An account and what it may do.
use serde::{Deserialize, Serialize};

use super::{email::Email, id::UserId, invalid::Fault, username::Username};
use crate::clock::Timestamp;

/// What an account may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Its own affairs.
    User,
    /// Everybody's.
    Superuser,
}

impl Role {
    /// The word in the database, tokens and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Superuser => "superuser",
        }
    }

    /// Reads the word as typed; empty means the least rights.
    ///
    /// # Errors
    /// Another word.
    pub fn parse(word: &str) -> Result<Self, Fault> {
        match word {
            "" | "user" => Ok(Self::User),
            "superuser" => Ok(Self::Superuser),
            _ => Err(Fault::NotARole),
        }
    }

    /// Reads the word; anything unknown has the least rights.
    pub(crate) fn stored(word: &str) -> Self {
        if word == "superuser" { Self::Superuser } else { Self::User }
    }
}

/// An account.
#[derive(Clone, Debug)]
pub struct User {
    /// Its name for programs.
    pub id: UserId,
    /// Where its letters go.
    pub email: Email,
    /// What its owner wants to be called; may be empty.
    pub name: String,
    /// Another name to sign in with.
    pub username: Option<Username>,
    /// What it may do.
    pub role: Role,
    /// Counts what ended all its sessions; a session of an older version is over.
    pub version: i64,
    /// Since when nobody may sign in to it.
    pub locked_at: Option<Timestamp>,
    /// When its owner proved to hold the address.
    pub email_verified_at: Option<Timestamp>,
    /// Since when signing in asks for a second factor; `None`: it does not.
    pub second_factor_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl User {
    /// What its owner is known by: the address, or the username where there is none.
    pub fn called(&self) -> &str {
        match &self.username {
            Some(username) if self.email.is_stand_in() => username.as_str(),
            _ => self.email.as_str(),
        }
    }
}
