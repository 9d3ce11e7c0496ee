//! What an account says of itself, and the name its owner gives it.
use super::{Accounts, ActError, InputError};
use crate::{
    model::{name::Name, session::Session, user::User},
    store,
};

impl Accounts {
    /// The account of `session`.
    ///
    /// # Errors
    /// It was deleted meanwhile, or a fault of ours.
    pub async fn account(&self, session: &Session) -> Result<User, ActError> {
        let user = store::users::by_id(&*self.db, &session.user_id).await?;
        if user.is_none() {
            self.learn_ending(&session.id).await?;
        }
        user.ok_or(ActError::SignedOut)
    }

    /// Gives the account of `session` another name.
    ///
    /// # Errors
    /// Not a name, or a fault of ours.
    pub async fn rename(&self, session: &Session, name: &str) -> Result<(), InputError> {
        let name = Name::parse(name).map_err(|fault| vec![fault.of("name")])?;
        let mut tx = self.db.begin().await?;
        store::users::rename(&mut *tx, &session.user_id, name.as_str()).await?;
        if let Some(user) = store::users::by_id(&mut *tx, &session.user_id).await? {
            self.index(&mut tx, &user).await?;
        }
        Ok(tx.commit().await?)
    }
}
