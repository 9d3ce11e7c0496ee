//! Signing out: the row, then the memory, then the answer.
use super::{Accounts, By, Internal};
use crate::model::{
    client::Client,
    session::{EndReason, Session},
};

impl Accounts {
    /// Ends `session`: once this has returned, no token of it is accepted, whatever arrives late.
    ///
    /// # Errors
    /// The ending could not be stored; then the session may go on.
    pub async fn logout(&self, session: &Session, client: &Client) -> Result<(), Internal> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let ended = self.end_session(&mut tx, session, EndReason::LoggedOut, By::owner(session, client), now).await?;
        self.commit_end(tx, ended, now).await
    }
}
