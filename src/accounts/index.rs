//! Keeping accounts findable.
use super::{Accounts, Internal, Tx};
use crate::{
    model::{search, user::User},
    store,
};

impl Accounts {
    /// Writes down what `user` is found by, in the transaction of what changed it.
    pub(super) async fn index(&self, tx: &mut Tx, user: &User) -> Result<(), Internal> {
        Ok(store::words::set(tx, &user.id, search::words(user)).await?)
    }
}
