//! A mint whose keys never change, so that an input that broke something breaks it again.
use std::sync::LazyLock;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, crypto};
use nightlatch::{
    accounts::Internal,
    clock::Timestamp,
    db::Pool,
    jwt::{Jwt, Jwts},
    keys::{Keys, Purpose},
    secret::Secret,
    store,
};
use serde_json::{Value, json};

/// Who issues the tokens.
pub const ISSUER: &str = "https://id.example.com";

/// When all of it happens.
pub const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// The secret of the instance.
pub static SECRET: LazyLock<Secret> =
    LazyLock::new(|| Secret::new(&std::array::from_fn::<u8, 32, _>(|i| i as u8)).expect("a strong secret"));

/// What signs tokens of one kind, and what must be in them.
pub struct Kind {
    pub purpose: Purpose,
    pub algorithm: Algorithm,
    pub typ: &'static str,
    pub audience: String,
}

impl Kind {
    /// Both.
    pub fn all() -> [Self; 2] {
        let access = format!("{ISSUER}/api");
        [
            Self {
                purpose: Purpose::Session,
                algorithm: Algorithm::HS256,
                typ: "session+jwt",
                audience: ISSUER.into(),
            },
            Self { purpose: Purpose::Access, algorithm: Algorithm::EdDSA, typ: "access+jwt", audience: access },
        ]
    }

    /// What verifies tokens of this kind.
    pub fn jwt(&self) -> &'static Jwt {
        static JWTS: LazyLock<Jwts> = LazyLock::new(mint);
        match self.purpose {
            Purpose::Session => &JWTS.session,
            Purpose::Access => &JWTS.access,
        }
    }

    /// The name of the key.
    pub fn kid(&self) -> String {
        format!("{}-key", self.purpose.as_str())
    }

    /// The header of a genuine token.
    pub fn header(&self) -> Value {
        json!({ "alg": format!("{:?}", self.algorithm), "kid": self.kid(), "typ": self.typ })
    }

    /// Its claims.
    pub fn claims(&self) -> Value {
        let mut claims = json!({
            "iss": ISSUER, "aud": self.audience, "sub": "a".repeat(32), "sid": "b".repeat(32), "ver": 1, "role": "user",
            "iat": NOW.seconds(), "exp": NOW.seconds() + 600, "auth_time": NOW.seconds(), "cap": NOW.seconds() + 43_200,
        });
        if self.purpose == Purpose::Access {
            claims["jti"] = json!("AT2GyLhHwIv3Xp0nVtSL9w");
        }
        claims
    }

    /// A token of these two texts, under a signature of ours that fits.
    pub fn sign(&self, header: &str, claims: &str) -> String {
        let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let key = self.jwt().keys().ring().all()[0].encoding.clone();
        let signature = crypto::sign(message.as_bytes(), &key, self.algorithm).expect("our own key signs");
        format!("{message}.{signature}")
    }

    /// The one genuine token.
    pub fn token(&self) -> String {
        self.sign(&self.header().to_string(), &self.claims().to_string())
    }
}

/// The first line of `text` with the changes in the second: `17Q` puts a `Q` where the letter of this number stands, and `17` takes that
/// away.
pub fn changed(text: &str) -> String {
    let (line, changes) = text.split_once('\n').unwrap_or((text, ""));
    let mut letters: Vec<char> = line.chars().collect();
    for change in changes.split_whitespace() {
        let new = change.trim_start_matches(|c: char| c.is_ascii_digit());
        let place = change[..change.len() - new.len()].parse().unwrap_or(0_usize) % (letters.len() + 1);
        let end = (place + new.chars().count().max(1)).min(letters.len());
        letters.splice(place..end, new.chars());
    }
    letters.into_iter().collect()
}

fn mint() -> Jwts {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(rings()).expect("the mint opens")
}

async fn rings() -> Result<Jwts, Internal> {
    let db = Pool::connect("sqlite::memory:", 1).await?;
    db.migrate().await.expect("an empty database takes the schema");
    let [session, access] = Kind::all();
    let mut rings = Vec::new();
    for (seed, kind) in [(1, session), (2, access)] {
        let (kid, purpose) = (kind.kid(), kind.purpose);
        let sealed = SECRET.seal(&format!("key:{kid}"), &[seed; 32])?;
        store::keys::insert(&*db, purpose.as_str(), 1, &kid, &sealed, NOW).await?;
        rings.push(Keys::load(&db, &SECRET, purpose, NOW).await?);
    }
    let access = rings.pop().expect("two rings");
    let session = rings.pop().expect("two rings");
    Ok(Jwts::new(session, access, ISSUER))
}
