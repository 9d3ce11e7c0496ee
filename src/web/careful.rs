//! Fairings that may panic: Rocket catches that in a handler only, and elsewhere ends the connection without an answer.
use std::{panic::AssertUnwindSafe, sync::atomic::Ordering};

use rocket::{
    Build, Data, Orbit, Request, Response, Rocket,
    fairing::{self, Fairing, Info},
    futures::FutureExt,
    response::Responder,
};

use super::{headers, problem::Problem, trace::Trace};
use crate::accounts::Internal;

/// A fairing whose panics are answered with 500, like those of a handler.
pub struct Careful<F>(pub F);

#[rocket::async_trait]
impl<F: Fairing> Fairing for Careful<F> {
    fn info(&self) -> Info {
        self.0.info()
    }

    async fn on_ignite(&self, rocket: Rocket<Build>) -> fairing::Result {
        self.0.on_ignite(rocket).await
    }

    async fn on_liftoff(&self, rocket: &Rocket<Orbit>) {
        self.0.on_liftoff(rocket).await;
    }

    async fn on_request(&self, request: &mut Request<'_>, data: &mut Data<'_>) {
        if AssertUnwindSafe(self.0.on_request(request, data)).catch_unwind().await.is_err() {
            Trace::of(request).broken.store(true, Ordering::Relaxed);
        }
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        if AssertUnwindSafe(self.0.on_response(request, response)).catch_unwind().await.is_err()
            && let Ok(answer) = panicked().respond_to(request)
        {
            // Nothing of an answer that nobody finished, a cookie least of all; the headers may have been on it already.
            *response = answer;
            headers::add(request, response, None);
        }
    }

    async fn on_shutdown(&self, rocket: &Rocket<Orbit>) {
        self.0.on_shutdown(rocket).await;
    }
}

/// What is answered then.
pub fn panicked() -> Problem {
    Problem::internal(Internal::new("a fairing panicked"))
}
