//! How often what may be tried or asked for.
use std::time::Duration;

use serde::Deserialize;

use super::{SettingsError, text};

/// The limits on guesses and on letters.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Whether there are any.
    #[serde(deserialize_with = "text::parsed")]
    pub enabled: bool,
    /// Wrong passwords in a row that nobody has to wait for, for each account and for each browser that is known to it.
    #[serde(deserialize_with = "text::parsed")]
    pub free_failures: u32,
    /// The wait after the first one more; each doubles it.
    #[serde(deserialize_with = "text::duration")]
    pub first_wait: Duration,
    /// The longest wait.
    #[serde(deserialize_with = "text::duration")]
    pub longest_wait: Duration,
    /// Wrong passwords in a row after which only a new password helps.
    #[serde(deserialize_with = "text::parsed")]
    pub most_failures: u32,
    /// Passwords that may be tried from one network in a minute.
    #[serde(deserialize_with = "text::parsed")]
    pub signins_per_minute: u32,
    /// Wrong ones among them.
    #[serde(deserialize_with = "text::parsed")]
    pub failures_per_minute: u32,
    /// Codes that may be tried from one network in a minute.
    #[serde(deserialize_with = "text::parsed")]
    pub codes_per_minute: u32,
    /// Sign-ups, forgotten passwords and new codes, each, from one network in a minute.
    #[serde(deserialize_with = "text::parsed")]
    pub requests_per_minute: u32,
    /// The same in an hour.
    #[serde(deserialize_with = "text::parsed")]
    pub requests_per_hour: u32,
    /// Letters to one address that one network, or one known browser, can cause: one in this time.
    #[serde(deserialize_with = "text::duration")]
    pub mail_pause: Duration,
    /// So many in an hour.
    #[serde(deserialize_with = "text::parsed")]
    pub mail_per_hour: u32,
    /// So many in a day.
    #[serde(deserialize_with = "text::parsed")]
    pub mail_per_day: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            enabled: true,
            free_failures: 5,
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_secs(15 * 60),
            // The most that NIST SP 800-63B-4, 3.2.2 allows.
            most_failures: 100,
            signins_per_minute: 30,
            failures_per_minute: 10,
            codes_per_minute: 30,
            requests_per_minute: 20,
            requests_per_hour: 60,
            mail_pause: Duration::from_secs(60),
            mail_per_hour: 5,
            mail_per_day: 10,
        }
    }
}

/// More than any network needs.
const MOST: u32 = 100_000;

impl Limits {
    /// Refuses limits that limit nothing, or everything. `here`: whether the public URL is of this machine.
    pub(super) fn checked(self, here: bool) -> Result<Self, SettingsError> {
        let wrong = |name: &str, why: &str| Err(SettingsError::new(&format!("NIGHTLATCH_LIMITS__{name}"), why));
        if !self.enabled && !here {
            return wrong("ENABLED", "can be false only when NIGHTLATCH_PUBLIC_URL is of this machine (localhost)");
        }
        if !(1..=100).contains(&self.most_failures) {
            return wrong("MOST_FAILURES", "must be from 1 to 100");
        }
        if !(1..=100).contains(&self.free_failures) {
            return wrong("FREE_FAILURES", "must be from 1 to 100");
        }
        let (second, hour) = (Duration::from_secs(1), Duration::from_secs(3600));
        if self.mail_pause > hour {
            return wrong("MAIL_PAUSE", "must be from 0s to 1h");
        }
        for (name, value) in [("FIRST_WAIT", self.first_wait), ("LONGEST_WAIT", self.longest_wait)] {
            if !(second..=hour).contains(&value) {
                return wrong(name, "must be from 1s to 1h");
            }
        }
        for (name, value) in [
            ("SIGNINS_PER_MINUTE", self.signins_per_minute),
            ("FAILURES_PER_MINUTE", self.failures_per_minute),
            ("CODES_PER_MINUTE", self.codes_per_minute),
            ("REQUESTS_PER_MINUTE", self.requests_per_minute),
            ("REQUESTS_PER_HOUR", self.requests_per_hour),
            ("MAIL_PER_HOUR", self.mail_per_hour),
            ("MAIL_PER_DAY", self.mail_per_day),
        ] {
            if !(1..=MOST).contains(&value) {
                return wrong(name, "must be from 1 to 100000");
            }
        }
        Ok(self)
    }
}
