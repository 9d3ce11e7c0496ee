//! Sessions of callers without cookies: an access token for every call, and a refresh token for the next access token.
use super::{
    Accounts, ActError, By, Caller, Internal, RefreshError, SigninError, Tx, second_factor::Proven, sessions::started,
};
use crate::{
    clock::Timestamp,
    model::{
        client::Client,
        event::{Event, EventKind},
        letter::Letter,
        refresh::RefreshToken,
        session::{EndReason, Session},
        user::User,
    },
    refresh::Refresh,
    store::{
        self,
        lines::{Holder, Line, Rotation},
    },
};

/// What a caller without cookies holds.
pub struct Tokens {
    /// What its access token says.
    pub session: Session,
    /// Its refresh token, as text.
    pub refresh: String,
}

impl Accounts {
    /// Signs a program in.
    ///
    /// # Errors
    /// See [`SigninError`]. A refusal is recorded.
    pub async fn issue_tokens(&self, login: &str, password: &str, caller: &Caller<'_>) -> Result<Tokens, SigninError> {
        self.counted(self.issue(login, password, caller).await)
    }

    async fn issue(&self, login: &str, password: &str, caller: &Caller<'_>) -> Result<Tokens, SigninError> {
        let (tx, user, now) = self.authenticate(login, password, caller).await?;
        Ok(self.hand_out(tx, user, caller, None, now).await?)
    }

    /// Gives tokens to somebody who has given everything, and commits.
    pub(super) async fn hand_out(
        &self,
        mut tx: Tx,
        user: User,
        caller: &Caller<'_>,
        how: Option<Proven>,
        now: Timestamp,
    ) -> Result<Tokens, Internal> {
        let client = &caller.client;
        if !store::sessions::is_known_program(&mut *tx, &user.id, client).await? {
            let ip = client.ip.clone().unwrap_or_else(|| "unknown".to_owned());
            let letter = Letter::NewDevice { at: now.to_string(), ip, device: client.device() };
            self.queue_letter(&mut *tx, &user.email, &letter, None, now).await?;
        }
        let tokens = self.start_tokens(&mut tx, &user, client, how, now).await?;
        let replaced = self.make_room(&mut tx, &tokens.session, None, client, now).await?;
        self.commit_numbered(tx, replaced, now).await?;
        self.mail.notify_one();
        Ok(tokens)
    }

    /// Begins a fresh session in place of the caller's, which came with an access token.
    ///
    /// # Errors
    /// See [`ActError`].
    pub async fn confirm_tokens(
        &self,
        session: &Session,
        password: &str,
        code: Option<&str>,
        caller: &Caller<'_>,
    ) -> Result<Tokens, ActError> {
        let (mut tx, user, how, now) = self.step_up(session, password, code, caller).await?;
        let client = &caller.client;
        let tokens = self.start_tokens(&mut tx, &user, client, how, now).await?;
        store::second_factors::hand_over(&mut *tx, &user.id, &session.id, &tokens.session.id).await?;
        let replaced = self.make_room(&mut tx, &tokens.session, Some(session), client, now).await?;
        self.commit_numbered(tx, replaced, now).await?;
        self.mail.notify_one();
        Ok(tokens)
    }

    async fn start_tokens(
        &self,
        tx: &mut Tx,
        user: &User,
        client: &Client,
        how: Option<Proven>,
        now: Timestamp,
    ) -> Result<Tokens, Internal> {
        let role = self.session_role(user.role, user.second_factor_at);
        let session = self.rules.tokens.start(user, role, now);
        let token = self.refresh.begin(&session.id);
        let refresh = (&*Refresh::hash(&token), self.rules.tokens.refresh_until(&session, now));
        store::sessions::insert_api(&mut **tx, &session, refresh, client, now).await?;
        let issued = Event::new(EventKind::TokenIssued, client).by_owner(&user.id).in_session(&session.id);
        for event in [started(user, &session, how, client), issued] {
            self.record(&mut **tx, event, now).await?;
        }
        Ok(Tokens { session, refresh: self.refresh.write(&token) })
    }

    /// Gives new tokens for a refresh token, which is used up by it. One that was used before ends the session: it has two holders, and
    /// nobody knows which of them is the right one.
    ///
    /// # Errors
    /// See [`RefreshError`].
    pub async fn refresh_tokens(&self, text: &str, client: &Client) -> Result<Tokens, RefreshError> {
        let token = self.refresh_token(text)?;
        let (next, now) = (self.refresh.successor(&token), self.clock.now());
        let rotation = Rotation {
            session: token.session.clone(),
            counter: token.counter,
            hash: Refresh::hash(&token),
            next: Refresh::hash(&next),
        };
        if let Some((session, now)) = self.rotate(rotation, client).await? {
            return Ok(self.tokens(session, &next, now));
        }
        let Some(line) = store::lines::of(&*self.db, &token.session).await? else {
            return Err(RefreshError::Refused(store::sessions::end_reason(&*self.db, &token.session).await?));
        };
        if line.refresh_until <= now {
            return Err(RefreshError::Refused(Some(lapse(&line))));
        }
        if line.counter <= token.counter {
            // Ahead of the table: the database was restored from a copy that is older than the token.
            return Err(RefreshError::Refused(None));
        }
        let last = line.counter == next.counter && line.hash == Refresh::hash(&next);
        let grace = self.rules.tokens.grace;
        // The token may have been used after this request began, so that even no grace at all would not be over yet.
        if last && !grace.is_zero() && now < line.refreshed_at.plus(grace) {
            return Ok(self.tokens(self.session_of(&line.holder), &next, now));
        }
        self.end_reused(line.holder.session, client, now).await?;
        Err(RefreshError::Refused(Some(EndReason::RefreshReused)))
    }

    fn refresh_token(&self, text: &str) -> Result<RefreshToken, RefreshError> {
        self.refresh.read(text).ok_or_else(|| {
            tracing::warn!("refused a refresh token that is none of ours");
            RefreshError::Refused(None)
        })
    }

    /// Ends the session of a refresh token, whether or not it is the last one.
    ///
    /// # Errors
    /// It is none of ours, or a fault of ours.
    pub async fn logout_tokens(&self, text: &str, client: &Client) -> Result<(), RefreshError> {
        let token = self.refresh_token(text)?;
        match store::lines::of(&*self.db, &token.session).await? {
            Some(line) => Ok(self.logout(&line.holder.session, client).await?),
            None => Ok(self.await_ending(&token.session).await?),
        }
    }

    /// The session as its account is now.
    pub(super) fn session_of(&self, holder: &Holder) -> Session {
        Session { role: self.session_role(holder.session.role, holder.second_factor_at), ..holder.session.clone() }
    }

    fn tokens(&self, session: Session, token: &RefreshToken, now: Timestamp) -> Tokens {
        Tokens { session: self.rules.tokens.renew(session, now), refresh: self.refresh.write(token) }
    }

    async fn end_reused(&self, session: Session, client: &Client, now: Timestamp) -> Result<(), Internal> {
        let mut tx = self.db.begin().await?;
        store::users::lock(&mut *tx, &session.user_id).await?;
        let open = store::sessions::lock_open(&mut *tx, &session.id).await?;
        let ended = self.end_session(&mut tx, &session, EndReason::RefreshReused, By::nobody(client), now).await?;
        // Of many at once, one tells.
        if open {
            let event = Event::new(EventKind::TokenReused, client).about(&session.user_id).in_session(&session.id);
            self.record(&mut *tx, event, now).await?;
            if let Some(user) = store::users::by_id(&mut *tx, &session.user_id).await? {
                let ip = client.ip.clone().unwrap_or_else(|| "unknown".to_owned());
                let letter = Letter::TokenReused { at: now.to_string(), ip, device: client.device() };
                self.queue_letter(&mut *tx, &user.email, &letter, None, now).await?;
            }
        }
        self.commit_end(tx, ended, now).await?;
        self.mail.notify_one();
        Ok(())
    }
}

fn lapse(line: &Line) -> EndReason {
    if line.refresh_until >= line.holder.session.ends_at { EndReason::AbsoluteLimit } else { EndReason::Expired }
}
