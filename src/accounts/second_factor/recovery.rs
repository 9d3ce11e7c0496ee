//! The recovery codes of an account.
use crate::{
    accounts::{Accounts, Caller, FactorError, Internal, Tx, limits::Action},
    model::{
        event::{Event, EventKind},
        id::UserId,
        letter::Letter,
        second_factor::{FactorCode, RecoveryCode},
        session::Session,
    },
    store,
};

impl Accounts {
    /// Makes ten new codes, if `code` proves the second factor; the old ones are worthless, and the owner gets a letter.
    ///
    /// # Errors
    /// See [`FactorError`].
    pub async fn replace_recovery_codes(
        &self,
        session: &Session,
        code: &str,
        caller: &Caller<'_>,
    ) -> Result<Vec<String>, FactorError> {
        let code = FactorCode::parse(code).map_err(|fault| vec![fault.of("code")])?;
        self.admit(Action::Code, &caller.client).await?;
        let now = self.clock.now();
        let (mut tx, user) = self.begin_own(session).await?;
        if user.second_factor_at.is_none() {
            return Err(FactorError::Off);
        }
        if self.check_code(&mut tx, &user, &code, Some(session), caller, now).await?.is_none() {
            tx.commit().await?;
            return Err(FactorError::Refused);
        }
        let codes = self.draw_recovery_codes(&mut tx, &user.id).await?;
        let event = Event::new(EventKind::RecoveryCodesReplaced, &caller.client).by_owner(&user.id);
        self.record(&mut *tx, event.in_session(&session.id), now).await?;
        let letter = Letter::RecoveryCodesReplaced { at: now.to_string() };
        self.queue_letter(&mut *tx, &user.email, &letter, None, now).await?;
        tx.commit().await?;
        self.mail.notify_one();
        Ok(codes)
    }

    /// Draws new codes in place of those that there are, and answers with them as people read them.
    pub(super) async fn draw_recovery_codes(&self, tx: &mut Tx, user: &UserId) -> Result<Vec<String>, Internal> {
        store::recovery_codes::delete_all(&mut **tx, user).await?;
        let mut codes = Vec::with_capacity(RecoveryCode::SET);
        for _ in 0..RecoveryCode::SET {
            let code = RecoveryCode::draw();
            store::recovery_codes::insert(&mut **tx, user, &self.recovery_code_name(user, &code)).await?;
            codes.push(code.spaced());
        }
        Ok(codes)
    }
}
