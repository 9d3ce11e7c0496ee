//! What one network may ask for, and the letters it may cause: counted in the database, for all nodes together.
use std::time::Duration;

use sqlx::any::AnyExecutor;

use super::{Accounts, Caller, Internal, Tx};
use crate::{
    clock::Timestamp,
    model::{client::Client, email::Email, id::UserId, user::User},
    settings::Limits,
    store::{self, budgets::Budget},
};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// What a network does, each with budgets of its own.
#[derive(Clone, Copy)]
pub(super) enum Action {
    Signup,
    ForgotPassword,
    Resend,
    Code,
    Password,
    WrongPassword,
}

/// Why a caller is not let through.
#[derive(Debug)]
pub enum Limited {
    /// Its network asked too often; it may do so again after this time.
    TooMany(Duration),
    /// A fault of ours.
    Internal(Internal),
}

impl<E: Into<Internal>> From<E> for Limited {
    fn from(error: E) -> Self {
        Self::Internal(error.into())
    }
}

impl Accounts {
    /// Counts one more of what the caller's network does.
    ///
    /// # Errors
    /// See [`Limited`].
    pub(super) async fn admit(&self, action: Action, client: &Client) -> Result<(), Limited> {
        if !self.rules.guards.enabled {
            return Ok(());
        }
        let mut tx = self.db.begin().await?;
        let admitted = self.count_all(&mut tx, &[action], client, self.clock.now()).await;
        // What was counted before a limit was met stays counted.
        tx.commit().await?;
        admitted
    }

    /// The same in a transaction that is committed either way.
    pub(super) async fn count_all(
        &self,
        tx: &mut Tx,
        actions: &[Action],
        client: &Client,
        now: Timestamp,
    ) -> Result<(), Limited> {
        let Some(network) = client.network() else { return Ok(()) };
        for action in actions {
            for budget in action.budgets(&self.rules.guards) {
                let id = self.budget_name(*action, budget, &network);
                if !store::budgets::take(&mut **tx, &id, budget, now).await? {
                    let ends_at = store::budgets::ends_at(&mut **tx, &id).await?.unwrap_or(now);
                    let (action, ip) = (action.as_str(), client.ip.as_deref());
                    tracing::warn!(action, ip, "a network does this too often and has to wait");
                    return Err(Limited::TooMany(ends_at.since(now)));
                }
            }
        }
        Ok(())
    }

    /// Gives one back that was counted ahead.
    pub(super) async fn uncount(&self, tx: &mut Tx, action: Action, client: &Client) -> Result<(), Internal> {
        let Some(network) = client.network() else { return Ok(()) };
        for budget in action.budgets(&self.rules.guards) {
            store::budgets::give_back(&mut **tx, &self.budget_name(action, budget, &network)).await?;
        }
        Ok(())
    }

    fn budget_name(&self, action: Action, budget: Budget, network: &str) -> String {
        self.secret.limit_name(&[action.as_str(), &budget.per.as_secs().to_string(), network])
    }

    /// Whether the caller may cause one more letter to `email`, which is then counted. Nobody is told: the letter goes nowhere instead.
    pub(super) async fn may_mail(
        &self,
        tx: &mut Tx,
        email: &Email,
        client: &Client,
        device: Option<&str>,
        now: Timestamp,
    ) -> Result<bool, Internal> {
        let limits = &self.rules.guards;
        if !limits.enabled {
            return Ok(true);
        }
        let network = client.network().unwrap_or_default();
        let asker = device.map_or(["network", &*network], |device| ["device", device]);
        // The shortest first: what it refuses costs nothing of the others.
        for (span, most, per) in
            [("pause", 1, limits.mail_pause), ("hour", limits.mail_per_hour, HOUR), ("day", limits.mail_per_day, DAY)]
        {
            let id = self.secret.limit_name(&["mail", span, email.as_str(), asker[0], asker[1]]);
            if !store::budgets::take(&mut **tx, &id, Budget { most, per }, now).await? {
                tracing::info!(span, ip = client.ip.as_deref(), "a letter was not written: one address gets too many");
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The keyed name of the caller's browser, if it signed in to the account of `user` before; only limits ask. Nobody's account costs the
    /// same.
    pub(super) async fn known_device(
        &self,
        db: impl AnyExecutor<'_>,
        caller: &Caller<'_>,
        user: Option<&User>,
    ) -> Result<Option<String>, Internal> {
        let Some(device) = caller.named_device().filter(|_| self.rules.guards.enabled) else { return Ok(None) };
        let (device, nobody) = (self.secret.device_name(device), UserId::from(String::new()));
        let known = store::devices::knows(db, &device, user.map_or(&nobody, |user| &user.id)).await?;
        Ok(known.then_some(device))
    }
}

impl Action {
    fn as_str(self) -> &'static str {
        match self {
            Self::Signup => "signup",
            Self::ForgotPassword => "forgot_password",
            Self::Resend => "resend",
            Self::Code => "code",
            Self::Password => "password",
            Self::WrongPassword => "wrong_password",
        }
    }

    fn budgets(self, limits: &Limits) -> impl Iterator<Item = Budget> + use<> {
        let (minute, hour) = match self {
            Self::Signup | Self::ForgotPassword | Self::Resend => {
                (limits.requests_per_minute, Some(limits.requests_per_hour))
            }
            Self::Code => (limits.codes_per_minute, None),
            Self::Password => (limits.signins_per_minute, None),
            Self::WrongPassword => (limits.failures_per_minute, None),
        };
        let hour = hour.map(|most| Budget { most, per: HOUR });
        [Budget { most: minute, per: MINUTE }].into_iter().chain(hour)
    }
}
