//! What the audit trail records.
use serde_json::{Map, Value};

use super::{
    client::Client,
    id::{SessionId, UserId},
};

/// One act, as the audit trail keeps it. Holds no password, code, token, key or address.
#[derive(Clone, Debug)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// Whose account it is about; nobody's when the account is unknown.
    pub user_id: Option<UserId>,
    /// Who did it; nobody when nobody was signed in.
    pub actor_id: Option<UserId>,
    /// In or about which session.
    pub session_id: Option<SessionId>,
    /// From where.
    pub client: Client,
    /// More words of the event's kind, such as a reason.
    pub data: Map<String, Value>,
}

impl Event {
    /// An event of `kind`, done by `client`; the rest is added by the methods below.
    pub fn new(kind: EventKind, client: &Client) -> Self {
        Self { kind, user_id: None, actor_id: None, session_id: None, client: client.clone(), data: Map::new() }
    }

    /// About this account, and done by its owner.
    pub fn by_owner(mut self, user_id: &UserId) -> Self {
        self.actor_id = Some(user_id.clone());
        self.about(user_id)
    }

    /// About this account, by nobody who is known.
    pub fn about(mut self, user_id: &UserId) -> Self {
        self.user_id = Some(user_id.clone());
        self
    }

    /// In or about this session.
    pub fn in_session(mut self, session_id: &SessionId) -> Self {
        self.session_id = Some(session_id.clone());
        self
    }

    /// With a reason.
    pub fn because(self, reason: &str) -> Self {
        self.with("reason", reason)
    }

    /// With more words.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.data.insert(name.into(), value.into());
        self
    }
}

/// The kinds of events of this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// An account was made.
    UserCreated,
    /// Its owner was invited to set a password.
    UserInvited,
    /// An account was locked: nobody can sign in to it.
    UserLocked,
    /// It was opened again.
    UserUnlocked,
    /// An account was deleted.
    UserDeleted,
    /// An account may do more, or less.
    RoleChanged,
    /// An account has a new address.
    EmailChanged,
    /// A new password was set by somebody who knew the old one.
    PasswordChanged,
    /// Somebody asked for a code to set a new password.
    PasswordResetRequested,
    /// A new password was set with a mailed code.
    PasswordReset,
    /// Signing in asks for a second factor from now on.
    SecondFactorEnabled,
    /// It asks for the password only.
    SecondFactorDisabled,
    /// An account has new recovery codes; the old ones are worthless.
    RecoveryCodesReplaced,
    /// A session began.
    SessionStarted,
    /// A sign-in was refused.
    SessionFailed,
    /// A session was ended.
    SessionEnded,
    /// A caller without cookies got its first tokens.
    TokenIssued,
    /// It got new ones for a refresh token.
    TokenRefreshed,
    /// It came with a refresh token that had been used before.
    TokenReused,
}

impl EventKind {
    /// Every one.
    pub const ALL: [Self; 19] = [
        Self::SessionStarted,
        Self::SessionFailed,
        Self::SessionEnded,
        Self::UserCreated,
        Self::UserInvited,
        Self::UserLocked,
        Self::UserUnlocked,
        Self::UserDeleted,
        Self::RoleChanged,
        Self::EmailChanged,
        Self::PasswordChanged,
        Self::PasswordReset,
        Self::PasswordResetRequested,
        Self::SecondFactorEnabled,
        Self::SecondFactorDisabled,
        Self::RecoveryCodesReplaced,
        Self::TokenIssued,
        Self::TokenRefreshed,
        Self::TokenReused,
    ];

    /// Reads the type back.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// The event's type, which is its routing key too.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UserCreated => "user.created",
            Self::UserInvited => "user.invited",
            Self::UserLocked => "user.locked",
            Self::UserUnlocked => "user.unlocked",
            Self::UserDeleted => "user.deleted",
            Self::RoleChanged => "user.role_changed",
            Self::EmailChanged => "user.email_changed",
            Self::PasswordChanged => "user.password_changed",
            Self::PasswordResetRequested => "user.password_reset_requested",
            Self::PasswordReset => "user.password_reset",
            Self::SecondFactorEnabled => "user.second_factor_enabled",
            Self::SecondFactorDisabled => "user.second_factor_disabled",
            Self::RecoveryCodesReplaced => "user.recovery_codes_replaced",
            Self::SessionStarted => "session.started",
            Self::SessionFailed => "session.failed",
            Self::SessionEnded => "session.ended",
            Self::TokenIssued => "token.issued",
            Self::TokenRefreshed => "token.refreshed",
            Self::TokenReused => "token.reused",
        }
    }
}
