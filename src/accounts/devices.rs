//! Recognising a browser that signed in before; its owner is told of every other.
use super::{Accounts, Caller, Internal, Tx};
use crate::{
    clock::Timestamp,
    model::{id::random_text, letter::Letter, user::User},
    store,
};

/// The longest device name that is looked up; ours have 22 characters.
const MAX_LENGTH: usize = 64;

impl Accounts {
    /// Makes sure that the caller's browser is known for `user`, and answers with what it is recognised by.
    pub(super) async fn know_device(
        &self,
        tx: &mut Tx,
        user: &User,
        caller: &Caller<'_>,
        now: Timestamp,
    ) -> Result<String, Internal> {
        let device = match caller.named_device() {
            // One browser may have several accounts; what it holds must have come from us.
            Some(device) if store::devices::exists(&mut **tx, &self.secret.device_name(device)).await? => device.into(),
            _ => random_text(),
        };
        store::devices::insert(&mut **tx, &self.secret.device_name(&device), &user.id, now).await?;
        Ok(device)
    }

    /// The same at a sign-in, where the owner gets a letter if the browser was not known.
    pub(super) async fn recognise_device(
        &self,
        tx: &mut Tx,
        user: &User,
        caller: &Caller<'_>,
        now: Timestamp,
    ) -> Result<String, Internal> {
        if let Some(device) = caller.named_device()
            && store::devices::note(&mut **tx, &self.secret.device_name(device), &user.id, now).await?
        {
            return Ok(device.to_owned());
        }
        let ip = caller.client.ip.clone().unwrap_or_else(|| "unknown".to_owned());
        let letter = Letter::NewDevice { at: now.to_string(), ip, device: caller.client.device() };
        self.queue_letter(&mut **tx, &user.email, &letter, None, now).await?;
        self.know_device(tx, user, caller, now).await
    }
}

impl<'a> Caller<'a> {
    /// What the browser says it is recognised by.
    pub(super) fn named_device(&self) -> Option<&'a str> {
        self.device.filter(|device| device.len() <= MAX_LENGTH)
    }
}
