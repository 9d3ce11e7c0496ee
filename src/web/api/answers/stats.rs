//! Figures of the whole site.
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    accounts::admin::{Backlog, Queue, Span, Stats},
    clock::Timestamp,
};

/// How many there are of everything, and what the last hours and days brought.
#[derive(Serialize, ToSchema)]
pub struct StatsAnswer {
    /// When accounts, sessions, letters and nodes were counted.
    #[schema(format = "date-time")]
    counted_at: String,
    accounts: AccountCountsAnswer,
    sessions: SessionCountsAnswer,
    letters: QueueAnswer,
    events: BacklogAnswer,
    /// Servers on this database.
    nodes: i64,
    /// The last 24 hours, the oldest first; the last one is not over.
    hours: Vec<SpanAnswer>,
    /// The last 30 days in UTC, the oldest first; the last one is not over.
    days: Vec<SpanAnswer>,
}

/// Accounts by their state.
#[derive(Serialize, ToSchema)]
pub struct AccountCountsAnswer {
    /// All of them.
    all: i64,
    /// Their owners can sign in.
    active: i64,
    /// Their owners have not set a password yet.
    invited: i64,
    /// Nobody may sign in to them.
    locked: i64,
    /// They look after the others; each of them is in one of these states too.
    superusers: i64,
}

/// Sessions that go on.
#[derive(Serialize, ToSchema)]
pub struct SessionCountsAnswer {
    /// Of people with a cookie.
    browser: i64,
    /// Of programs with tokens.
    api: i64,
}

/// What waits to leave.
#[derive(Serialize, ToSchema)]
pub struct QueueAnswer {
    /// How many.
    waiting: i64,
    /// Since when the oldest of them waits.
    #[schema(format = "date-time")]
    oldest: Option<String>,
}

/// What waits to be published.
#[derive(Serialize, ToSchema)]
pub struct BacklogAnswer {
    /// How many.
    waiting: i64,
    /// Since when the oldest of them waits.
    #[schema(format = "date-time")]
    oldest: Option<String>,
    /// How many were given up.
    parked: i64,
    /// Why they wait, if anything is wrong.
    error: Option<String>,
}

/// What an hour or a day brought.
#[derive(Serialize, ToSchema)]
pub struct SpanAnswer {
    /// When it began.
    #[schema(format = "date-time")]
    from: String,
    /// Sessions that began.
    signins: i64,
    /// Sign-ins that were refused.
    failures: i64,
    /// Accounts that were made.
    accounts: i64,
}

impl From<Stats> for StatsAnswer {
    fn from(stats: Stats) -> Self {
        let counts = stats.counts;
        let accounts = counts.accounts;
        Self {
            counted_at: counts.at.rfc3339(),
            accounts: AccountCountsAnswer {
                all: accounts.all,
                active: accounts.active(),
                invited: accounts.invited,
                locked: accounts.locked,
                superusers: accounts.superusers,
            },
            sessions: SessionCountsAnswer { browser: counts.browsers, api: counts.programs },
            letters: counts.letters.into(),
            events: counts.events.into(),
            nodes: counts.nodes,
            hours: stats.hours.into_iter().map(SpanAnswer::from).collect(),
            days: stats.days.into_iter().map(SpanAnswer::from).collect(),
        }
    }
}

impl From<Queue> for QueueAnswer {
    fn from(queue: Queue) -> Self {
        Self { waiting: queue.waiting, oldest: queue.oldest.map(Timestamp::rfc3339) }
    }
}

impl From<Backlog> for BacklogAnswer {
    fn from(backlog: Backlog) -> Self {
        Self {
            waiting: backlog.pending,
            oldest: backlog.oldest.map(Timestamp::rfc3339),
            parked: backlog.parked,
            error: backlog.error,
        }
    }
}

impl From<Span> for SpanAnswer {
    fn from(span: Span) -> Self {
        Self { from: span.from.rfc3339(), signins: span.signins, failures: span.failures, accounts: span.accounts }
    }
}
