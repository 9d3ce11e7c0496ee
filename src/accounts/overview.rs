//! What the dashboard shows of an account.
use super::{Accounts, ActError};
use crate::{
    model::{session::Session, user::User},
    store,
};

pub use crate::store::sessions::Signin as RecentSignin;

/// Sign-ins shown on the dashboard.
const RECENT_SIGNINS: i64 = 5;

/// An account and its last sign-ins, the newest first.
pub struct Overview {
    /// The account.
    pub user: User,
    /// At most five.
    pub signins: Vec<RecentSignin>,
}

impl Accounts {
    /// The overview of the account of `session`.
    ///
    /// # Errors
    /// The account was deleted meanwhile, or a fault of ours.
    pub async fn overview(&self, session: &Session) -> Result<Overview, ActError> {
        let Some((user, signins)) = store::overview::of(&*self.db, &session.user_id, RECENT_SIGNINS).await? else {
            self.learn_ending(&session.id).await?;
            return Err(ActError::SignedOut);
        };
        Ok(Overview { user, signins })
    }
}
