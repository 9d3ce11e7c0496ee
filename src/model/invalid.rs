//! What can be wrong with a field that somebody filled in.
use super::password::PasswordRefusal;

/// A field and what is wrong with it; the wording is the web's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// The field's name in forms and JSON.
    pub field: &'static str,
    /// What is wrong with its value.
    pub why: Fault,
}

/// The ways in which a value is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Longer than `max` characters.
    TooLong {
        /// The most characters allowed.
        max: usize,
    },
    /// Holds a character that is not allowed there.
    Characters,
    /// Not an email address.
    NotAnAddress,
    /// Not a username.
    NotAUsername,
    /// Not a role.
    NotARole,
    /// Not the place where a page ended.
    NotACursor,
    /// Not the name of a row.
    NotAnId,
    /// Not the type of an event.
    NotAnEvent,
    /// Not a moment.
    NotATime,
    /// Not one of these words.
    OneOf(&'static str),
    /// Not eight digits.
    NotACode,
    /// Neither a code of an authenticator app nor a recovery code.
    NotAFactorCode,
    /// Not there, where it is asked for.
    Missing,
    /// The password policy says no.
    Password(PasswordRefusal),
}

impl Fault {
    /// Says which field this fault is in.
    pub fn of(self, field: &'static str) -> Invalid {
        Invalid { field, why: self }
    }
}

/// Takes the values of all fields, or every fault among them at once.
pub fn all<A, B, C>(
    a: Result<A, Invalid>,
    b: Result<B, Invalid>,
    c: Result<C, Invalid>,
) -> Result<(A, B, C), Vec<Invalid>> {
    match (a, b, c) {
        (Ok(a), Ok(b), Ok(c)) => Ok((a, b, c)),
        (a, b, c) => Err([a.err(), b.err(), c.err()].into_iter().flatten().collect()),
    }
}
