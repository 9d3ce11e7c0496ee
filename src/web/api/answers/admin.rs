//! What superusers see of others.
use rocket::{Responder, serde::json::Json};
use serde::Serialize;
use serde_json::Value;
use utoipa::{
    ToSchema,
    openapi::{Object, ObjectBuilder, Type},
};

use super::{end_reason, role, session_kind};
use crate::{
    accounts::{
        Recorded,
        admin::{Account, AnySession, Page},
    },
    clock::Timestamp,
    model::{email::Email, session::EndReason, user::Role},
};

/// An account as superusers see it.
#[derive(Serialize, ToSchema)]
pub struct AccountAnswer {
    /// Opaque.
    id: String,
    /// Where letters go; null for an account that came here with a username only.
    email: Option<String>,
    /// What its owner wants to be called; may be empty.
    name: String,
    /// Another name to sign in with.
    username: Option<String>,
    #[schema(schema_with = role)]
    role: Role,
    #[schema(schema_with = status)]
    status: &'static str,
    /// Whether its owner proved to hold the address.
    email_verified: bool,
    /// Since when signing in to it asks for a second factor.
    #[schema(format = "date-time")]
    second_factor_at: Option<String>,
    /// When it was made.
    #[schema(format = "date-time")]
    created_at: String,
    /// Since when nobody may sign in to it.
    #[schema(format = "date-time")]
    locked_at: Option<String>,
    /// When somebody last signed in to it.
    #[schema(format = "date-time")]
    last_signin_at: Option<String>,
}

/// A page of accounts.
#[derive(Serialize, ToSchema)]
pub struct AccountsAnswer {
    items: Vec<AccountAnswer>,
    /// Asks for the page after this one; null on the last.
    next_cursor: Option<String>,
}

/// 201: an account was made.
#[derive(Responder)]
#[response(status = 201)]
pub struct MadeAccount(pub Json<AccountAnswer>);

/// A session as superusers see it.
#[derive(Serialize, ToSchema)]
pub struct AnySessionAnswer {
    /// Opaque.
    id: String,
    /// Whose it is.
    user_id: String,
    /// Where their letters go; null for an account that came here with a username only.
    email: Option<String>,
    #[schema(schema_with = session_kind)]
    kind: &'static str,
    /// When it began.
    #[schema(format = "date-time")]
    created_at: String,
    /// When it was last used, to within half a minute.
    #[schema(format = "date-time")]
    last_seen_at: String,
    /// When it ended; null while it goes on.
    #[schema(format = "date-time")]
    ended_at: Option<String>,
    #[schema(schema_with = end_reason)]
    end_reason: Option<&'static str>,
    /// From which network address it began.
    ip: Option<String>,
    /// With which browser.
    user_agent: Option<String>,
    /// The browser or program in words.
    device: String,
}

/// A page of sessions.
#[derive(Serialize, ToSchema)]
pub struct AllSessionsAnswer {
    items: Vec<AnySessionAnswer>,
    /// Asks for the page after this one; null on the last.
    next_cursor: Option<String>,
}

/// A recorded event about anybody.
#[derive(Serialize, ToSchema)]
pub struct AnyEventAnswer {
    /// Opaque.
    id: String,
    /// What happened, like `session.started`.
    r#type: String,
    /// When.
    #[schema(format = "date-time")]
    time: String,
    /// About which account.
    user_id: Option<String>,
    /// Who did it.
    actor_id: Option<String>,
    session_id: Option<String>,
    /// From which network address.
    ip: Option<String>,
    /// With which browser.
    user_agent: Option<String>,
    /// More words.
    #[schema(value_type = Object)]
    data: Value,
}

/// A page of events about anybody.
#[derive(Serialize, ToSchema)]
pub struct AllEventsAnswer {
    items: Vec<AnyEventAnswer>,
    /// Asks for the page after this one; null on the last.
    next_cursor: Option<String>,
}

fn status() -> Object {
    let about = "Whether its owner can sign in, has not set a password yet, or is kept from it.";
    let words = ["active", "invited", "locked"];
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).description(Some(about)).build()
}

impl From<Account> for AccountAnswer {
    fn from(account: Account) -> Self {
        let (status, user) = (account.status(), account.user);
        Self {
            id: user.id.to_string(),
            email: user.email.real().map(str::to_owned),
            name: user.name,
            username: user.username.map(|name| name.as_str().to_owned()),
            role: user.role,
            status,
            email_verified: user.email_verified_at.is_some(),
            second_factor_at: user.second_factor_at.map(Timestamp::rfc3339),
            created_at: user.created_at.rfc3339(),
            locked_at: user.locked_at.map(Timestamp::rfc3339),
            last_signin_at: account.last_signin_at.map(Timestamp::rfc3339),
        }
    }
}

impl From<Page<Account>> for AccountsAnswer {
    fn from(page: Page<Account>) -> Self {
        Self { items: page.items.into_iter().map(AccountAnswer::from).collect(), next_cursor: page.next }
    }
}

impl From<Page<AnySession>> for AllSessionsAnswer {
    fn from(page: Page<AnySession>) -> Self {
        let answer = |session: AnySession| AnySessionAnswer {
            id: session.id.to_string(),
            user_id: session.user_id.to_string(),
            email: Email::stored(session.email).real().map(str::to_owned),
            kind: session.kind.as_str(),
            created_at: session.created_at.rfc3339(),
            last_seen_at: session.last_seen_at.rfc3339(),
            ended_at: session.ended_at.map(Timestamp::rfc3339),
            end_reason: session.end_reason.map(EndReason::as_str),
            device: session.client.device(),
            ip: session.client.ip,
            user_agent: session.client.user_agent,
        };
        Self { items: page.items.into_iter().map(answer).collect(), next_cursor: page.next }
    }
}

impl From<Recorded> for AnyEventAnswer {
    fn from(event: Recorded) -> Self {
        Self {
            id: event.id,
            r#type: event.kind,
            time: event.at.rfc3339(),
            user_id: event.user_id,
            actor_id: event.actor_id,
            session_id: event.session_id,
            ip: event.client.ip,
            user_agent: event.client.user_agent,
            data: event.data,
        }
    }
}

impl From<Page<Recorded>> for AllEventsAnswer {
    fn from(page: Page<Recorded>) -> Self {
        Self { items: page.items.into_iter().map(AnyEventAnswer::from).collect(), next_cursor: page.next }
    }
}
