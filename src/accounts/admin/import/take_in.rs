//! Takes a batch of accounts in, or tells what would become of it.
use std::collections::{HashMap, HashSet};

use super::{Newcomer, Terms};
use crate::{
    accounts::{Accounts, AdminError, Internal, Tx, admin::Operator},
    clock::Timestamp,
    db::Connection,
    model::{event::EventKind, id::UserId, search, user::User},
    store::{self, newcomers::Resident},
};

/// Beside every event of an import.
const BECAUSE: &str = r#"{"reason":"imported"}"#;

/// What becomes of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is new.
    New,
    /// It is new, and its username is another account's.
    NewWithoutUsername,
    /// It is left out: it has no address, and its username is another account's.
    UsernameTaken,
    /// It is here already.
    Known,
    /// It is here already, and gets name and hash of the row.
    Updated,
}

impl Accounts {
    /// Takes a batch of accounts in, all at once or none: each is recorded and can be found, and its owner gets no letter.
    ///
    /// # Errors
    /// The database refuses or is gone; nothing of the batch is kept then.
    pub async fn take_in(
        &self,
        operator: &Operator<'_>,
        mut batch: Vec<Newcomer>,
        terms: &Terms,
    ) -> Result<Vec<Fate>, AdminError> {
        let mut tx = self.begin_as(operator, None).await?;
        self.db.make_room(&mut tx).await?;
        // Most are new, and who is not is found by that: looking for each first would take as long as adding it.
        let added = self.add(&mut tx, operator, &batch.iter().collect::<Vec<_>>()).await?;
        let mut others: Vec<&mut Newcomer> =
            batch.iter_mut().filter(|one| !added.contains(one.user.id.as_str())).collect();
        let mut fates = self.add_the_others(&mut tx, operator, &mut others, terms).await?.into_iter();
        tx.commit().await?;
        let fate = |one: &Newcomer| if added.contains(one.user.id.as_str()) { Some(Fate::New) } else { fates.next() };
        Ok(batch.iter().map(fate).map(|fate| fate.unwrap_or(Fate::Known)).collect())
    }

    /// Whether servers wait for each batch that is taken in: SQLite has one writer at a time, and of those that wait in other processes each
    /// only looks now and then whether it is free.
    ///
    /// # Errors
    /// The database is gone.
    pub async fn keeps_servers_waiting(&self) -> Result<bool, AdminError> {
        Ok(self.db.is_sqlite() && store::nodes::count(&*self.db).await? > 0)
    }

    /// What would become of a batch. Nothing is written, and nothing locked.
    ///
    /// # Errors
    /// The database is gone.
    pub async fn foresee(&self, batch: &[Newcomer], terms: &Terms) -> Result<Vec<Fate>, AdminError> {
        let mut connection = self.db.acquire().await?;
        Ok(look(&mut connection, &batch.iter().collect::<Vec<_>>(), terms).await?.0)
    }

    /// Adds those of whom nobody has the address, the username or the id, and answers their ids.
    async fn add(
        &self,
        tx: &mut Tx,
        operator: &Operator<'_>,
        newcomers: &[&Newcomer],
    ) -> Result<HashSet<String>, Internal> {
        let added: HashSet<String> = store::newcomers::insert(tx, newcomers).await?.into_iter().collect();
        let users = newcomers.iter().map(|one| &one.user).filter(|user| added.contains(user.id.as_str()));
        let users: Vec<&User> = users.collect();
        let mut words: Vec<(&UserId, String)> =
            users.iter().flat_map(|user| search::words(user).into_iter().map(|word| (&user.id, word))).collect();
        // As the larger index has them: neighbours go to the same page.
        words.sort_unstable_by(|one, other| one.1.cmp(&other.1));
        store::newcomers::index(tx, &words).await?;
        let ids: Vec<&UserId> = users.iter().map(|user| &user.id).collect();
        self.record_all(tx, operator, EventKind::UserCreated, &ids, self.clock.now()).await?;
        Ok(added)
    }

    /// What becomes of those who could not be added as they are.
    async fn add_the_others(
        &self,
        tx: &mut Tx,
        operator: &Operator<'_>,
        others: &mut [&mut Newcomer],
        terms: &Terms,
    ) -> Result<Vec<Fate>, Internal> {
        if others.is_empty() {
            return Ok(Vec::new());
        }
        let (mut fates, residents) = look(tx, &others.iter().map(|one| &**one).collect::<Vec<_>>(), terms).await?;
        for (newcomer, fate) in others.iter_mut().zip(&fates) {
            if *fate == Fate::NewWithoutUsername {
                newcomer.user.username = None;
            }
        }
        let is_new = |fate: &Fate| matches!(fate, Fate::New | Fate::NewWithoutUsername);
        let new: Vec<&Newcomer> =
            others.iter().zip(&fates).filter(|(_, fate)| is_new(fate)).map(|(one, _)| &**one).collect();
        let added = if new.is_empty() { HashSet::new() } else { self.add(tx, operator, &new).await? };
        for ((newcomer, fate), resident) in others.iter().zip(&mut fates).zip(residents) {
            // Somebody may have signed up with the same address just now, or signed in to the account that is here.
            if is_new(fate) && !added.contains(newcomer.user.id.as_str()) {
                *fate = Fate::Known;
            }
            if let (Fate::Updated, Some(resident)) = (*fate, resident)
                && !self.refresh_resident(tx, operator, newcomer, &resident).await?
            {
                *fate = Fate::Known;
            }
        }
        Ok(fates)
    }

    async fn record_all(
        &self,
        tx: &mut Tx,
        operator: &Operator<'_>,
        kind: EventKind,
        users: &[&UserId],
        now: Timestamp,
    ) -> Result<(), Internal> {
        let client = operator.by().client;
        store::newcomers::record(tx, kind, users, (client, BECAUSE), self.rules.publish, now).await?;
        self.events.notify_one();
        Ok(())
    }

    /// Brings an account that nobody has signed in to up to date; false when somebody has meanwhile.
    async fn refresh_resident(
        &self,
        tx: &mut Tx,
        operator: &Operator<'_>,
        newcomer: &Newcomer,
        resident: &Resident,
    ) -> Result<bool, Internal> {
        let (name, hash) = news(newcomer, resident);
        if !store::newcomers::update(tx, &resident.id, name, hash).await? {
            return Ok(false);
        }
        let id = UserId::from(resident.id.clone());
        if let Some(user) = store::users::by_id(&mut **tx, &id).await? {
            self.index(tx, &user).await?;
        }
        if hash != resident.password_hash.as_deref() {
            self.record_all(tx, operator, EventKind::PasswordChanged, &[&id], self.clock.now()).await?;
        }
        Ok(true)
    }
}

/// The name and the hash that an account here gets by its row: a row that says nothing takes nothing away.
fn news<'a>(newcomer: &'a Newcomer, resident: &'a Resident) -> (&'a str, Option<&'a str>) {
    let name = if newcomer.user.name.is_empty() { &resident.name } else { &newcomer.user.name };
    (name, newcomer.password_hash.as_deref().or(resident.password_hash.as_deref()))
}

/// The fate of each, and whoever is here in its place.
async fn look(
    db: &mut Connection,
    batch: &[&Newcomer],
    terms: &Terms,
) -> Result<(Vec<Fate>, Vec<Option<Resident>>), Internal> {
    let residents = store::newcomers::residents(db, batch, BECAUSE).await?;
    let by_id: HashMap<&str, &Resident> = residents.iter().map(|one| (one.id.as_str(), one)).collect();
    let by_email: HashMap<&str, &Resident> = residents.iter().map(|one| (one.email.as_str(), one)).collect();
    let usernames: HashSet<&str> = residents.iter().filter_map(|one| one.username.as_deref()).collect();
    let found = batch.iter().map(|newcomer| {
        let user = &newcomer.user;
        let namesake = by_email.get(user.email.as_str());
        let resident = namesake.or_else(|| by_id.get(user.id.as_str()));
        let taken = user.username.as_ref().is_some_and(|name| usernames.contains(name.as_str()));
        let fate = match resident {
            Some(resident) => {
                let differs = news(newcomer, resident) != (resident.name.as_str(), resident.password_hash.as_deref());
                let may = namesake.is_some() && resident.is_untouched;
                if terms.update && may && differs { Fate::Updated } else { Fate::Known }
            }
            None if taken && user.email.is_stand_in() => Fate::UsernameTaken,
            None if taken => Fate::NewWithoutUsername,
            None => Fate::New,
        };
        (fate, resident.map(|resident| (*resident).clone()))
    });
    Ok(found.unzip())
}
