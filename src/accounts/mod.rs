//! What a person can do, one file each: input checks, rules, error cases and audit events, without HTTP or SQL.
mod account;
pub mod admin;
mod change_email;
mod change_password;
mod confirm;
mod delete;
mod devices;
mod errors;
mod export;
mod forgot_password;
mod guesses;
mod index;
mod limits;
mod logout;
mod nodes;
mod overview;
mod post;
mod prove;
mod readiness;
mod reading;
mod record;
mod requests;
mod reset_password;
mod rotations;
mod second_factor;
mod seen;
mod session_list;
mod sessions;
mod signin;
mod signin_code;
mod signup;
mod tokens;
mod verify_email;

use std::{sync::Arc, time::Duration};

use tokio::sync::Notify;

pub use errors::{
    ActError, AdminError, CodeError, FactorError, InputError, Internal, RefreshError, SigninError, SignupError,
};
pub use export::{Export, Recorded};
pub use limits::Limited;
pub use overview::{Overview, RecentSignin};
pub use post::letter_place;
pub use readiness::{Fault, Readiness};
pub use requests::REQUEST_TTL;
pub use second_factor::{Enabled, FactorState, Proposal};
pub use seen::FLUSH;
pub use session_list::{OpenSession, SessionKind};
pub use signin_code::SIGNIN_TTL;
pub use signup::Signup;
pub use tokens::Tokens;

use readiness::Vitals;
use reading::Figures;
use rotations::Rotations;
use seen::Seen;
use sessions::By;

use crate::{
    clock::{Clock, Timestamp},
    db::{self, Pool},
    hasher::Hasher,
    metrics::Metrics,
    model::{
        client::Client,
        session::{EndReason, Lifetimes, Session, TokenLifetimes, horizon},
        user::User,
    },
    refresh::Refresh,
    revocations::{Revocations, Standing},
    secret::Secret,
    settings::{self, SecondFactor, Settings, SignupMode},
    store::{self, requests::Limits as Codes},
};

/// The domain: everything a person can do, over one database and one clock. Cheap to clone.
#[derive(Clone)]
pub struct Accounts {
    db: Pool,
    clock: Clock,
    secret: Arc<Secret>,
    refresh: Arc<Refresh>,
    rotations: Arc<Rotations>,
    seen: Arc<Seen>,
    vitals: Arc<Vitals>,
    metrics: Arc<Metrics>,
    figures: Arc<Figures>,
    /// What was counted last for superusers.
    counts: Arc<admin::KeptCounts>,
    hasher: Hasher,
    revocations: Arc<Revocations>,
    rules: Arc<Rules>,
    mail: Arc<Notify>,
    events: Arc<Notify>,
    /// This process among those that share the database.
    node: Arc<str>,
}

/// The settings that the domain asks.
struct Rules {
    lifetimes: Lifetimes,
    tokens: TokenLifetimes,
    /// Whether a new session ends every other of its account.
    one_session: bool,
    verify_email: bool,
    /// Whether anybody may sign up.
    open_signup: bool,
    /// Whether superusers without a second factor may do no more than everybody.
    second_factor_required: bool,
    /// Whether events go to RabbitMQ.
    publish: bool,
    min_length: u8,
    code_ttl: Duration,
    codes: Codes,
    /// How often what may be tried or asked for.
    guards: settings::Limits,
    /// The host of the public URL: no password may be it.
    host: String,
}

/// A transaction of the domain.
type Tx = db::Transaction;

/// Whoever wants a session: where the call comes from, and what the browser holds already.
pub struct Caller<'a> {
    /// Address and program.
    pub client: Client,
    /// The session that the new one replaces.
    pub session: Option<&'a Session>,
    /// What the browser was given when somebody signed in with it before.
    pub device: Option<&'a str>,
}

/// Somebody who just signed in.
pub struct SignedIn {
    /// The account.
    pub user: User,
    /// The new session.
    pub session: Session,
    /// What the browser is recognised by from now on.
    pub device: String,
}

/// New codes that one request can have mailed; the tries go on counting.
const RESENDS: u32 = 5;

impl Accounts {
    /// Puts the domain together. It asks the row of every session until it follows the other nodes: see [`Self::follow`].
    ///
    /// # Errors
    /// The database is gone, or the hashing threads cannot start.
    pub fn new(db: Pool, clock: Clock, secret: Arc<Secret>, settings: &Settings, node: &str) -> Result<Self, Internal> {
        let metrics = Metrics::new(clock.now());
        let rules = Rules {
            lifetimes: settings.session,
            tokens: settings.token,
            one_session: settings.one_session,
            verify_email: settings.signup.verify_email,
            open_signup: settings.signup.mode == SignupMode::Open,
            second_factor_required: settings.superuser_second_factor == SecondFactor::Required,
            publish: settings.amqp.is_some(),
            min_length: settings.password.min_length,
            code_ttl: settings.code.ttl,
            guards: settings.limits,
            codes: Codes { attempts: settings.code.attempts, resends: RESENDS },
            host: url::Url::parse(&settings.public_url)?.host_str().unwrap_or_default().to_owned(),
        };
        Ok(Self {
            hasher: Hasher::start(&settings.password, &settings.hash, metrics.hashes_refused())?,
            revocations: Arc::new(Revocations::new(horizon(&rules.lifetimes, &rules.tokens))),
            node: node.into(),
            rules: Arc::new(rules),
            refresh: Arc::new(secret.refresh()),
            rotations: Arc::default(),
            seen: Arc::default(),
            vitals: Arc::default(),
            figures: Arc::default(),
            metrics: Arc::new(metrics),
            counts: Arc::default(),
            mail: Arc::default(),
            events: Arc::default(),
            db,
            clock,
            secret,
        })
    }

    /// Why `session` is over at `now`, or `None` while it goes on. Reads no table unless this node has lost touch with the others.
    ///
    /// # Errors
    /// It has, and the database is gone.
    pub async fn ended(&self, session: &Session, now: Timestamp) -> Result<Option<EndReason>, Internal> {
        match self.revocations.standing(&session.id, || self.clock.uptime()) {
            Standing::Ended(reason) => Ok(Some(reason)),
            _ if !session.is_live(now) => Ok(Some(session.lapse())),
            Standing::Open => Ok(None),
            Standing::Unknown => Ok(store::sessions::ended(&*self.db, &session.id).await?),
        }
    }

    /// Whether this node knows by itself which sessions have ended, and need not ask the database.
    pub fn trusts_memory(&self) -> bool {
        self.revocations.is_whole(self.clock.uptime())
    }

    /// How long sessions last.
    pub fn lifetimes(&self) -> &Lifetimes {
        &self.rules.lifetimes
    }

    /// How long a mailed code is good for, in minutes.
    pub fn code_minutes(&self) -> u64 {
        self.rules.code_ttl.as_secs() / 60
    }

    /// Whether addresses must be proven before there is an account.
    pub fn verifies_email(&self) -> bool {
        self.rules.verify_email
    }

    /// Whether anybody may sign up; else superusers make the accounts.
    pub fn is_signup_open(&self) -> bool {
        self.rules.open_signup
    }

    /// Whether superusers without a second factor may do no more than everybody.
    pub fn requires_second_factor(&self) -> bool {
        self.rules.second_factor_required
    }

    /// The fewest code points of a password.
    pub fn min_password_length(&self) -> u8 {
        self.rules.min_length
    }

    /// The present moment, by the clock of the domain.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// What is counted of all this.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Told when a letter was queued, so that it leaves at once.
    pub fn letters_queued(&self) -> Arc<Notify> {
        Arc::clone(&self.mail)
    }
}
