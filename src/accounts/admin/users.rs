//! Finding accounts.
use super::page::{Cursor, Page};
use crate::{
    accounts::{Accounts, AdminError, Internal},
    model::{email::Email, id::UserId, invalid::Fault, search, user::User, username::Username},
    store::{
        self,
        directory::{After, Found},
    },
};

pub use crate::store::{
    directory::{Kept, Sort, Status},
    users::Account,
};

/// Which accounts, in which order, from where on.
pub struct UserFilter<'a> {
    /// The beginning of an address, a domain, a username, a name or a word of one; empty for all. What is found comes in the order of what
    /// it was found by.
    pub q: &'a str,
    /// In which state.
    pub status: Status,
    /// In which order, where nothing is searched for.
    pub sort: Sort,
    /// What the page before said.
    pub cursor: Option<&'a str>,
    /// The most rows.
    pub limit: i64,
}

impl Accounts {
    /// A page of accounts.
    ///
    /// # Errors
    /// The cursor is none of ours, or a fault of ours.
    pub async fn users(&self, filter: &UserFilter<'_>) -> Result<Page<Account>, AdminError> {
        let (limit, q) = (filter.limit, search::folded(filter.q));
        if !q.is_empty() {
            let after = filter.cursor.map(Cursor::parse).transpose().map_err(|fault| vec![fault])?;
            let after = after.map_or((String::new(), String::new()), |cursor| (cursor.key, cursor.id));
            let found = store::directory::search(&*self.db, &q, filter.status, &after, limit + 1).await?;
            let page = Page::of(found, limit, |found| (found.word.clone(), found.account.user.id.to_string()));
            let items = page.items.into_iter().map(|Found { account, .. }| account).collect();
            return Ok(Page { items, next: page.next });
        }
        let after = after(filter).map_err(|fault| vec![fault])?;
        let rows = store::directory::list(&*self.db, filter.status, filter.sort, &after, limit + 1).await?;
        Ok(Page::of(rows, limit, |account| (key(&account.user, filter.sort), account.user.id.to_string())))
    }

    /// The account of `id` with what superusers see of it.
    ///
    /// # Errors
    /// There is none, or a fault of ours.
    pub async fn user(&self, id: &UserId) -> Result<Account, AdminError> {
        store::users::account_of(&*self.db, id).await?.ok_or(AdminError::NotFound)
    }

    /// Up to `limit` accounts with the hashes of their passwords, the oldest first, from after `last` on.
    ///
    /// # Errors
    /// The database is gone.
    pub async fn kept(&self, last: Option<&User>, limit: i64) -> Result<Vec<Kept>, Internal> {
        let after = last.map_or((i64::MIN, ""), |user| (user.created_at.millis(), user.id.as_str()));
        Ok(store::directory::kept(&*self.db, after, limit).await?)
    }

    /// The account that `who` names: by address, username or id.
    ///
    /// # Errors
    /// The database is gone.
    pub async fn named(&self, who: &str) -> Result<Option<User>, Internal> {
        if let Ok(email) = Email::parse(who) {
            return Ok(store::users::by_email(&*self.db, &email).await?.map(|(user, _)| user));
        }
        if let Some(user) = store::users::by_id(&*self.db, &UserId::from(who.to_owned())).await? {
            return Ok(Some(user));
        }
        match Username::parse(who) {
            Ok(name) => Ok(store::users::by_username(&*self.db, &name).await?.map(|(user, _)| user)),
            Err(_) => Ok(None),
        }
    }
}

fn after(filter: &UserFilter<'_>) -> Result<After, crate::model::invalid::Invalid> {
    match (filter.sort, filter.cursor) {
        (_, None) => Ok(After::Nothing),
        (Sort::Address, Some(cursor)) => Cursor::parse(cursor).map(|cursor| After::Address(cursor.key)),
        (_, Some(cursor)) => Cursor::parse_time(cursor).map(|(at, id)| After::Moment(at, id)),
    }
}

fn key(user: &User, sort: Sort) -> String {
    match sort {
        Sort::Address => user.email.as_str().to_owned(),
        Sort::Newest | Sort::Oldest => user.created_at.millis().to_string(),
    }
}

impl Status {
    /// Reads the word of a filter; empty means every account.
    ///
    /// # Errors
    /// Another word.
    pub fn parse(word: &str) -> Result<Self, Fault> {
        match word {
            "" | "any" => Ok(Self::Any),
            "active" => Ok(Self::Active),
            "locked" => Ok(Self::Locked),
            "invited" => Ok(Self::Invited),
            "superuser" => Ok(Self::Superuser),
            _ => Err(Fault::OneOf("active, locked, invited, superuser")),
        }
    }
}

impl Sort {
    /// Reads the word of an order; empty means the newest first.
    ///
    /// # Errors
    /// Another word.
    pub fn parse(word: &str) -> Result<Self, Fault> {
        match word {
            "" | "newest" => Ok(Self::Newest),
            "oldest" => Ok(Self::Oldest),
            "address" => Ok(Self::Address),
            _ => Err(Fault::OneOf("newest, oldest, address")),
        }
    }
}
