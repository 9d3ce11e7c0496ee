//! Figures of the whole site: how many there are now, and what every hour and day brought.
use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crate::{
    accounts::{Accounts, Internal, seen::FLUSH},
    clock::Timestamp,
    db::{LEISURE, Pool},
    model::event::EventKind,
    store,
};

pub use crate::store::{outbox::Backlog, stats::AccountCounts};

/// How often it is counted: a million rows take a while, and nobody who looks should wait for it.
const INTERVAL: Duration = Duration::from_secs(10);

/// Counting takes no more of a processor than one part in this many.
const SHARE: u32 = 50;

/// After so many times that a new count was due, the old one is told no more.
const LATE: u32 = 3;

/// Hours and days that are shown, the present ones among them.
const HOURS: i64 = 24;
const DAYS: i64 = 30;

const DAY_HOURS: i64 = 24;

/// What a site has and does.
pub struct Stats {
    /// How many there are.
    pub counts: Counts,
    /// The last 24 hours, the oldest first.
    pub hours: Vec<Span>,
    /// The last 30 days in UTC, the oldest first.
    pub days: Vec<Span>,
}

/// How many there were when they were counted.
#[derive(Clone)]
pub struct Counts {
    /// When that was.
    pub at: Timestamp,
    /// Accounts.
    pub accounts: AccountCounts,
    /// Sessions in browsers that go on.
    pub browsers: i64,
    /// Sessions of programs that go on.
    pub programs: i64,
    /// Letters that have not left.
    pub letters: Queue,
    /// Events that have not been published.
    pub events: Backlog,
    /// Servers on this database.
    pub nodes: i64,
}

/// What waits.
#[derive(Clone, Copy)]
pub struct Queue {
    /// How many.
    pub waiting: i64,
    /// Since when the oldest of them waits.
    pub oldest: Option<Timestamp>,
}

/// What an hour or a day brought.
pub struct Span {
    /// When it began.
    pub from: Timestamp,
    /// Sessions that began.
    pub signins: i64,
    /// Sign-ins that were refused.
    pub failures: i64,
    /// Accounts that were made.
    pub accounts: i64,
}

/// The last counts of this node, and the uptime until which they are told.
pub(in crate::accounts) type KeptCounts = Mutex<Option<(Counts, Duration)>>;

impl Accounts {
    /// The figures. Events were counted when they were sealed, a second or two after they happened; everything else at [`Counts::at`].
    ///
    /// # Errors
    /// The database is gone.
    pub async fn stats(&self) -> Result<Stats, Internal> {
        let hour = self.clock.now().hours();
        let day = hour.div_euclid(DAY_HOURS);
        Ok(Stats {
            counts: self.counts().await?,
            hours: self.spans(hour + 1 - HOURS, HOURS, 1).await?,
            days: self.spans(day + 1 - DAYS, DAYS, DAY_HOURS).await?,
        })
    }

    /// Counts anew and keeps it; answers when to do so again.
    ///
    /// # Errors
    /// The database is gone.
    pub async fn count(&self) -> Result<Duration, Internal> {
        let began = self.clock.uptime();
        let counts = self.count_everything(&self.db.with_patience(LEISURE)).await?;
        let done = self.clock.uptime();
        let pause = INTERVAL.max(done.saturating_sub(began) * SHARE);
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner) = Some((counts, done + pause * LATE));
        Ok(pause)
    }

    /// What was counted last. Whoever finds nothing, or nothing but what nobody has counted anew for long, counts.
    async fn counts(&self) -> Result<Counts, Internal> {
        let uptime = self.clock.uptime();
        let kept = self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match kept {
            Some((counts, until)) if uptime < until => Ok(counts),
            _ => self.count_everything(&self.db).await,
        }
    }

    async fn count_everything(&self, db: &Pool) -> Result<Counts, Internal> {
        let now = self.clock.now();
        // Last use is written down late.
        let used_since = now.minus(self.rules.lifetimes.idle + FLUSH);
        let [(_, browsers), (_, programs)] = store::sessions::live(&**db, used_since, now).await?;
        let (waiting, oldest) = store::letters::queue(&**db).await?;
        Ok(Counts {
            at: now,
            accounts: store::stats::accounts(&**db).await?,
            browsers,
            programs,
            letters: Queue { waiting, oldest },
            events: store::outbox::backlog(&**db).await?,
            nodes: store::nodes::count(&**db).await?,
        })
    }

    /// `number` spans of `step` hours each; `first` counts such spans since the epoch.
    async fn spans(&self, first: i64, number: i64, step: i64) -> Result<Vec<Span>, Internal> {
        let kinds =
            [EventKind::SessionStarted, EventKind::SessionFailed, EventKind::UserCreated].map(EventKind::as_str);
        let hours = (first * step, (first + number) * step);
        let tallies = store::tallies::between(&*self.db, hours, step, kinds).await?;
        let count = |of: i64, kind: &str| {
            tallies.iter().find(|tally| tally.step == of && tally.kind == kind).map_or(0, |tally| tally.number)
        };
        let span = |of: i64| Span {
            from: Timestamp::from_hours(of * step),
            signins: count(of, kinds[0]),
            failures: count(of, kinds[1]),
            accounts: count(of, kinds[2]),
        };
        Ok((first..first + number).map(span).collect())
    }
}
