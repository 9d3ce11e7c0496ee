//! The whole audit trail.
use std::collections::{BTreeMap, BTreeSet};

use crate::{
    accounts::{Accounts, AdminError, Internal},
    clock::Timestamp,
    model::{event::EventKind, id::UserId},
    store::{self, events::Recorded},
};

use super::page::{Cursor, Page};

/// The addresses of accounts, by their ids.
pub type Addresses = BTreeMap<String, String>;

/// Which events, and from where on.
#[derive(Clone, Default)]
pub struct EventFilter {
    /// Of this type only.
    pub kind: Option<EventKind>,
    /// About this account only.
    pub user: Option<UserId>,
    /// From this moment on.
    pub from: Option<Timestamp>,
    /// Before this moment.
    pub to: Option<Timestamp>,
}

impl Accounts {
    /// Up to `limit` events, the newest first, from what the page before said on.
    ///
    /// # Errors
    /// The cursor is none of ours, or a fault of ours.
    pub async fn all_events(
        &self,
        filter: &EventFilter,
        cursor: Option<&str>,
        limit: i64,
    ) -> Result<Page<Recorded>, AdminError> {
        let cursor = cursor.map(Cursor::parse).transpose().map_err(|fault| vec![fault])?;
        let rows = self.events_before(filter, cursor.map(|cursor| cursor.id).as_deref(), limit + 1).await?;
        Ok(Page::of(rows, limit, |row| (String::new(), row.id.clone())))
    }

    /// Up to `limit` events, the newest first, from before the one with the id `before` on.
    ///
    /// # Errors
    /// The database is gone.
    pub async fn events_before(
        &self,
        filter: &EventFilter,
        before: Option<&str>,
        limit: i64,
    ) -> Result<Vec<Recorded>, Internal> {
        // Every id is hexadecimal, begins with its time, and is before a `z` in every collation.
        let bound = |at: Option<Timestamp>| at.map(|at| format!("{:012x}", at.millis().max(0)));
        let from = bound(filter.from).unwrap_or_default();
        let to = bound(filter.to).unwrap_or_else(|| "z".to_owned());
        let before = before.map_or(to.as_str(), |before| before.min(&to)).to_owned();
        let kind = filter.kind.map(EventKind::as_str);
        Ok(store::events::list(&*self.db, kind, filter.user.as_ref(), (&from, &before), limit).await?)
    }

    /// The addresses of whom `events` are about and of who did them; of those whose accounts are still there.
    ///
    /// # Errors
    /// The database is gone.
    pub async fn addresses(&self, events: &[Recorded]) -> Result<Addresses, Internal> {
        let people = events.iter().flat_map(|event| [&event.user_id, &event.actor_id]).flatten();
        let mut addresses = Addresses::new();
        for id in people.collect::<BTreeSet<_>>() {
            if let Some(address) = self.address(&UserId::from(id.clone())).await? {
                addresses.insert(id.clone(), address);
            }
        }
        Ok(addresses)
    }

    /// The address of the account of `id`, or its username where it has none, while it is there.
    ///
    /// # Errors
    /// The database is gone.
    pub async fn address(&self, id: &UserId) -> Result<Option<String>, Internal> {
        let user = store::users::by_id(&*self.db, id).await?;
        Ok(user.map(|user| user.called().to_owned()))
    }
}
