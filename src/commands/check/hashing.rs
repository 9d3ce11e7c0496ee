//! What one password costs on this machine.
use std::{sync::Arc, time::Duration};

use prometheus_client::metrics::counter::Counter;

use super::Findings;
use crate::{
    clock::Clock,
    hasher::Hasher,
    model::password::Password,
    settings::{Hash, Settings},
};

/// Less is cheap for who tries them all, more is long to wait for (SECURITY.md, "Keys and algorithms").
const LEAST: Duration = Duration::from_millis(5);
const MOST: Duration = Duration::from_secs(1);

pub async fn check(settings: &Settings, clock: &Clock, findings: &mut Findings) {
    let what = "password hashing";
    match least_of_three(settings, clock).await {
        Ok(took) => {
            let permits = settings.hash.permits;
            let found = format!("{:.1} ms for one password, {permits} at once", took.as_secs_f64() * 1000.0);
            let fix = |change| format!("between 5 ms and a second is wanted: {change} NIGHTLATCH_PASSWORD__MEMORY_KIB");
            match took {
                took if took < LEAST => findings.warning(what, found, fix("raise")),
                took if took > MOST => findings.warning(what, found, fix("lower")),
                _ => findings.ok(what, found),
            }
        }
        Err(error) => findings.problem(what, error, "lower NIGHTLATCH_PASSWORD__MEMORY_KIB"),
    }
}

/// The others may have waited for something else.
async fn least_of_three(settings: &Settings, clock: &Clock) -> Result<Duration, String> {
    let hasher = Hasher::start(&settings.password, &Hash { permits: 1, queue: 1 }, Counter::default())
        .map_err(|error| error.to_string())?;
    let password = Password::given("a password of usual length").map_err(|refusal| format!("{refusal:?}"))?;
    let password = Arc::new(password);
    let mut least = Duration::MAX;
    for _ in 0..3 {
        let began = clock.uptime();
        hasher.hash(Arc::clone(&password)).await.map_err(|error| format!("{error:?}"))?;
        least = least.min(clock.uptime().saturating_sub(began));
    }
    Ok(least)
}
