//! The clock that is passed in, and the moments it tells.
use std::{fmt, sync::Arc, time::Duration};

use time::{Date, OffsetDateTime, format_description::well_known::Rfc3339, macros::format_description};

/// Tells the time. Cloned into everything that needs it; tests move it by hand.
#[derive(Clone)]
pub struct Clock {
    tell: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    uptime: Arc<dyn Fn() -> Duration + Send + Sync>,
}

impl Clock {
    /// A clock that answers whatever `tell` and `uptime` return.
    pub fn new(
        tell: impl Fn() -> Timestamp + Send + Sync + 'static,
        uptime: impl Fn() -> Duration + Send + Sync + 'static,
    ) -> Self {
        Self { tell: Arc::new(tell), uptime: Arc::new(uptime) }
    }

    /// The clock of this machine.
    pub fn system() -> Self {
        Self::new(system_time, system_uptime)
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        (self.tell)()
    }

    /// The time since the machine was started. Nobody sets it, and it runs on while the machine or this process sleeps.
    pub fn uptime(&self) -> Duration {
        (self.uptime)()
    }
}

fn system_uptime() -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    // Elsewhere the monotonic clock runs on in sleep by itself.
    #[cfg(target_os = "linux")]
    let id = ClockId::Boottime;
    #[cfg(not(target_os = "linux"))]
    let id = ClockId::Monotonic;
    // Neither is ever negative.
    Duration::try_from(clock_gettime(id)).unwrap_or_default()
}

#[expect(clippy::disallowed_methods, reason = "the only reader of system time")]
fn system_time() -> Timestamp {
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Timestamp(since_epoch.map_or(0, millis))
}

/// A node whose clock is further from the database's is not trusted with sessions: they would end too early or too late.
pub const CLOCKS_MAY_DIFFER: Duration = Duration::from_secs(5);

/// How far a clock that says `ours` is ahead of one that answered `theirs` after `took`, in milliseconds; negative when it is behind. The
/// answer may be of any moment of that time, so it is this much at least: a slow answer is no proof of a wrong clock.
pub fn ahead(ours: Timestamp, theirs: Timestamp, took: Duration) -> i64 {
    let asked = ours.minus(took);
    match theirs {
        _ if theirs > ours => ours.0.saturating_sub(theirs.0),
        _ if theirs < asked => asked.0.saturating_sub(theirs.0),
        _ => 0,
    }
}

/// A moment: whole milliseconds since the Unix epoch, as the database keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment `millis` milliseconds after the epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// The moment `seconds` seconds after the epoch, as tokens write it (RFC 7519 NumericDate).
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The beginning of the hour `hours` after the epoch, in UTC.
    pub const fn from_hours(hours: i64) -> Self {
        Self::from_seconds(hours.saturating_mul(3600))
    }

    /// Whole hours since the epoch, rounded down.
    pub const fn hours(self) -> i64 {
        self.seconds().div_euclid(3600)
    }

    /// This moment without its fraction of a second: the precision of tokens and cookies.
    pub const fn floor(self) -> Self {
        Self::from_seconds(self.seconds())
    }

    /// The moment `span` later.
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(millis(span)))
    }

    /// The moment `span` earlier.
    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(millis(span)))
    }

    /// The time from `earlier` to this moment; zero when `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Reads a moment in RFC 3339, or a date, which means its beginning in UTC; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let date = format_description!("[year]-[month]-[day]");
        let moment = OffsetDateTime::parse(text, &Rfc3339).ok();
        let moment = moment.or_else(|| Some(Date::parse(text, &date).ok()?.midnight().assume_utc()));
        moment.and_then(|moment| i64::try_from(moment.unix_timestamp_nanos() / 1_000_000).ok()).map(Self)
    }

    /// RFC 3339 in UTC, whole seconds: `2026-11-21T14:05:00Z`.
    pub fn rfc3339(self) -> String {
        self.utc().format(&Rfc3339).unwrap_or_default()
    }

    /// The same with its milliseconds: `2026-11-21T14:05:00.250Z`.
    pub fn rfc3339_millis(self) -> String {
        let style = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
        let fraction = Duration::from_millis(self.0.rem_euclid(1000).unsigned_abs());
        (self.utc() + fraction).format(&style).unwrap_or_default()
    }

    /// The day in UTC, for people: `21 Nov 2026`.
    pub fn day(self) -> String {
        let style = format_description!("[day padding:none] [month repr:short] [year]");
        self.utc().format(&style).unwrap_or_default()
    }

    /// The hour in UTC, for people: `21 Nov, 14:00`.
    pub fn day_and_hour(self) -> String {
        let style = format_description!("[day padding:none] [month repr:short], [hour]:00");
        self.utc().format(&style).unwrap_or_default()
    }

    fn utc(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(self.seconds()).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

/// For people: `21 Nov 2026, 14:05 UTC`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let style = format_description!("[day padding:none] [month repr:short] [year], [hour]:[minute] UTC");
        f.write_str(&self.utc().format(&style).map_err(|_| fmt::Error)?)
    }
}

/// Whole milliseconds, as the database keeps spans.
pub(crate) fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_wrong_by_what_no_moment_of_the_asking_explains() {
        for (ours, theirs, took, expected) in [
            (100_000, 100_000, 0, 0),
            (100_000, 99_000, 1_000, 0),
            (100_000, 98_999, 1_000, 1),
            (100_000, 91_000, 1_000, 8_000),
            (100_000, 100_250, 1_000, -250),
            (100_000, 40_000, 60_000, 0),
        ] {
            let took = Duration::from_millis(took);
            let found = ahead(Timestamp::from_millis(ours), Timestamp::from_millis(theirs), took);
            assert_eq!(found, expected, "{ours} {theirs} {took:?}");
        }
    }
}
