//! The cases in which something cannot be done; the wording is the web's.
use std::{error::Error, fmt, sync::Arc, time::Duration};

use super::limits::Limited;
use crate::{
    hasher::{HashError, Overloaded},
    model::{code::RequestId, invalid::Invalid, session::EndReason},
};

/// A fault of ours or of something we depend on: logged once where it is answered, never shown.
#[derive(Clone, Debug)]
pub struct Internal(Arc<dyn Error + Send + Sync>);

impl Internal {
    /// A fault in words.
    pub fn new(what: &str) -> Self {
        Self(Arc::from(Box::<dyn Error + Send + Sync>::from(what)))
    }

    /// Whether the database cannot be reached or takes no more work: worth another try in a while.
    pub fn is_outage(&self) -> bool {
        match (&*self.0 as &(dyn Error + 'static)).downcast_ref::<sqlx::Error>() {
            Some(sqlx::Error::Database(error)) => error.code().is_some_and(|code| is_outage(&code)),
            Some(error) => matches!(
                error,
                sqlx::Error::PoolTimedOut
                    | sqlx::Error::PoolClosed
                    | sqlx::Error::Io(_)
                    | sqlx::Error::Tls(_)
                    | sqlx::Error::Protocol(_)
                    | sqlx::Error::WorkerCrashed
            ),
            None => false,
        }
    }
}

/// PostgreSQL: no connection, no resources, a stop or restart, and a primary that became a replica. SQLite: busy for too long.
fn is_outage(code: &str) -> bool {
    ["08", "53", "57P"].iter().any(|class| code.starts_with(class)) || ["25006", "5", "261", "517"].contains(&code)
}

impl fmt::Display for Internal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = self.0.to_string();
        f.write_str(&said)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            let more = error.to_string();
            // Some say what their cause is, too.
            if !said.ends_with(&more) {
                write!(f, ": {more}")?;
            }
            (said, cause) = (more, error.source());
        }
        Ok(())
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for Internal {
    fn from(error: E) -> Self {
        Self(Arc::new(error))
    }
}

/// Why nothing was done with what was given.
#[derive(Debug)]
pub enum InputError {
    /// Fields to correct.
    Invalid(Vec<Invalid>),
    /// The network asks too often; it may do so again after this time.
    TooMany(Duration),
    /// A fault of ours.
    Internal(Internal),
}

/// Why there is no new account or pending sign-up.
#[derive(Debug)]
pub enum SignupError {
    /// Fields to correct.
    Invalid(Vec<Invalid>),
    /// Superusers make the accounts here.
    Closed,
    /// The address has an account. Told only where addresses need no proof.
    Taken,
    /// Too many passwords are being hashed.
    Overloaded,
    /// The network asks too often; it may do so again after this time.
    TooMany(Duration),
    /// A fault of ours.
    Internal(Internal),
}

/// Why nobody was signed in.
#[derive(Debug)]
pub enum SigninError {
    /// Fields to correct.
    Invalid(Vec<Invalid>),
    /// Unknown, wrong, locked, or not yet proven: nobody is told which.
    Refused,
    /// The password is right; the second factor is to come, with this request.
    SecondFactor(RequestId),
    /// Too many passwords are being hashed.
    Overloaded,
    /// The network asks too often; it may do so again after this time.
    TooMany(Duration),
    /// A fault of ours.
    Internal(Internal),
}

/// Why nothing was done for somebody who is signed in and was asked for the password.
#[derive(Debug)]
pub enum ActError {
    /// Fields to correct.
    Invalid(Vec<Invalid>),
    /// The password in this field is not the account's.
    WrongPassword(&'static str),
    /// The code of the second factor is wrong or was used before, or too many were wrong before it.
    WrongCode,
    /// The account has a second factor, which was given too long ago.
    NotFresh,
    /// The session ended while this was under way.
    SignedOut,
    /// Nobody would be left who can look after the accounts.
    LastSuperuser,
    /// Too many passwords are being hashed.
    Overloaded,
    /// The network asks too often; it may do so again after this time.
    TooMany(Duration),
    /// A fault of ours.
    Internal(Internal),
}

/// Why nothing was done to the account of somebody else.
#[derive(Debug)]
pub enum AdminError {
    /// Fields to correct.
    Invalid(Vec<Invalid>),
    /// There is no such account.
    NotFound,
    /// Another account has what is in this field.
    Taken(&'static str),
    /// Nobody would be left who can look after the accounts.
    LastSuperuser,
    /// It is whoever wants it that this would be done to, and their own way asks for more.
    Own,
    /// The session of whoever wanted it ended while this was under way.
    SignedOut,
    /// Too many passwords are being hashed.
    Overloaded,
    /// A fault of ours.
    Internal(Internal),
}

/// Why there are no new tokens.
#[derive(Debug)]
pub enum RefreshError {
    /// No token of ours, or one of a session that is over: then with the reason, for its holder.
    Refused(Option<EndReason>),
    /// A fault of ours.
    Internal(Internal),
}

/// Why a code did nothing.
#[derive(Debug)]
pub enum CodeError {
    /// Fields to correct.
    Invalid(Vec<Invalid>),
    /// Superusers make the accounts here, since this was begun.
    Closed,
    /// Wrong, used, expired, tried too often, or for another request: nobody is told which.
    Refused,
    /// The code was right, but meanwhile the address got an account.
    Taken,
    /// Too many passwords are being hashed.
    Overloaded,
    /// The network asks too often; it may do so again after this time.
    TooMany(Duration),
    /// A fault of ours.
    Internal(Internal),
}

/// Why a code of the second factor did nothing.
#[derive(Debug)]
pub enum FactorError {
    /// Fields to correct.
    Invalid(Vec<Invalid>),
    /// Wrong or used before, or too many were wrong before it; where somebody signs in, too late or for another sign-in as well.
    Refused,
    /// There is a second factor already.
    On,
    /// There is none.
    Off,
    /// None was begun in this session.
    NotBegun,
    /// The session ended while this was under way.
    SignedOut,
    /// The network asks too often; it may do so again after this time.
    TooMany(Duration),
    /// A fault of ours.
    Internal(Internal),
}

impl FactorError {
    /// The word for it where sign-ins are counted.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid",
            Self::TooMany(_) => "limited",
            Self::Internal(_) => "error",
            Self::Refused | Self::On | Self::Off | Self::NotBegun | Self::SignedOut => "refused",
        }
    }
}

impl SigninError {
    /// The word for it where sign-ins are counted.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid",
            Self::Refused => "refused",
            Self::SecondFactor(_) => "second_factor",
            Self::TooMany(_) => "limited",
            Self::Overloaded => "overloaded",
            Self::Internal(_) => "error",
        }
    }
}

macro_rules! failures {
    ($($error:ident: $($overloaded:ident)?, $($too_many:ident)?;)*) => {$(
        impl From<Internal> for $error {
            fn from(internal: Internal) -> Self {
                Self::Internal(internal)
            }
        }

        impl From<sqlx::Error> for $error {
            fn from(error: sqlx::Error) -> Self {
                Self::Internal(error.into())
            }
        }

        impl From<Vec<Invalid>> for $error {
            fn from(faults: Vec<Invalid>) -> Self {
                Self::Invalid(faults)
            }
        }
        $(
            impl From<HashError> for $error {
                fn from(error: HashError) -> Self {
                    match error {
                        HashError::Overloaded(Overloaded) => Self::$overloaded,
                        HashError::Internal(internal) => Self::Internal(internal),
                    }
                }
            }
        )?
        $(
            impl From<Limited> for $error {
                fn from(limited: Limited) -> Self {
                    match limited {
                        Limited::TooMany(after) => Self::$too_many(after),
                        Limited::Internal(internal) => Self::Internal(internal),
                    }
                }
            }
        )?
    )*};
}
failures! {
    InputError: , TooMany;
    SignupError: Overloaded, TooMany;
    SigninError: Overloaded, TooMany;
    ActError: Overloaded, TooMany;
    CodeError: Overloaded, TooMany;
    AdminError: Overloaded, ;
    FactorError: , TooMany;
}

impl From<Internal> for RefreshError {
    fn from(internal: Internal) -> Self {
        Self::Internal(internal)
    }
}

impl From<sqlx::Error> for RefreshError {
    fn from(error: sqlx::Error) -> Self {
        Self::Internal(error.into())
    }
}
