//! A session and its three clocks: idle, absolute and fresh.
use std::time::Duration;

use super::{
    id::{SessionId, UserId},
    user::{Role, User},
};
use crate::clock::Timestamp;

/// A signed-in session as its token carries it. Times are whole seconds, so that row, claim and cookie agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its name.
    pub id: SessionId,
    /// Whose it is.
    pub user_id: UserId,
    /// The account's version when it began.
    pub version: i64,
    /// What may be done in it: what the account may do, or less. A change of role ends the session.
    pub role: Role,
    /// When the password was last given.
    pub auth_time: Timestamp,
    /// When it ends by itself unless it is used before.
    pub expires_at: Timestamp,
    /// When it ends however much it is used.
    pub ends_at: Timestamp,
}

/// How long sessions last.
#[derive(Clone, Copy, Debug)]
pub struct Lifetimes {
    /// A session that is not used ends after this.
    pub idle: Duration,
    /// A session ends after this, used or not.
    pub absolute: Duration,
    /// A sign-in is fresh for this long: enough for acts that ask for a recent password.
    pub fresh: Duration,
}

/// Added to what must be remembered of an ended session. The ending is dated before its transaction and holds after it, and until then
/// the session may be used: no commit takes as long as this.
const MARGIN: Duration = Duration::from_secs(600);

impl Lifetimes {
    /// Begins a session of `user` at `now`, in which may be done what `role` may.
    pub fn start(&self, user: &User, role: Role, now: Timestamp) -> Session {
        self.slide(&Session::begin(user, role, self.absolute, now), now)
    }

    /// The same session, used at `now`: it ends one idle time later, but never beyond its absolute end.
    pub fn slide(&self, session: &Session, now: Timestamp) -> Session {
        let expires_at = now.floor().plus(self.idle).floor().min(session.ends_at);
        Session { expires_at, ..session.clone() }
    }

    /// Whether the password was given recently enough for acts that ask for it.
    pub fn is_fresh(&self, session: &Session, now: Timestamp) -> bool {
        now < session.auth_time.plus(self.fresh)
    }
}

/// How long the tokens of callers without cookies last.
#[derive(Clone, Copy, Debug)]
pub struct TokenLifetimes {
    /// An access token ends after this.
    pub access: Duration,
    /// A refresh token that is not used ends after this.
    pub refresh_idle: Duration,
    /// No refresh prolongs the session beyond this.
    pub refresh_absolute: Duration,
    /// For so long the last token that was used gets the same successor again: the answer may have been lost. Zero: never.
    pub grace: Duration,
}

impl TokenLifetimes {
    /// Begins a session of `user` at `now`, in which may be done what `role` may.
    pub fn start(&self, user: &User, role: Role, now: Timestamp) -> Session {
        self.renew(Session::begin(user, role, self.refresh_absolute, now), now)
    }

    /// The session with an access token of `now`.
    pub fn renew(&self, session: Session, now: Timestamp) -> Session {
        let expires_at = now.floor().plus(self.access).floor().min(session.ends_at);
        Session { expires_at, ..session }
    }

    /// Until when a refresh token of `now` is good.
    pub fn refresh_until(&self, session: &Session, now: Timestamp) -> Timestamp {
        now.plus(self.refresh_idle).min(session.ends_at)
    }
}

/// How long an ending must be remembered: no token of the session, in a cookie or not, verifies after that.
pub fn horizon(cookies: &Lifetimes, tokens: &TokenLifetimes) -> Duration {
    cookies.idle.max(tokens.access) + MARGIN
}

impl Session {
    /// One of `user` from `now` on that lasts for `absolute` at most; its idle time has not begun yet.
    fn begin(user: &User, role: Role, absolute: Duration, now: Timestamp) -> Self {
        let auth_time = now.floor();
        Self {
            id: SessionId::random(),
            user_id: user.id.clone(),
            version: user.version,
            role,
            auth_time,
            expires_at: auth_time,
            ends_at: auth_time.plus(absolute).floor(),
        }
    }

    /// Whether it has not ended by itself at `now`; the exact second of expiry is too late.
    pub fn is_live(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }

    /// Why it ended by itself.
    pub fn lapse(&self) -> EndReason {
        if self.expires_at >= self.ends_at { EndReason::AbsoluteLimit } else { EndReason::Expired }
    }
}

/// That a session is over.
#[derive(Clone, Copy, Debug)]
pub struct Ending {
    /// Why.
    pub reason: EndReason,
    /// No token of the session verifies from then on.
    pub until: Timestamp,
}

/// Why a session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// Not used for the idle time.
    Expired,
    /// Reached its absolute end.
    AbsoluteLimit,
    /// Its holder signed out.
    LoggedOut,
    /// A new sign-in took its place: in the same browser, or anywhere where an account may have one session only.
    Replaced,
    /// The password was changed in another session.
    PasswordChanged,
    /// The password was set anew by a mailed code.
    PasswordReset,
    /// The address was changed in another session.
    EmailChanged,
    /// The account was deleted.
    Deleted,
    /// Its holder signed out everywhere.
    LoggedOutEverywhere,
    /// Its owner ended it from another session.
    EndedByYou,
    /// A refresh token was used that had been used before: somebody else may have it.
    RefreshReused,
    /// A superuser ended it.
    Forced,
    /// The account may do more, or less, than when it began.
    RoleChanged,
    /// The account was locked.
    Locked,
}

impl EndReason {
    /// Every one.
    pub const ALL: [Self; 14] = [
        Self::Expired,
        Self::AbsoluteLimit,
        Self::LoggedOut,
        Self::Replaced,
        Self::PasswordChanged,
        Self::PasswordReset,
        Self::EmailChanged,
        Self::Deleted,
        Self::RefreshReused,
        Self::LoggedOutEverywhere,
        Self::EndedByYou,
        Self::Forced,
        Self::RoleChanged,
        Self::Locked,
    ];

    /// The word in the database, events and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::AbsoluteLimit => "absolute_limit",
            Self::LoggedOut => "logged_out",
            Self::Replaced => "replaced",
            Self::PasswordChanged => "password_changed",
            Self::PasswordReset => "password_reset",
            Self::EmailChanged => "email_changed",
            Self::Deleted => "deleted",
            Self::RefreshReused => "refresh_reused",
            Self::LoggedOutEverywhere => "logged_out_everywhere",
            Self::EndedByYou => "ended_by_you",
            Self::Forced => "forced",
            Self::RoleChanged => "role_changed",
            Self::Locked => "locked",
        }
    }

    /// Reads the word back; `None` for one that a newer program wrote.
    pub(crate) fn stored(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::email::Email;

    const TIMES: Lifetimes = Lifetimes {
        idle: Duration::from_secs(600),
        absolute: Duration::from_secs(12 * 3600),
        fresh: Duration::from_secs(300),
    };

    fn session(now: Timestamp) -> Session {
        let user = User {
            id: UserId::new(now),
            email: Email::stored("ann@example.com".into()),
            name: String::new(),
            username: None,
            role: Role::User,
            version: 1,
            locked_at: None,
            email_verified_at: Some(now),
            second_factor_at: None,
            created_at: now,
        };
        TIMES.start(&user, Role::User, now)
    }

    #[test]
    fn the_second_of_expiry_is_too_late() {
        let start = Timestamp::from_millis(1_700_000_000_999);
        let session = session(start);
        assert!(session.is_live(start.floor().plus(Duration::from_millis(599_999))));
        assert!(!session.is_live(start.floor().plus(Duration::from_secs(600))));
        assert_eq!(session.lapse(), EndReason::Expired);
    }

    #[test]
    fn steady_use_ends_at_the_absolute_limit() {
        let start = Timestamp::from_seconds(1_700_000_000);
        let mut session = session(start);
        let mut now = start;
        while session.is_live(now) {
            session = TIMES.slide(&session, now);
            now = now.plus(Duration::from_secs(300));
        }
        assert_eq!(session.expires_at, start.plus(TIMES.absolute));
        assert_eq!(session.lapse(), EndReason::AbsoluteLimit);
    }

    #[test]
    fn a_sign_in_is_fresh_for_five_minutes_however_much_it_is_used() {
        let start = Timestamp::from_seconds(1_700_000_000);
        let later = start.plus(Duration::from_secs(300));
        let session = TIMES.slide(&session(start), later);
        assert!(TIMES.is_fresh(&session, later.minus(Duration::from_millis(1))));
        assert!(!TIMES.is_fresh(&session, later));
    }
}
