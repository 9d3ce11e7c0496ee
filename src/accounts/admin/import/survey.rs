//! The first look at all rows: which addresses and usernames stand in more than one.
use std::{
    collections::{HashMap, HashSet, hash_map::Entry},
    hash::{BuildHasher, RandomState},
};

use super::read::{Broken, Candidate, Left};

/// What was seen. Of each name it keeps a number of 64 bits under a key of its own and not the text, so that a million rows take some tens
/// of megabytes; that two names have one number happens once in ten million such imports.
#[derive(Default)]
pub struct Survey {
    /// Rows that were seen.
    pub rows: u64,
    /// Those that are broken: how many, and the first.
    pub broken: Option<(u64, u64, Broken)>,
    key: RandomState,
    /// The number of an address, and of how it was first spelt.
    addresses: HashMap<u64, u64>,
    shared: HashMap<u64, Left>,
    usernames: HashSet<u64>,
    shared_usernames: HashSet<u64>,
    ids: HashSet<u64>,
    shared_ids: HashSet<u64>,
}

impl Survey {
    /// Takes a row into account.
    pub fn see(&mut self, number: u64, row: &Result<Candidate, Broken>) {
        self.rows += 1;
        let candidate = match row {
            Ok(candidate) => candidate,
            Err(broken) => {
                let (count, ..) = self.broken.get_or_insert_with(|| (0, number, broken.clone()));
                *count += 1;
                return;
            }
        };
        if let Ok(email) = &candidate.email {
            let (address, spelling) = (self.key.hash_one(email.as_str()), self.key.hash_one(&candidate.spelling));
            match self.addresses.entry(address) {
                Entry::Vacant(vacant) => _ = vacant.insert(spelling),
                Entry::Occupied(first) if *first.get() != spelling => _ = self.shared.insert(address, Left::CaseOnly),
                Entry::Occupied(_) => _ = self.shared.entry(address).or_insert(Left::SharedAddress),
            }
        }
        if let Some(username) = &candidate.username {
            let number = self.key.hash_one(username.as_str());
            if !self.usernames.insert(number) {
                self.shared_usernames.insert(number);
            }
        }
        if let Some(id) = &candidate.id {
            let number = self.key.hash_one(id);
            if !self.ids.insert(number) {
                self.shared_ids.insert(number);
            }
        }
    }

    /// Takes from a row what it shares with others: nobody can tell whose it is.
    pub fn settle(&self, candidate: &mut Candidate) {
        let shared =
            candidate.email.as_ref().ok().and_then(|email| self.shared.get(&self.key.hash_one(email.as_str())));
        if let Some(left) = shared {
            candidate.email = Err(*left);
        }
        let username = candidate.username.as_ref().map(|name| self.key.hash_one(name.as_str()));
        if username.is_some_and(|number| self.shared_usernames.contains(&number)) {
            candidate.lose_username();
        }
        if candidate.id.as_ref().is_some_and(|id| self.shared_ids.contains(&self.key.hash_one(id))) {
            candidate.id = None;
        }
    }
}
