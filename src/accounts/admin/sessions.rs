//! Everybody's sessions.
use super::page::{Cursor, Page};
use crate::{
    accounts::{Accounts, AdminError, seen::FLUSH},
    clock::Timestamp,
    model::{id::UserId, invalid::Fault, session::EndReason},
    store::{self, sessions::Kind},
};

pub use crate::store::roll::{AnySession, State as SessionState};

/// Which sessions, and from where on.
pub struct SessionFilter<'a> {
    /// In which state.
    pub state: SessionState,
    /// Of this account only.
    pub user: Option<UserId>,
    /// What the page before said.
    pub cursor: Option<&'a str>,
    /// The most rows.
    pub limit: i64,
}

impl Accounts {
    /// A page of sessions, the newest first. One that ended by itself says so too: when it did is known to within [`FLUSH`].
    ///
    /// # Errors
    /// The cursor is none of ours, or a fault of ours.
    pub async fn all_sessions(&self, filter: &SessionFilter<'_>) -> Result<Page<AnySession>, AdminError> {
        let place = filter.cursor.map(Cursor::parse_time).transpose().map_err(|fault| vec![fault])?;
        let place = place.unwrap_or_else(store::sessions::newest);
        let (now, idle) = (self.clock.now(), self.rules.lifetimes.idle);
        let times = (now, now.minus(idle + FLUSH));
        let user = filter.user.as_ref();
        let mut rows = store::roll::list(&*self.db, filter.state, user, &place, times, filter.limit + 1).await?;
        for row in &mut rows {
            if row.ended_at.is_none()
                && let Some((at, reason)) = lapse(row, times, idle)
            {
                (row.ended_at, row.end_reason) = (Some(at), Some(reason));
            }
        }
        Ok(Page::of(rows, filter.limit, |row| (row.created_at.millis().to_string(), row.id.to_string())))
    }
}

/// When and why a session that nobody ended is over nevertheless.
fn lapse(
    row: &AnySession,
    (now, idle_since): (Timestamp, Timestamp),
    idle: std::time::Duration,
) -> Option<(Timestamp, EndReason)> {
    let by_disuse = match row.kind {
        Kind::Api => row.refresh_until.filter(|until| *until <= now),
        Kind::Browser => (row.last_seen_at <= idle_since).then(|| row.last_seen_at.plus(idle)),
    };
    match by_disuse {
        Some(at) if at < row.ends_at => Some((at, EndReason::Expired)),
        _ => (row.ends_at <= now).then_some((row.ends_at, EndReason::AbsoluteLimit)),
    }
}

impl SessionState {
    /// Reads the word of a filter; empty means every session.
    ///
    /// # Errors
    /// Another word.
    pub fn parse(word: &str) -> Result<Self, Fault> {
        match word {
            "" | "any" => Ok(Self::Any),
            "open" => Ok(Self::Open),
            "ended" => Ok(Self::Ended),
            _ => Err(Fault::OneOf("open, ended")),
        }
    }
}
