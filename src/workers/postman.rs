//! Empties the mail queue: letters leave from here, never from a request.
use std::{sync::Arc, time::Duration};

use tera::{Context, context};
use tokio::sync::Notify;

use super::crew::Stop;
use crate::{
    accounts::{Internal, letter_place},
    clock::Clock,
    db::Pool,
    mail::{Envelope, Post, Undelivered},
    model::letter::Letter,
    secret::Secret,
    store::{self, letters::Due},
    templates::Templates,
};

/// How long the queue is left alone when nobody says that a letter came: another node may have written one.
const PAUSE: Duration = Duration::from_secs(5);

/// How long a letter is ours; after that another node may take it, since we may be gone.
const LEASE: Duration = Duration::from_secs(120);

/// Letters taken at a time: as many as can be sent within the lease, at ten seconds a time-out.
const BATCH: i64 = 10;

/// The first wait after a failure; each further one is twice as long, up to an hour.
const FIRST_WAIT: Duration = Duration::from_secs(5);

/// Tries before a letter is given up: about a day and a half.
const MAX_ATTEMPTS: i64 = 40;

/// Takes letters from the queue and sends them.
pub struct Postman {
    /// The queue.
    pub db: Pool,
    /// The clock.
    pub clock: Clock,
    /// Opens what is sealed.
    pub secret: Arc<Secret>,
    /// Gives the letters their words.
    pub templates: Arc<Templates>,
    /// The way they go.
    pub post: Arc<Post>,
    /// What letters call this site.
    pub public_url: String,
}

impl Postman {
    /// Sends letters until it has to `stop`, and finishes the one at hand then; wakes when one was `queued`.
    pub async fn run(&self, queued: &Notify, stop: &Stop) {
        while !stop.is_set() {
            match self.deliver_until(|| stop.is_set()).await {
                // More may be waiting.
                Ok(delivered) if delivered > 0 => continue,
                Ok(_) => {}
                Err(error) => tracing::error!(%error, "the mail queue could not be read"),
            }
            tokio::select! {
                () = queued.notified() => {}
                () = stop.sleep(PAUSE) => {}
            }
        }
    }

    /// Sends what is due now; answers how many letters were taken.
    ///
    /// # Errors
    /// The queue could not be read or written; a letter that could not be sent is no error, it is tried again later.
    pub async fn deliver(&self) -> Result<usize, Internal> {
        self.deliver_until(|| false).await
    }

    /// The same, but once `stops` says so no other letter is begun: those go back into the queue, as they were.
    ///
    /// # Errors
    /// As [`Self::deliver`].
    pub async fn deliver_until(&self, stops: impl Fn() -> bool) -> Result<usize, Internal> {
        let now = self.clock.now();
        let expired = store::letters::drop_expired(&*self.db, now).await?;
        if expired > 0 {
            tracing::warn!(expired, "letters expired in the queue and were not sent");
        }
        let due = store::letters::claim(&*self.db, now, now.plus(LEASE), BATCH).await?;
        for letter in &due {
            if stops() {
                store::letters::give_back(&*self.db, &letter.id, self.clock.now()).await?;
                continue;
            }
            match self.send(letter).await {
                Ok(()) => store::letters::sent(&*self.db, &letter.id, self.clock.now()).await?,
                Err(refusal) => self.put_back(letter, &refusal).await?,
            }
        }
        Ok(due.len())
    }

    async fn send(&self, due: &Due) -> Result<(), Undelivered> {
        let now = self.clock.now();
        // The letters before it may have taken their time.
        if due.not_after.is_some_and(|end| end <= now) {
            return Err(Undelivered::for_good("expired in the queue"));
        }
        match self.words(due)? {
            Some((subject, text, html)) => {
                let (id, to) = (&due.id, &due.recipient);
                self.post.send(Envelope { id, to, subject: subject.trim(), text, html, at: now }).await
            }
            None => Ok(()),
        }
    }

    /// Subject, text and HTML of a letter; `None` for one that goes nowhere.
    fn words(&self, due: &Due) -> Result<Option<(String, String, String)>, Internal> {
        let sealed = self.secret.open(&letter_place(&due.id), &due.sealed)?;
        let letter: Letter = serde_json::from_slice(&sealed)?;
        let Some(folder) = letter.template() else { return Ok(None) };
        let mut context = Context::from_serialize(&letter)?;
        context.extend(context! { site => &serde_json::json!({ "name": "Nightlatch", "url": self.public_url }) });
        let render = |part: &str| self.templates.render(&format!("mail/{folder}/{part}.tera"), &context);
        Ok(Some((render("subject.txt")?, render("body.txt")?, render("body.html")?)))
    }

    async fn put_back(&self, letter: &Due, refusal: &Undelivered) -> Result<(), Internal> {
        let (now, error) = (self.clock.now(), &refusal.cause);
        if refusal.for_good || letter.attempts >= MAX_ATTEMPTS {
            tracing::error!(letter = letter.id, attempts = letter.attempts, %error, "a letter was given up");
            return Ok(store::letters::dropped(&*self.db, &letter.id, &error.to_string(), now).await?);
        }
        let doublings = u32::try_from(letter.attempts - 1).unwrap_or(0).min(10);
        let wait = (FIRST_WAIT * 2_u32.pow(doublings)).min(Duration::from_secs(3600));
        tracing::warn!(letter = letter.id, attempts = letter.attempts, %error, again_in = ?wait, "a letter did not leave");
        Ok(store::letters::failed(&*self.db, &letter.id, &error.to_string(), now.plus(wait)).await?)
    }
}
