//! All sessions of all accounts, for superusers; the newest first.
use sqlx::{
    Row,
    any::{AnyExecutor, AnyRow},
};

use super::{
    moment,
    sessions::{Kind, Place},
};
use crate::{
    clock::Timestamp,
    model::{
        client::Client,
        id::{SessionId, UserId},
        session::EndReason,
    },
};

/// A session as its row tells it.
pub struct AnySession {
    /// Its name.
    pub id: SessionId,
    /// Whose it is.
    pub user_id: UserId,
    /// Where their letters go.
    pub email: String,
    /// What it is used by.
    pub kind: Kind,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, as far as that was written down yet.
    pub last_seen_at: Timestamp,
    /// When it ends however much it is used.
    pub ends_at: Timestamp,
    /// Until when its last refresh token is good, if it has one.
    pub refresh_until: Option<Timestamp>,
    /// When it was ended, if it was.
    pub ended_at: Option<Timestamp>,
    /// Why.
    pub end_reason: Option<EndReason>,
    /// From where it began, and with what.
    pub client: Client,
}

/// Which sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// All.
    Any,
    /// Those that go on: not ended, and used or refreshed since the moment that is asked about.
    Open,
    /// The others.
    Ended,
}

// `$n = $n` stands for a parameter that a variant does not use: PostgreSQL wants to see every one that is bound.
macro_rules! select {
    ($state:literal, $user:literal) => {
        concat!(
            "SELECT sessions.id, user_id, email, kind, sessions.created_at, last_seen_at, ends_at, refresh_until, ended_at,
                end_reason, ip, user_agent
            FROM sessions JOIN users ON users.id = user_id
            WHERE (sessions.created_at, sessions.id) < ($1, $2) AND $4 = $4 AND $5 = $5 AND $6 = $6 AND ",
            $state,
            " AND ",
            $user,
            " ORDER BY sessions.created_at DESC, sessions.id DESC LIMIT $3"
        )
    };
}

macro_rules! of_user {
    ($user:expr, $state:literal) => {
        if $user.is_some() { select!($state, "user_id = $4") } else { select!($state, "1 = 1") }
    };
}

/// Up to `limit` sessions from after `place` on; of one account, or of all. `now` and `idle_since` tell which of them go on.
pub async fn list(
    db: impl AnyExecutor<'_>,
    state: State,
    user: Option<&UserId>,
    place: &Place,
    (now, idle_since): (Timestamp, Timestamp),
    limit: i64,
) -> sqlx::Result<Vec<AnySession>> {
    let sql = match state {
        State::Any => of_user!(user, "1 = 1"),
        State::Open => of_user!(
            user,
            "ended_at IS NULL AND ends_at > $5 AND (refresh_until IS NULL OR refresh_until > $5)
                AND (kind = 'api' OR last_seen_at > $6)"
        ),
        State::Ended => of_user!(
            user,
            "(ended_at IS NOT NULL OR ends_at <= $5 OR refresh_until <= $5 OR (kind <> 'api' AND last_seen_at <= $6))"
        ),
    };
    let query = sqlx::query(sql).bind(place.0).bind(&place.1).bind(limit).bind(user.map_or("", UserId::as_str));
    let rows = query.bind(now.millis()).bind(idle_since.millis()).fetch_all(db).await?;
    rows.iter().map(session).collect()
}

fn session(row: &AnyRow) -> sqlx::Result<AnySession> {
    Ok(AnySession {
        id: SessionId::from(row.try_get::<String, _>("id")?),
        user_id: UserId::from(row.try_get::<String, _>("user_id")?),
        email: row.try_get("email")?,
        kind: if row.try_get::<&str, _>("kind")? == "api" { Kind::Api } else { Kind::Browser },
        created_at: Timestamp::from_millis(row.try_get("created_at")?),
        last_seen_at: Timestamp::from_millis(row.try_get("last_seen_at")?),
        ends_at: Timestamp::from_millis(row.try_get("ends_at")?),
        refresh_until: moment(row, "refresh_until")?,
        ended_at: moment(row, "ended_at")?,
        end_reason: row.try_get::<Option<String>, _>("end_reason")?.as_deref().and_then(EndReason::stored),
        client: Client { ip: row.try_get("ip")?, user_agent: row.try_get("user_agent")? },
    })
}
