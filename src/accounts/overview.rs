//! What the dashboard shows of an account.
use super::{Accounts, Internal};
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
    /// The overview of the account of `session`; `None` when the account is gone.
    ///
    /// # Errors
    /// The database is gone.
    pub async fn overview(&self, session: &Session) -> Result<Option<Overview>, Internal> {
        let Some(user) = store::users::by_id(&*self.db, &session.user_id).await? else { return Ok(None) };
        let signins = store::sessions::recent(&*self.db, &session.user_id, RECENT_SIGNINS).await?;
        Ok(Some(Overview { user, signins }))
    }
}
