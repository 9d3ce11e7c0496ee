//! Slows guesses at passwords and second factors down. Each is counted ahead as a wrong one, so that many at once get no further than one after another.
use std::{sync::Arc, time::Duration};

use super::{
    Accounts, Internal, Tx,
    limits::{Action, Limited},
};
use crate::{
    clock::Timestamp,
    hasher::HashError,
    model::{client::Client, id::UserId, password::Password},
    store::{
        self,
        guesses::{self, Patience},
    },
};

/// How long guesses at an account are remembered after the last one: as long as browsers are.
const REMEMBERED: Duration = Duration::from_secs(365 * 24 * 3600);

/// How long guesses at what is no account are.
const STRANGER: Duration = Duration::from_secs(24 * 3600);

/// What a password or a code is tried for. Each is counted apart.
pub(super) enum Target<'a> {
    /// An account, by a browser that is known to it: whatever others guess does not keep its owner out.
    Device(&'a str, &'a UserId),
    /// An account, by anybody else, under whichever of its names.
    Account(&'a UserId),
    /// No account: this canonical name.
    Stranger(&'a str),
    /// An account, by somebody who is signed in to it and is asked once more.
    Owner(&'a UserId),
}

/// A password or a code that was counted ahead as a wrong one.
pub(super) struct Guess(Option<Counted>);

struct Counted {
    id: String,
    lifetime: Duration,
}

/// What became of a password.
pub(super) enum Verdict {
    /// It is the account's; [`Accounts::forget_guesses`] is next.
    Right(Guess),
    /// It is not.
    Wrong,
    /// Too many were wrong before it: refused, whatever it is.
    TooSoon,
}

impl Accounts {
    /// Counts a password and verifies it. The work is the same for every verdict, and for an account that is not there.
    ///
    /// # Errors
    /// The caller's network tries too many, too many are being hashed, or a fault of ours.
    pub(super) async fn verify<E>(
        &self,
        target: Target<'_>,
        password: Arc<Password>,
        hash: Option<&str>,
        client: &Client,
    ) -> Result<Verdict, E>
    where
        E: From<Limited> + From<HashError> + From<Internal>,
    {
        let (guess, open) = self.count_guess(target, client).await?;
        let verified = match self.hasher.verify(password, hash).await {
            Ok(verified) => verified,
            Err(error) => {
                self.take_back(&guess, open, client).await?;
                return Err(error.into());
            }
        };
        if !open {
            self.note_too_soon(&guess, client).await?;
            return Ok(Verdict::TooSoon);
        }
        Ok(if verified { Verdict::Right(guess) } else { Verdict::Wrong })
    }

    /// Forgets the wrong passwords before a right one. The network's budget gets back what was counted ahead, and no more.
    pub(super) async fn forget_guesses(&self, tx: &mut Tx, guess: &Guess, client: &Client) -> Result<(), Internal> {
        let Guess(Some(counted)) = guess else { return Ok(()) };
        self.uncount(tx, Action::WrongPassword, client).await?;
        Ok(store::guesses::forget(&mut **tx, &counted.id).await?)
    }

    /// Counts a guess; false when it comes too soon.
    async fn count_guess(&self, target: Target<'_>, client: &Client) -> Result<(Guess, bool), Limited> {
        if !self.rules.guards.enabled {
            return Ok((Guess(None), true));
        }
        let (id, now) = (self.secret.limit_name(&target.parts()), self.clock.now());
        let (user, lifetime) = target.kept();
        let mut tx = self.db.begin().await?;
        let admitted = self.count_all(&mut tx, &[Action::Password, Action::WrongPassword], client, now).await;
        let open = match admitted {
            Ok(()) => {
                let guess = guesses::Guess { id: &id, user, of_codes: false, expires_at: now.plus(lifetime) };
                store::guesses::count(&mut *tx, guess, self.patience(), now).await?
            }
            Err(_) => false,
        };
        // What was counted before a limit was met stays counted.
        tx.commit().await?;
        admitted.map(|()| (Guess(Some(Counted { id, lifetime })), open))
    }

    /// Counts a code of a second factor, in the transaction that looks at it then; `None` when it comes too soon. Wrong codes are counted
    /// apart from wrong passwords, which the right password clears.
    pub(super) async fn count_code(
        &self,
        tx: &mut Tx,
        target: Target<'_>,
        now: Timestamp,
    ) -> Result<Option<Guess>, Internal> {
        if !self.rules.guards.enabled {
            return Ok(Some(Guess(None)));
        }
        let id = self.secret.limit_name(&[&["second factor"], &*target.parts()].concat());
        let (user, lifetime) = target.kept();
        let guess = guesses::Guess { id: &id, user, of_codes: true, expires_at: now.plus(lifetime) };
        let open = store::guesses::count(&mut **tx, guess, self.patience(), now).await?;
        Ok(open.then_some(Guess(Some(Counted { id, lifetime }))))
    }

    /// Forgets the wrong codes before a right one.
    pub(super) async fn forget_codes(&self, tx: &mut Tx, guess: &Guess) -> Result<(), Internal> {
        let Guess(Some(counted)) = guess else { return Ok(()) };
        Ok(store::guesses::forget(&mut **tx, &counted.id).await?)
    }

    fn patience(&self) -> Patience {
        let limits = &self.rules.guards;
        Patience {
            free: limits.free_failures,
            wait: limits.first_wait,
            longest: limits.longest_wait,
            most: limits.most_failures,
        }
    }

    /// Takes back what was counted of a password that nobody looked at.
    async fn take_back(&self, guess: &Guess, open: bool, client: &Client) -> Result<(), Internal> {
        let Guess(Some(counted)) = guess else { return Ok(()) };
        let mut tx = self.db.begin().await?;
        self.uncount(&mut tx, Action::WrongPassword, client).await?;
        if open {
            store::guesses::take_back(&mut *tx, &counted.id).await?;
        }
        Ok(tx.commit().await?)
    }

    /// A guess that came too soon leaves a line in the log and no row in the trail. It keeps what was counted for longer, and so writes as
    /// often as any other wrong one: the time of the answer does not tell them apart.
    async fn note_too_soon(&self, guess: &Guess, client: &Client) -> Result<(), Internal> {
        let Guess(Some(counted)) = guess else { return Ok(()) };
        tracing::info!(ip = client.ip.as_deref(), "a password was refused, since too many were wrong before it");
        Ok(store::guesses::keep(&*self.db, &counted.id, self.clock.now().plus(counted.lifetime)).await?)
    }
}

impl<'a> Target<'a> {
    fn parts(&self) -> Vec<&'a str> {
        match *self {
            Self::Device(device, user) => vec!["device", device, user.as_str()],
            Self::Account(user) => vec!["account", user.as_str()],
            Self::Stranger(name) => vec!["stranger", name],
            Self::Owner(user) => vec!["owner", user.as_str()],
        }
    }

    /// Whose guesses these are, and how long they are remembered.
    fn kept(&self) -> (Option<&'a UserId>, Duration) {
        match *self {
            Self::Device(_, user) | Self::Account(user) | Self::Owner(user) => (Some(user), REMEMBERED),
            Self::Stranger(_) => (None, STRANGER),
        }
    }
}
