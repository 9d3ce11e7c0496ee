//! The least a Rocket program can do: a constant with a cookie (`/plain`), and a plain JWT in a cookie that is verified and signed anew
//! with each request (`/jwt`, whose first token comes from `/start`). No database, no revocation, no checks, no headers of security.
use std::time::{SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use rocket::{
    State, get,
    http::{ContentType, Cookie, CookieJar, SameSite, Status},
    launch, routes,
    serde::json::Json,
    time::Duration,
};
use serde::{Deserialize, Serialize};

const COOKIE: &str = "ceiling";
const LIFE: i64 = 600;

/// With its attributes a header of some 300 bytes, which is what a small token takes.
const CONSTANT_COOKIE: &str = concat!(
    "eyJhbGciOiJIUzI1NiIsInR5cCI6InNlc3Npb24rand0In0.",
    "eyJpc3MiOiJodHRwOi8vbG9jYWxob3N0OjgwMDAiLCJzdWIiOiIwMTk5YzBkZS0wMDAwLTcwMDAtODAwMC0wMDAwMDAwMDAwMDAifQ.",
    "c2lnbmF0dXJlLW9mLXRoaXJ0eS10d28tYnl0ZXMtaGVyZQ0000000000000",
);
const CONSTANT: &str = concat!(
    r#"{"user_id":"0199c0de-0000-7000-8000-000000000000","session_id":"0199c0de-0000-7000-8000-000000000001","#,
    r#""role":"user","expires_at":"2026-01-01T00:10:00Z","ends_at":"2026-01-01T12:00:00Z"}"#,
);

struct Keys {
    signing: EncodingKey,
    verifying: DecodingKey,
    validation: Validation,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    sub: String,
    sid: String,
    role: String,
    iat: i64,
    exp: i64,
}

#[derive(Serialize)]
struct Answer {
    user_id: String,
    session_id: String,
    role: String,
    expires_at: i64,
}

#[expect(clippy::disallowed_methods, reason = "the program's clock is not here")]
fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs().cast_signed())
}

fn cookie(value: String) -> Cookie<'static> {
    Cookie::build((COOKIE, value)).http_only(true).same_site(SameSite::Lax).max_age(Duration::seconds(LIFE)).build()
}

#[get("/plain")]
fn plain(jar: &CookieJar<'_>) -> (ContentType, &'static str) {
    jar.add(cookie(CONSTANT_COOKIE.to_owned()));
    (ContentType::JSON, CONSTANT)
}

#[get("/start")]
fn start(keys: &State<Keys>, jar: &CookieJar<'_>) -> Result<(), Status> {
    let id = |last| format!("0199c0de-0000-7000-8000-00000000000{last}");
    reissue(Claims { sub: id(0), sid: id(1), role: "user".into(), iat: 0, exp: 0 }, keys, jar).map(drop)
}

#[get("/jwt")]
fn jwt(keys: &State<Keys>, jar: &CookieJar<'_>) -> Result<Json<Answer>, Status> {
    let token = jar.get(COOKIE).ok_or(Status::Unauthorized)?;
    let token = decode::<Claims>(token.value(), &keys.verifying, &keys.validation).map_err(|_| Status::Unauthorized)?;
    let claims = reissue(token.claims, keys, jar)?;
    Ok(Json(Answer { user_id: claims.sub, session_id: claims.sid, role: claims.role, expires_at: claims.exp }))
}

fn reissue(claims: Claims, keys: &Keys, jar: &CookieJar<'_>) -> Result<Claims, Status> {
    let iat = now();
    let claims = Claims { iat, exp: iat + LIFE, ..claims };
    let token = encode(&Header::default(), &claims, &keys.signing).map_err(|_| Status::InternalServerError)?;
    jar.add(cookie(token));
    Ok(claims)
}

#[launch]
fn rocket() -> _ {
    // Of no worth: it signs nothing but the measurement's own tokens, on loopback.
    let secret = b"the ceiling protects nobody at all";
    let keys = Keys {
        signing: EncodingKey::from_secret(secret),
        verifying: DecodingKey::from_secret(secret),
        validation: Validation::new(Algorithm::HS256),
    };
    rocket::build().manage(keys).mount("/", routes![plain, start, jwt])
}
