//! Setting a new password with a mailed code: ends every session and opens none.
use std::sync::Arc;

use super::{Accounts, CodeError, Internal};
use crate::{
    model::{
        client::Client,
        code::{Code, Purpose, RequestId},
        event::{Event, EventKind},
        letter::Letter,
        session::EndReason,
    },
    store,
};

impl Accounts {
    /// Sets `password` for the account of `request`, if `code` is the one mailed for it.
    ///
    /// # Errors
    /// See [`CodeError`]. A password that the policy refuses costs no try; a wrong code does.
    pub async fn reset_password(
        &self,
        request: &RequestId,
        code: &str,
        password: &str,
        client: &Client,
    ) -> Result<(), CodeError> {
        let code = Code::parse(code).map_err(|fault| fault.of("code"));
        let (purpose, limits) = (Purpose::Reset, self.rules.limits);
        let name_hash = self.request_name(request);
        let seen = store::requests::open(&*self.db, &name_hash, purpose, limits, self.clock.now()).await?;
        let address = seen.as_ref().map_or("", |open| open.email.as_str());
        let password = self.new_password(password, &self.related_to(&[address]));
        let (code, password) = match (code, password) {
            (Ok(code), Ok(password)) => (code, password),
            (code, password) => {
                return Err([code.err(), password.err()].into_iter().flatten().collect::<Vec<_>>().into());
            }
        };
        // Hashing is dear: it is done for the right code only, and before the transaction, which looks at everything again.
        let right = seen.is_some_and(|open| self.is_code(&open.code_mac, purpose, &name_hash, &open.email, &code));
        let password_hash = if right { Some(self.hasher.hash(Arc::new(password)).await?) } else { None };

        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        let counted = store::requests::count_attempt(&mut *tx, &name_hash, purpose, limits, now).await?;
        let open = counted.ok_or(CodeError::Refused)?;
        let right = self.is_code(&open.code_mac, purpose, &name_hash, &open.email, &code);
        let (Some(user_id), Some(password_hash), true) = (open.user_id, password_hash, right) else {
            tx.commit().await?;
            return Err(CodeError::Refused);
        };
        if !store::users::reset_password(&mut *tx, &user_id, &open.email, &password_hash, now).await? {
            tx.commit().await?;
            return Err(CodeError::Refused);
        }
        if !store::requests::consume(&mut *tx, &name_hash, now).await? {
            return Err(Internal::new("a request was used up while its row was locked").into());
        }
        store::requests::void_all(&mut *tx, &user_id, now).await?;
        let ending = self.ending(EndReason::PasswordReset, now);
        let ended = store::sessions::end_all(&mut *tx, &user_id, ending, now).await?;
        let event = Event::new(EventKind::PasswordReset, client).by_owner(&user_id);
        store::events::insert(&mut *tx, event, now).await?;
        for session in &ended {
            let event = Event::new(EventKind::SessionEnded, client).by_owner(&user_id).in_session(session);
            store::events::insert(&mut *tx, event.because(EndReason::PasswordReset.as_str()), now).await?;
        }
        self.queue_letter(&mut *tx, &open.email, &Letter::PasswordReset { at: now.to_string() }, None, now).await?;
        tx.commit().await?;
        self.revoke(ended, ending, now);
        self.mail.notify_one();
        Ok(())
    }
}
