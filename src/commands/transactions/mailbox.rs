//! The mailbox at its server (IMAP, RFC 3501), opened so that nothing in it changes.
use std::collections::HashMap;

use async_imap::{
    Client, Session,
    types::{Fetch, Uid},
};
use rocket::futures::TryStreamExt;
use time::{Date, OffsetDateTime, UtcOffset};

use super::{
    answer::{answer, lost},
    letter::Letter,
    options::{Period, Wanted},
    socket::{self, Socket},
    utf7::mailbox_name,
};
use crate::commands::Failure;

/// The largest message that is fetched, in bytes: those about money are small, and a whole one is in memory.
const LARGEST: u32 = 10 << 20;

/// A mailbox that is open for reading.
pub struct Mailbox {
    session: Session<Socket>,
    host: String,
}

/// What is known of a message before it is fetched.
#[derive(Clone)]
pub struct Facts {
    uid: Uid,
    arrived: Option<OffsetDateTime>,
    size: u32,
}

/// A message, or the header of one that is too large.
pub struct Fetched {
    facts: Facts,
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

    /// Asks how large these messages are and when they came. One that somebody deleted meanwhile is left out.
    pub async fn facts(&mut self, page: &[Uid]) -> Result<Vec<Facts>, Failure> {
        let answers = self.ask(page, "(UID INTERNALDATE RFC822.SIZE)").await?;
        let mut facts: Vec<Facts> =
            answers.iter().filter_map(Facts::of).filter(|facts| page.contains(&facts.uid)).collect();
        facts.sort_unstable_by_key(|facts| facts.uid);
        Ok(facts)
    }

    /// Fetches the first of these messages, as many as are fit to be in memory at once; at least one. There must be one.
    pub async fn fetch(&mut self, facts: &[Facts]) -> Result<Vec<Fetched>, Failure> {
        let mut sum = 0_u32;
        let fits = facts.iter().take_while(|facts| {
            sum = sum.saturating_add(facts.size);
            sum <= LARGEST
        });
        let (count, part) = match fits.count() {
            0 => (1, "(UID BODY.PEEK[HEADER])"),
            count => (count, "(UID BODY.PEEK[])"),
        };
        let uids: Vec<Uid> = facts[..count].iter().map(|facts| facts.uid).collect();
        let mut raw: HashMap<Uid, Vec<u8>> = HashMap::new();
        for answer in self.ask(&uids, part).await? {
            if let (Some(uid), Some(bytes)) = (answer.uid, answer.body().or_else(|| answer.header())) {
                raw.insert(uid, bytes.to_vec());
            }
        }
        let fetched = facts[..count].iter();
        Ok(fetched
            .map(|facts| Fetched { facts: facts.clone(), raw: raw.remove(&facts.uid).unwrap_or_default() })
            .collect())
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

impl Facts {
    fn of(answer: &Fetch) -> Option<Self> {
        let arrived = answer.internal_date().and_then(|arrived| {
            let offset = UtcOffset::from_whole_seconds(arrived.offset().local_minus_utc()).ok()?;
            Some(OffsetDateTime::from_unix_timestamp(arrived.timestamp()).ok()?.to_offset(offset))
        });
        // A server that does not say how large it is does not get it fetched.
        Some(Self { uid: answer.uid?, arrived, size: answer.size.unwrap_or(u32::MAX) })
    }
}

impl Fetched {
    /// Its number in the mailbox.
    pub fn uid(&self) -> Uid {
        self.facts.uid
    }

    /// What it says, or its subject and why it cannot be read.
    pub fn letter(&self) -> Result<Letter, (String, String)> {
        let letter = Letter::read(&self.raw, self.facts.arrived);
        if self.facts.size > LARGEST {
            let subject = letter.map_or_else(|(subject, _)| subject, |letter| letter.subject);
            return Err((subject, format!("is larger than {} MiB", LARGEST >> 20)));
        }
        letter
    }
}

/// A day as IMAP writes it: 1-Jan-2026.
fn imap_day(day: Date) -> String {
    format!("{}-{:.3}-{}", day.day(), day.month().to_string(), day.year())
}
