//! Follows the seals from the first to the last, a page at a time, while the server goes on.
use crate::{
    commands::progress,
    db::Pool,
    seals::Seals,
    store::{
        self,
        events::Verbatim,
        seals::{Ends, Link},
    },
};

/// Rows read at a time.
const PAGE: i64 = 1000;

/// What is wrong with the first row that is not as it was sealed. Rows go by their ids.
pub enum Fault {
    /// Nobody who has the key wrote where the chain begins and ends.
    Ends,
    /// A seal stands behind the end of the chain.
    Beyond(String),
    /// Rows are gone together with their seals.
    Gone { count: i64, after: Option<String> },
    /// A row is gone.
    Removed(String),
    /// A row has other words.
    Changed(String),
    /// A row stands in the place of another.
    Moved { row: String, other: String },
    /// A row passes for sealed and has no seal.
    Stray(String),
}

/// A walk, and how far it came.
pub struct Walk<'a> {
    db: &'a Pool,
    seals: &'a Seals,
    /// How many rows are as they were sealed.
    pub sound: i64,
    /// Where the chain begins and ends, as it was read last.
    pub ends: Ends,
    /// Number, seal and row of the last sound one.
    number: i64,
    seal: String,
    row: Option<String>,
}

impl<'a> Walk<'a> {
    pub fn new(db: &'a Pool, seals: &'a Seals) -> Self {
        Self { db, seals, sound: 0, ends: Ends::default(), number: 0, seal: String::new(), row: None }
    }

    /// Goes on until there is a fault or nothing more.
    pub async fn fault(&mut self) -> sqlx::Result<Option<Fault>> {
        let bar = progress::bar(0);
        loop {
            if let Some(fault) = self.read_ends().await? {
                return Ok(Some(fault));
            }
            let page = store::seals::page(&**self.db, self.number, PAGE).await?;
            if page.is_empty() && self.number >= self.ends.number {
                return Ok(store::events::stray(&**self.db).await?.map(Fault::Stray));
            }
            let (fault, here) = (self.follow(page), self.number);
            bar.set_length((self.sound + self.ends.number - here).unsigned_abs());
            bar.set_position(self.sound.unsigned_abs());
            let Some(fault) = fault else { continue };
            // Retention may have deleted between the two readings what is missing here.
            if let Some(fault) = self.read_ends().await? {
                return Ok(Some(fault));
            }
            if self.number == here {
                return self.look_for_others(fault).await.map(Some);
            }
        }
    }

    /// Reads where the chain begins and ends, and goes on where it begins by now.
    async fn read_ends(&mut self) -> sqlx::Result<Option<Fault>> {
        let ends = store::seals::ends(&**self.db).await?;
        let Some((ends, highest)) = ends.filter(|(ends, _)| self.seals.are_bound(ends)) else {
            return Ok(Some(Fault::Ends));
        };
        if highest > ends.number {
            let beyond = store::seals::page(&**self.db, ends.number, 1).await?.pop();
            return Ok(beyond.map(|link| Fault::Beyond(link.event_id)));
        }
        if ends.deleted_number > self.number {
            (self.number, self.row) = (ends.deleted_number, None);
            self.seal.clone_from(&ends.deleted_seal);
        }
        self.ends = ends;
        Ok(None)
    }

    fn follow(&mut self, page: Vec<Link>) -> Option<Fault> {
        if page.is_empty() {
            return Some(Fault::Gone { count: self.ends.number - self.number, after: self.row.clone() });
        }
        for link in page {
            let number = self.number + 1;
            if link.number != number {
                return Some(Fault::Gone { count: link.number - number, after: self.row.clone() });
            }
            let Some(event) = link.event else { return Some(Fault::Removed(link.event_id)) };
            if !self.seals.is_seal(&link.seal, &self.seal, number, &event) {
                return Some(Fault::Changed(link.event_id));
            }
            (self.number, self.seal, self.row) = (number, link.seal, Some(link.event_id));
            self.sound += 1;
        }
        None
    }

    /// A row that is not what was sealed in its place: is that somewhere behind it?
    async fn look_for_others(&self, fault: Fault) -> sqlx::Result<Fault> {
        let Fault::Changed(row) = fault else { return Ok(fault) };
        let (mut after, mut here) = (self.number, None);
        loop {
            let page = store::seals::page(&**self.db, after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(Fault::Changed(row)) };
            after = last.number;
            let seal = here.get_or_insert_with(|| page[0].seal.clone());
            if let Some(other) = page.iter().find(|other| self.belongs_here(other, &row, seal)) {
                return Ok(Fault::Moved { row, other: other.event_id.clone() });
            }
        }
    }

    /// Whether the event of `other` was sealed after the last sound row, where `row` and `seal` stand now: with the seal that it still has,
    /// or under the names that were exchanged.
    fn belongs_here(&self, other: &Link, row: &str, seal: &str) -> bool {
        let Some(event) = &other.event else { return false };
        let fits = |seal: &str, event: &Verbatim| self.seals.is_seal(seal, &self.seal, self.number + 1, event);
        let renamed = Verbatim { id: row.to_owned(), ..event.clone() };
        fits(&other.seal, event) || fits(seal, event) || fits(seal, &renamed)
    }
}
