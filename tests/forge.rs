//! A forge: a server, a genuine token of it, and the key that signed that. Whoever has all this can forge anything.
use std::sync::{Arc, Mutex};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use rocket::{
    http::{Header, Method, Status},
    local::asynchronous::LocalRequest,
};
use serde_json::{Value, json};
use tracing::{Event, Level, Subscriber, instrument::WithSubscriber};
use tracing_subscriber::{
    Layer, Registry,
    layer::{Context, SubscriberExt},
};

use crate::support::{Answer, PASSWORD, SESSION_COOKIE, TestApp, secret, token_parts};

/// Where a token is carried, which says of which kind it must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    Cookie,
    Bearer,
}

/// A forge for tokens of one kind.
pub struct Forge {
    pub app: TestApp,
    pub carrier: Carrier,
    pub algorithm: Algorithm,
    pub token: String,
    pub header: Value,
    pub claims: Value,
    /// The secret of HS256, or the seed of Ed25519.
    pub seed: Vec<u8>,
    /// The refresh token of the program that was signed in beside the person.
    pub refresh: String,
    /// The other kind: the access token where this is about cookies, and the cookie's where it is about bearers.
    pub other: String,
}

impl Carrier {
    pub const BOTH: [Self; 2] = [Self::Cookie, Self::Bearer];

    /// `request` with `token`, or without one but carried in the same way.
    fn put<'c>(self, request: LocalRequest<'c>, token: &str) -> LocalRequest<'c> {
        request.header(match self {
            Self::Cookie => Header::new("Cookie", format!("{SESSION_COOKIE}={token}")),
            Self::Bearer => Header::new("Authorization", format!("Bearer {token}")),
        })
    }
}

impl Forge {
    pub async fn new(carrier: Carrier) -> Self {
        let app = TestApp::new().await;
        app.sign_up("ann@example.com").await;
        let body = json!({ "email": "ann@example.com", "password": PASSWORD });
        let tokens = app.call("/api/auth/token", body).await.json();
        app.letters().await;
        let text = |member: &str| tokens[member].as_str().unwrap().to_owned();
        let (cookie, access, refresh) = (app.token().unwrap(), text("access_token"), text("refresh_token"));
        let (algorithm, purpose, token, other) = match carrier {
            Carrier::Cookie => (Algorithm::HS256, "session", cookie, access),
            Carrier::Bearer => (Algorithm::EdDSA, "access", access, cookie),
        };
        let (header, claims) = token_parts(&token);
        let seed = seed(&app, purpose).await;
        Self { app, carrier, algorithm, token, header, claims, seed, refresh, other }
    }

    /// A token of these parts with a signature that fits.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        self.sign_text(&header.to_string(), &claims.to_string())
    }

    /// The same of parts that may be no JSON.
    pub fn sign_text(&self, header: &str, claims: &str) -> String {
        match self.algorithm {
            Algorithm::EdDSA => sign(header, claims, &ed25519(&self.seed), self.algorithm),
            _ => sign(header, claims, &EncodingKey::from_secret(&self.seed), self.algorithm),
        }
    }

    /// The genuine claims under `header`, signed with `key` as an HMAC secret.
    pub fn hmac(&self, header: &Value, key: &[u8], algorithm: Algorithm) -> String {
        sign(&header.to_string(), &self.claims.to_string(), &EncodingKey::from_secret(key), algorithm)
    }

    /// With other header members; `null` takes one away.
    pub fn header(&self, changes: Value) -> String {
        self.sign(&changed(&self.header, changes), &self.claims)
    }

    /// With other claims; `null` takes one away.
    pub fn claims(&self, changes: Value) -> String {
        self.sign(&self.header, &changed(&self.claims, changes))
    }

    /// What the holder of `token` learns of its session.
    pub async fn session_of(&self, token: &str) -> Answer {
        Answer::of(self.carrier.put(self.app.client.get("/api/auth/session"), token).dispatch().await).await
    }

    /// Every forgery is answered exactly as no token at all is, sets no cookie and writes nothing; a line of the log says that
    /// it came, and not what it was.
    pub async fn assert_refused(&self, forgeries: &[(&str, String)]) {
        let (rows, lines) = (self.rows().await, Lines::default());
        let stranger = self.outlines("").await;
        assert!(stranger.iter().all(|outline| !outline.contains("set-cookie")), "{stranger:?}");
        for (what, token) in forgeries {
            assert_ne!(*token, self.token, "{what} is no forgery");
            let answers = self.outlines(token).with_subscriber(Registry::default().with(lines.clone())).await;
            assert_eq!(answers, stranger, "{:?}, {what}: {token}", self.carrier);
        }
        lines.assert_only("refused a token that is none of ours", forgeries.iter().map(|(_, token)| token));
        assert_eq!(self.rows().await, rows);
        assert_eq!(self.session_of(&self.token).await.status, Status::Ok, "the genuine one is as good as before");
    }

    /// What the API and a page say to the holder of `token`, and whether it can change anything.
    async fn outlines(&self, token: &str) -> Vec<String> {
        let mut outlines = Vec::new();
        for (method, path, status) in [
            (Method::Get, "/api/auth/session", Status::Unauthorized),
            (Method::Get, "/dashboard", Status::SeeOther),
            (Method::Post, "/api/auth/logout-all", Status::Unauthorized),
        ] {
            let request = self.app.client.req(method, path).header(Header::new("Sec-Fetch-Site", "same-origin"));
            let answer = Answer::of(self.carrier.put(request, token).dispatch().await).await;
            assert_eq!(answer.status, status, "{token:?} at {path}: {answer:?}");
            outlines.push(answer.outline("(nothing)"));
        }
        outlines
    }

    /// How many rows each table has that a request can write to.
    pub async fn rows(&self) -> Vec<i64> {
        let mut rows = Vec::new();
        for table in ["users", "sessions", "endings", "devices", "requests", "letters", "events", "keys", "outbox"] {
            rows.push(self.app.count(&format!("SELECT COUNT(*) FROM {table}")).await);
        }
        rows
    }
}

async fn seed(app: &TestApp, purpose: &str) -> Vec<u8> {
    let kid: String = app.ask(&format!("SELECT kid FROM keys WHERE purpose = '{purpose}'")).await;
    let sealed: String = app.ask(&format!("SELECT sealed FROM keys WHERE purpose = '{purpose}'")).await;
    secret().open(&format!("key:{kid}"), &sealed).unwrap().to_vec()
}

/// The published half of an Ed25519 key, and its name: all that everybody has.
pub async fn public_key(app: &TestApp) -> (Vec<u8>, Value) {
    let answer = Answer::of(app.client.get("/.well-known/jwks.json").dispatch().await).await;
    let key = answer.json()["keys"][0].clone();
    (URL_SAFE_NO_PAD.decode(key["x"].as_str().unwrap()).unwrap(), key)
}

/// A key of this seed, and its public half.
pub fn ed25519(seed: &[u8]) -> EncodingKey {
    let pair = Ed25519KeyPair::from_seed_unchecked(seed).unwrap();
    EncodingKey::from_ed_der(pair.to_pkcs8v1().unwrap().as_ref())
}

/// The public half of the key of this seed, in base64url.
pub fn ed25519_public(seed: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(Ed25519KeyPair::from_seed_unchecked(seed).unwrap().public_key())
}

/// A token of these parts.
pub fn sign(header: &str, claims: &str, key: &EncodingKey, algorithm: Algorithm) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = crypto::sign(message.as_bytes(), key, algorithm).unwrap();
    format!("{message}.{signature}")
}

/// `object` with other members; `null` takes one away.
pub fn changed(object: &Value, changes: Value) -> Value {
    let mut object = object.as_object().unwrap().clone();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => object.remove(name),
            value => object.insert(name.clone(), value.clone()),
        };
    }
    object.into()
}

/// What was logged as a warning or an error.
#[derive(Clone, Default)]
pub struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    pub fn read(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    /// There are lines, each says `words`, and none holds one of `forgeries`.
    pub fn assert_only<'f>(&self, words: &str, mut forgeries: impl Iterator<Item = &'f String>) {
        let lines = self.read();
        assert!(!lines.is_empty() && lines.iter().all(|line| line.contains(words)), "{:?}", lines.first());
        let all = lines.concat();
        assert_eq!(forgeries.find(|forged| forged.len() > 20 && all.contains(*forged)), None);
    }
}

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if *event.metadata().level() <= Level::WARN {
            self.0.lock().unwrap().push(format!("{event:?}"));
        }
    }
}
