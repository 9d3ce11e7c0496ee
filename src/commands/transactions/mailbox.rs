//! The mailbox at its server (IMAP, RFC 3501), opened so that nothing in it changes.
use std::{collections::HashMap, time::Duration};

use async_imap::{
    Client, Session,
    error::Error,
    types::{Fetch, Uid},
};
use rocket::futures::TryStreamExt;
use time::{Date, OffsetDateTime, UtcOffset};
use tokio::time::timeout;

use super::{
    letter::Letter,
    options::{Period, Wanted},
    socket::{self, Socket},
    utf7::mailbox_name,
};
use crate::commands::Failure;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The largest message that is fetched, in bytes: those about money are small, and a whole one is in memory.
const LARGEST: u32 = 10 << 20;

/// A mailbox that is open for reading.
pub struct Mailbox {
    session: Session<Socket>,
    host: String,
}

/// A message, or what is known of one that is too large.
pub struct Fetched {
    pub uid: Uid,
    arrived: Option<OffsetDateTime>,
    size: u32,
    /// The whole message, or its header alone.
    raw: Vec<u8>,
}

impl Mailbox {
    /// Signs in and opens the mailbox.
    pub async fn open(wanted: &Wanted) -> Result<Self, Failure> {
        let Wanted { host, port, user, .. } = wanted;
        let socket = socket::open(host, *port, wanted.ca_file.as_deref()).await?;
        let mut client = Client::new(socket);
        let greeting = answer(host, async { Ok(client.read_response().await?) }).await?;
        if greeting.is_none() {
            return Err(lost(host));
        }
        let login =
            answer(host, async { client.login(user, wanted.password.as_str()).await.map_err(|(error, _)| error) });
        let session = login.await.map_err(|error| format!("signing in as {user}: {error}"))?;
        let mut mailbox = Self { session, host: host.clone() };
        let name = mailbox_name(&wanted.mailbox);
        let opened = answer(host, mailbox.session.examine(name)).await;
        opened.map_err(|error| format!("--mailbox: {}: {error}", wanted.mailbox))?;
        Ok(mailbox)
    }

    /// The messages that were sent or arrived in the period, the oldest first. Servers disregard time and zone.
    pub async fn search(&mut self, period: &Period) -> Result<Vec<Uid>, Failure> {
        let (from, to) = (imap_day(period.from), imap_day(period.to));
        let query = format!("OR (SENTSINCE {from} SENTBEFORE {to}) (SINCE {from} BEFORE {to})");
        let found = answer(&self.host, self.session.uid_search(query)).await?;
        let mut found: Vec<Uid> = found.into_iter().collect();
        found.sort_unstable();
        Ok(found)
    }

    /// Fetches these messages; of those that are too large, the header.
    pub async fn fetch(&mut self, page: &[Uid]) -> Result<Vec<Fetched>, Failure> {
        let known = self.ask(page, "(UID INTERNALDATE RFC822.SIZE)").await?;
        let mut known: HashMap<Uid, Fetch> = known.into_iter().filter_map(|one| Some((one.uid?, one))).collect();
        let mut messages = Vec::with_capacity(page.len());
        for &uid in page {
            // Somebody may have deleted it meanwhile.
            let Some(facts) = known.remove(&uid) else { continue };
            let size = facts.size.unwrap_or(LARGEST + 1);
            let part = if size > LARGEST { "(UID BODY.PEEK[HEADER])" } else { "(UID BODY.PEEK[])" };
            let answers = self.ask(&[uid], part).await?;
            let Some(whole) = answers.iter().find(|one| one.uid == Some(uid)) else { continue };
            let raw = whole.body().or_else(|| whole.header()).unwrap_or_default().to_vec();
            messages.push(Fetched { uid, arrived: arrival(&facts), size, raw });
        }
        Ok(messages)
    }

    async fn ask(&mut self, page: &[Uid], what: &str) -> Result<Vec<Fetch>, Failure> {
        let uids = page.iter().map(Uid::to_string).collect::<Vec<_>>().join(",");
        let answers = async { self.session.uid_fetch(uids, what).await?.try_collect().await };
        answer(&self.host, answers).await
    }

    /// Says goodbye. What was read is read, whatever the server answers.
    pub async fn close(&mut self) {
        let _ = answer(&self.host, self.session.logout()).await;
    }
}

impl Fetched {
    /// What it says, or its subject and why it cannot be read.
    pub fn letter(&self) -> Result<Letter, (String, String)> {
        if self.size > LARGEST {
            let subject = Letter::read(&self.raw, self.arrived).map(|letter| letter.subject).unwrap_or_default();
            return Err((subject, format!("is larger than {} MiB", LARGEST >> 20)));
        }
        Letter::read(&self.raw, self.arrived)
    }
}

fn arrival(facts: &Fetch) -> Option<OffsetDateTime> {
    let arrived = facts.internal_date()?;
    let offset = UtcOffset::from_whole_seconds(arrived.offset().local_minus_utc()).ok()?;
    Some(OffsetDateTime::from_unix_timestamp(arrived.timestamp()).ok()?.to_offset(offset))
}

/// A day as IMAP writes it: 1-Jan-2026.
fn imap_day(day: Date) -> String {
    format!("{}-{:.3}-{}", day.day(), day.month().to_string(), day.year())
}

/// Waits for an answer, and says in one line what was wrong with it.
async fn answer<T>(host: &str, asked: impl Future<Output = Result<T, Error>>) -> Result<T, Failure> {
    match timeout(PATIENCE, asked).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(Error::ConnectionLost)) => Err(lost(host)),
        Ok(Err(Error::Io(error))) => {
            Err(format!("{host}: the connection was lost: {}", one_line(&error.to_string())).into())
        }
        Ok(Err(Error::No(words) | Error::Bad(words))) => Err(format!("{host} refuses: {}", one_line(&words)).into()),
        Ok(Err(error)) => Err(format!("{host}: {}", one_line(&error.to_string())).into()),
        Err(_) => Err(format!("{host}: no answer within {} seconds", PATIENCE.as_secs()).into()),
    }
}

fn lost(host: &str) -> Failure {
    format!("{host}: the connection was lost").into()
}

/// Words of a stranger, fit for a line on a terminal.
pub fn one_line(words: &str) -> String {
    let words: String = words.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect();
    words.trim().to_owned()
}
