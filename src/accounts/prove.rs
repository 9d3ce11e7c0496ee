//! Asking for the password once more before something that cannot be undone.
use std::sync::Arc;

use super::{
    Accounts, ActError, Internal, Tx,
    guesses::{Target, Verdict},
};
use crate::{
    model::{
        client::Client,
        event::{Event, EventKind},
        invalid::Fault,
        password::Password,
        session::Session,
        user::{Role, User},
    },
    store,
};

/// What the password is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// A fresh sign-in.
    StepUp,
    /// An act that the password allows and, where the account has a second factor, a fresh sign-in besides: whoever has found out the
    /// password and holds a session does not have that.
    Act,
}

impl Asked {
    /// The field it comes in.
    fn field(self) -> &'static str {
        match self {
            Self::StepUp => "password",
            Self::Act => "current_password",
        }
    }
}

/// That the caller knows the password, as the account was when it was asked.
pub(super) struct Proof {
    /// The account.
    pub user: User,
    hash: String,
    field: &'static str,
}

impl Accounts {
    /// Verifies the password of the caller. A wrong one is recorded.
    pub(super) async fn prove(
        &self,
        session: &Session,
        asked: Asked,
        password: &str,
        client: &Client,
    ) -> Result<Proof, ActError> {
        let field = asked.field();
        let password = Password::given(password).map_err(|why| vec![Fault::Password(why).of(field)])?;
        let known = store::users::with_hash(&*self.db, &session.user_id).await?;
        let Some((user, hash)) = known else { return Err(self.disproved(session, field).await?) };
        let stale = !self.rules.lifetimes.is_fresh(session, self.clock.now());
        if asked == Asked::Act && user.second_factor_at.is_some() && stale {
            return Err(ActError::NotFresh);
        }
        let (target, password) = (Target::Owner(&user.id), Arc::new(password));
        match (self.verify::<ActError>(target, password, hash.as_deref(), client).await?, hash) {
            (Verdict::Right(guess), Some(hash)) => {
                // At once: what it allows may come to nothing for another reason.
                let mut tx = self.db.begin().await?;
                self.forget_guesses(&mut tx, &guess, client).await?;
                tx.commit().await?;
                return Ok(Proof { user, hash, field });
            }
            (Verdict::TooSoon, _) => return Err(ActError::WrongPassword(field)),
            _ => {}
        }
        let event = Event::new(EventKind::SessionFailed, client).by_owner(&user.id).in_session(&session.id);
        self.record(&*self.db, event.because("wrong"), self.clock.now()).await?;
        Err(ActError::WrongPassword(field))
    }

    /// Begins the transaction of what the proof allows. The account is locked from here on, so that nothing can come between; it must
    /// not have changed since, and the caller's session must still be open.
    pub(super) async fn begin_proven(&self, session: &Session, proof: &Proof) -> Result<Tx, ActError> {
        let mut tx = self.db.begin().await?;
        if proof.user.role == Role::Superuser {
            // Whatever follows may leave no superuser.
            store::roster::take(&mut *tx).await?;
        }
        let unchanged = store::users::lock_unchanged(&mut *tx, &proof.user, &proof.hash).await?;
        if unchanged && store::sessions::lock_open(&mut *tx, &session.id).await? {
            return Ok(tx);
        }
        tx.rollback().await?;
        Err(self.disproved(session, proof.field).await?)
    }

    /// Why a proof does not hold: the session was ended, or it has another password since.
    async fn disproved(&self, session: &Session, field: &'static str) -> Result<ActError, Internal> {
        let ended = self.learn_ending(&session.id).await?.is_some();
        Ok(if ended { ActError::SignedOut } else { ActError::WrongPassword(field) })
    }
}
