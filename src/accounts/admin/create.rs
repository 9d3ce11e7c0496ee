//! Accounts that are made for others: by invitation, or by the command line with a password.
use std::sync::Arc;

use super::Operator;
use crate::{
    accounts::{Accounts, AdminError, signup::new_user},
    model::{
        email::Email,
        event::EventKind,
        invalid::{self, Invalid},
        letter::Letter,
        name::Name,
        user::{Role, User},
        username::Username,
    },
    store,
};

/// An account to be made, as it was typed.
#[derive(Default)]
pub struct NewAccount<'a> {
    /// Where its letters go.
    pub email: &'a str,
    /// What its owner is called; may be empty.
    pub name: &'a str,
    /// Another name to sign in with; empty means none.
    pub username: &'a str,
    /// `user` or `superuser`; empty means `user`.
    pub role: &'a str,
    /// Without one the owner is invited to set it by a mailed code.
    pub password: Option<&'a str>,
}

impl Accounts {
    /// Makes an account whose address is not proven yet. Without a password its owner gets a letter that leads to `/forgot-password`.
    ///
    /// # Errors
    /// See [`AdminError`]; nothing is stored or mailed then.
    pub async fn create_account(&self, operator: &Operator<'_>, new: &NewAccount<'_>) -> Result<User, AdminError> {
        let (email, name, username) = invalid::all(
            Email::parse(new.email).map_err(|fault| fault.of("email")),
            Name::parse(new.name).map_err(|fault| fault.of("name")),
            username(new.username),
        )?;
        let role = Role::parse(new.role).map_err(|fault| vec![fault.of("role")])?;
        let hash = match new.password {
            Some(password) => {
                let related = self.related_to(&[email.as_str(), name.as_str(), new.username]);
                let password = self.new_password(password, &related).map_err(|fault| vec![fault])?;
                Some(self.hasher.hash(Arc::new(password)).await?)
            }
            None => None,
        };
        let now = self.clock.now();
        let user = User { username, role, ..new_user(&email, name.as_str(), None, now) };
        let mut tx = self.begin_as(operator, None).await?;
        if !store::users::insert(&mut *tx, &user, hash.as_deref()).await? {
            let taken = store::users::by_email(&mut *tx, &email).await?.is_some();
            return Err(AdminError::Taken(if taken { "email" } else { "username" }));
        }
        self.index(&mut tx, &user).await?;
        self.record(&mut *tx, operator.by().event(EventKind::UserCreated, &user.id), now).await?;
        if hash.is_none() {
            self.record(&mut *tx, operator.by().event(EventKind::UserInvited, &user.id), now).await?;
            self.queue_letter(&mut *tx, &email, &Letter::Invited {}, None, now).await?;
        }
        tx.commit().await?;
        self.mail.notify_one();
        Ok(user)
    }
}

fn username(typed: &str) -> Result<Option<Username>, Invalid> {
    if typed.trim().is_empty() {
        return Ok(None);
    }
    Username::parse(typed).map(Some).map_err(|fault| fault.of("username"))
}
