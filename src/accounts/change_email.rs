//! Another address: asked for with the password, done when the new address has proven itself.
use super::{Accounts, ActError, By, CodeError, limits::Action, prove::Asked, requests::REQUEST_TTL};
use crate::{
    model::{
        client::Client,
        code::{Code, Purpose, RequestId},
        email::Email,
        event::{Event, EventKind},
        letter::Letter,
        session::{EndReason, Session},
        user::User,
    },
    store::{self, requests::New},
};

impl Accounts {
    /// Begins a change: a code goes to the new address and a notice to the old one; an older change that was begun dies. A taken address
    /// gets the same answer, and its owner a letter.
    ///
    /// # Errors
    /// See [`ActError`]; nothing is stored or mailed then.
    pub async fn change_email(
        &self,
        session: &Session,
        email: &str,
        current_password: &str,
        client: &Client,
    ) -> Result<RequestId, ActError> {
        let email = Email::parse(email).map_err(|fault| vec![fault.of("email")])?;
        let proof = self.prove(session, Asked::Act, current_password, client).await?;
        let (request, code, now) = (RequestId::draw(), Code::draw(), self.clock.now());
        let (name_hash, user) = (self.request_name(&request), &proof.user);
        let mut tx = self.begin_proven(session, &proof).await?;
        store::requests::void_all(&mut *tx, &user.id, now).await?;
        let new = New {
            name_hash: &name_hash,
            purpose: Purpose::Email,
            email: &email,
            user_id: Some(&user.id),
            display_name: None,
            password_hash: None,
            code_mac: &self.code_mac(Purpose::Email, &name_hash, &email, &code),
            code_expires_at: self.code_expiry(now),
            expires_at: now.plus(REQUEST_TTL),
        };
        store::requests::insert(&mut *tx, new, now).await?;
        let mailed = self.may_mail(&mut tx, &email, client, None, now).await?;
        let letter = match store::users::by_email(&mut *tx, &email).await? {
            _ if !mailed => Letter::Void {},
            Some(_) => Letter::EmailTaken {},
            None => Letter::EmailCode { code: code.spaced(), minutes: self.code_minutes() },
        };
        self.queue_letter(&mut *tx, &email, &letter, Some(self.code_expiry(now)), now).await?;
        let notice = Letter::EmailChangeRequested { at: now.to_string() };
        self.queue_letter(&mut *tx, &user.email, &notice, None, now).await?;
        tx.commit().await?;
        self.mail.notify_one();
        Ok(request)
    }

    /// Makes the new address the account's, if `code` is the one mailed to it; every other session ends.
    ///
    /// # Errors
    /// See [`CodeError`]. A wrong code counts as a try.
    pub async fn confirm_email(
        &self,
        session: &Session,
        request: &RequestId,
        code: &str,
        client: &Client,
    ) -> Result<(), CodeError> {
        let code = Code::parse(code).map_err(|fault| vec![fault.of("code")])?;
        self.admit(Action::Code, client).await?;
        let (name_hash, now, limits) = (self.request_name(request), self.clock.now(), self.rules.codes);
        let mut tx = self.db.begin().await?;
        store::users::lock(&mut *tx, &session.user_id).await?;
        let counted = store::requests::count_attempt(&mut *tx, &name_hash, Purpose::Email, limits, now).await?;
        let open = counted.ok_or(CodeError::Refused)?;
        let own = open.user_id.as_ref() == Some(&session.user_id)
            && store::sessions::lock_open(&mut *tx, &session.id).await?;
        if !own || !self.is_code(&open.code_mac, Purpose::Email, &name_hash, &open.email, &code) {
            tx.commit().await?;
            self.learn_ending(&session.id).await?;
            return Err(CodeError::Refused);
        }
        let user = store::users::by_id(&mut *tx, &session.user_id).await?.ok_or(CodeError::Refused)?;
        store::requests::void_all(&mut *tx, &user.id, now).await?;
        if !store::users::set_email(&mut *tx, &user.id, &open.email, now).await? {
            tx.commit().await?;
            return Err(CodeError::Taken);
        }
        self.index(&mut tx, &User { email: open.email.clone(), ..user.clone() }).await?;
        let event = Event::new(EventKind::EmailChanged, client).by_owner(&user.id).in_session(&session.id);
        self.record(&mut *tx, event, now).await?;
        let reason = EndReason::EmailChanged;
        let ended =
            self.end_sessions(&mut tx, &user.id, Some(&session.id), reason, By::owner(session, client), now).await?;
        for address in [&user.email, &open.email] {
            let letter = Letter::EmailChanged { at: now.to_string() };
            self.queue_letter(&mut *tx, address, &letter, None, now).await?;
        }
        self.commit_end(tx, ended, now).await?;
        self.mail.notify_one();
        Ok(())
    }
}
