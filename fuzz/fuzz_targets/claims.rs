//! A signature of ours is not enough: a token is taken only when its header and every claim are what we put there.
#![no_main]
use libfuzzer_sys::fuzz_target;
use nightlatch::{
    keys::Purpose,
    model::{
        id::{SessionId, UserId},
        session::Session,
        user::Role,
    },
};
use nightlatch_fuzz::{ISSUER, Kind, NOW};
use serde_json::{Map, Value};

/// How far the clock of the node that issued a token may be ahead, in seconds.
const SKEW: i64 = 60;

// The header in the first line, the claims in the second.
fuzz_target!(|text: &str| {
    let Some((header, claims)) = text.split_once('\n') else { return };
    for kind in Kind::all() {
        let Some(session) = kind.jwt().verify(&kind.sign(header, claims), NOW) else { continue };
        let [header, claims] = [header, claims].map(|part| serde_json::from_str::<Map<String, Value>>(part).unwrap());
        assert!(is_ours(&kind, &header, &claims), "{header:?} {claims:?}");
        assert_eq!(session.expires_at.seconds(), number(&claims, "exp").min(number(&claims, "cap")));
        assert!(is_told(&session, &claims), "{session:?} {claims:?}");
    }
});

fn is_ours(kind: &Kind, header: &Map<String, Value>, claims: &Map<String, Value>) -> bool {
    let wanted = kind.header();
    let same = ["alg", "kid", "typ"].iter().all(|name| header.get(*name) == wanted.get(name));
    let begun = claims
        .get("nbf")
        .filter(|begun| !begun.is_null())
        .map_or_else(|| number(claims, "iat"), |begun| begun.as_i64().unwrap());
    let named = claims.get("jti").is_some_and(Value::is_string);
    same && header.get("crit").is_none_or(Value::is_null)
        && text(claims, "iss") == ISSUER
        && text(claims, "aud") == kind.audience
        && begun <= NOW.seconds() + SKEW
        && named == (kind.purpose == Purpose::Access)
}

fn is_told(session: &Session, claims: &Map<String, Value>) -> bool {
    SessionId::parse(text(claims, "sid")) == Some(session.id.clone())
        && UserId::parse(text(claims, "sub")) == Some(session.user_id.clone())
        && Role::parse(text(claims, "role")) == Ok(session.role)
        && number(claims, "ver") == session.version
        && number(claims, "auth_time") == session.auth_time.seconds()
        && number(claims, "cap") == session.ends_at.seconds()
}

fn text<'c>(claims: &'c Map<String, Value>, name: &str) -> &'c str {
    claims[name].as_str().unwrap()
}

fn number(claims: &Map<String, Value>, name: &str) -> i64 {
    claims[name].as_i64().unwrap()
}
