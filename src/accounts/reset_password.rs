//! Setting a new password with a mailed code: ends every session and opens none.
use std::sync::Arc;

use super::{Accounts, By, CodeError, limits::Action};
use crate::{
    model::{
        client::Client,
        code::{Code, Purpose, RequestId},
        event::{Event, EventKind},
        id::UserId,
        letter::Letter,
        session::EndReason,
    },
    store::{self, requests::Open},
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
        self.admit(Action::Code, client).await?;
        let name_hash = self.request_name(request);
        let limits = self.rules.codes;
        let seen = store::requests::open(&*self.db, &name_hash, Purpose::Reset, limits, self.clock.now()).await?;
        let address = seen.as_ref().map_or("", |open| open.email.as_str());
        let password = self.new_password(password, &self.related_to(&[address]));
        let (code, password) = match (code, password) {
            (Ok(code), Ok(password)) => (code, password),
            (code, password) => {
                return Err([code.err(), password.err()].into_iter().flatten().collect::<Vec<_>>().into());
            }
        };
        // Hashing is dear: it is done for the right code only, and before the transaction, which looks at everything again.
        let matches = |open: &Open| self.is_code(&open.code_mac, Purpose::Reset, &name_hash, &open.email, &code);
        let right = seen.as_ref().is_some_and(matches);
        let password_hash = if right { Some(self.hasher.hash(Arc::new(password)).await?) } else { None };

        let user_id = seen.and_then(|open| open.user_id);
        self.set_password(&name_hash, &code, user_id.as_ref(), password_hash.as_deref(), client).await
    }

    /// Counts the try and, if all is right, does everything that a reset does in one transaction.
    async fn set_password(
        &self,
        name_hash: &str,
        code: &Code,
        user_id: Option<&UserId>,
        password_hash: Option<&str>,
        client: &Client,
    ) -> Result<(), CodeError> {
        let now = self.clock.now();
        let mut tx = self.db.begin().await?;
        if let Some(user_id) = user_id {
            store::users::lock(&mut *tx, user_id).await?;
        }
        let counted =
            store::requests::count_attempt(&mut *tx, name_hash, Purpose::Reset, self.rules.codes, now).await?;
        let open = counted.ok_or(CodeError::Refused)?;
        let right = self.is_code(&open.code_mac, Purpose::Reset, name_hash, &open.email, code);
        let (Some(user_id), Some(password_hash), true) = (user_id, password_hash, right) else {
            tx.commit().await?;
            return Err(CodeError::Refused);
        };
        if !store::users::reset_password(&mut *tx, user_id, &open.email, password_hash, now).await? {
            tx.commit().await?;
            return Err(CodeError::Refused);
        }
        store::guesses::forget_passwords(&mut *tx, user_id).await?;
        // The one of this reset is among them.
        store::requests::void_all(&mut *tx, user_id, now).await?;
        self.record(&mut *tx, Event::new(EventKind::PasswordReset, client).by_owner(user_id), now).await?;
        let ended = self
            .end_sessions(&mut tx, user_id, None, EndReason::PasswordReset, By { actor: Some(user_id), client }, now)
            .await?;
        self.queue_letter(&mut *tx, &open.email, &Letter::PasswordReset { at: now.to_string() }, None, now).await?;
        self.commit_end(tx, ended, now).await?;
        self.mail.notify_one();
        Ok(())
    }
}
