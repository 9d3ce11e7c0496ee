//! The first superuser.
use super::{Change, NewAccount, Operator};
use crate::{
    accounts::{Accounts, AdminError},
    model::email::Email,
    store,
};

/// What became of the wish for a superuser.
#[derive(Debug, PartialEq, Eq)]
pub enum FirstSuperuser {
    /// There is one already.
    There,
    /// Somebody was made one, and got a letter.
    Made,
    /// There is none; nobody was named.
    Missing,
    /// There is none: the account of the address that was named did not prove it.
    Unproven,
}

impl Accounts {
    /// Makes the owner of `email` a superuser, without a password, while there is no superuser. An account that has the address is promoted,
    /// if its owner proved to hold it.
    ///
    /// # Errors
    /// The address is none, or a fault of ours.
    pub async fn first_superuser(&self, email: Option<&str>) -> Result<FirstSuperuser, AdminError> {
        if store::users::has_superuser(&*self.db).await? {
            return Ok(FirstSuperuser::There);
        }
        let Some(email) = email else { return Ok(FirstSuperuser::Missing) };
        let address = Email::parse(email).map_err(|fault| vec![fault.of("email")])?;
        let operator = Operator::command_line();
        match store::users::by_email(&*self.db, &address).await? {
            Some((user, _)) if user.email_verified_at.is_none() => Ok(FirstSuperuser::Unproven),
            Some((user, _)) => {
                let change = Change { role: Some("superuser"), ..Change::default() };
                self.change_account(&operator, &user.id, &change).await.map(|_| FirstSuperuser::Made)
            }
            None => {
                let new = NewAccount { email, role: "superuser", ..NewAccount::default() };
                match self.create_account(&operator, &new).await {
                    // Another node was faster.
                    Err(AdminError::Taken(_)) => Ok(FirstSuperuser::There),
                    made => made.map(|_| FirstSuperuser::Made),
                }
            }
        }
    }
}
