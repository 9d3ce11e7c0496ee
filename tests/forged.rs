//! Forged tokens: nothing but a token that this server signed opens a page, and no forgery learns why.
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use nightlatch::{clock::Timestamp, secret::Secret};
use rocket::{
    async_test,
    http::{Header, Status},
};
use serde_json::{Value, json};

use crate::support::{Answer, SESSION_COOKIE, TestApp, token_parts};

/// A server, a genuine token of it, and the key that signed that: whoever has all this can forge anything.
struct Forge {
    app: TestApp,
    token: String,
    header: Value,
    claims: Value,
    key: Vec<u8>,
}

impl Forge {
    async fn new() -> Self {
        let app = TestApp::new().await;
        app.sign_up("ann@example.com").await;
        let token = app.token().unwrap();
        let (header, claims) = token_parts(&token);
        let (kid, sealed): (String, String) = (
            app.ask("SELECT kid FROM keys WHERE purpose = 'session'").await,
            app.ask("SELECT sealed FROM keys WHERE purpose = 'session'").await,
        );
        let secret = Secret::new(&std::array::from_fn::<u8, 32, _>(|i| i as u8)).unwrap();
        let key = secret.open(&format!("key:{kid}"), &sealed).unwrap().to_vec();
        Self { app, token, header, claims, key }
    }

    /// A token of these parts with a signature that fits.
    fn sign(&self, header: &Value, claims: &Value) -> String {
        sign(header, claims, &self.key, Algorithm::HS256)
    }

    /// With other header members; `null` takes one away.
    fn header(&self, changes: Value) -> String {
        self.sign(&changed(&self.header, changes), &self.claims)
    }

    /// With other claims; `null` takes one away.
    fn claims(&self, changes: Value) -> String {
        self.sign(&self.header, &changed(&self.claims, changes))
    }

    /// Every forgery is answered exactly as no cookie at all is.
    async fn assert_refused(&self, forgeries: &[(&str, String)]) {
        let stranger = outline(&self.app, None).await;
        for (what, token) in forgeries {
            assert_ne!(*token, self.token, "{what} is no forgery");
            assert_eq!(outline(&self.app, Some(token)).await, stranger, "{what}: {token}");
        }
    }
}

fn sign(header: &Value, claims: &Value, key: &[u8], algorithm: Algorithm) -> String {
    let encoded = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let message = format!("{}.{}", encoded(header), encoded(claims));
    let signature = crypto::sign(message.as_bytes(), &EncodingKey::from_secret(key), algorithm).unwrap();
    format!("{message}.{signature}")
}

fn changed(object: &Value, changes: Value) -> Value {
    let mut object = object.as_object().unwrap().clone();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => object.remove(name),
            value => object.insert(name.clone(), value.clone()),
        };
    }
    object.into()
}

/// What the holder of `token` gets from the API and from a page.
async fn outline(app: &TestApp, token: Option<&str>) -> (String, String) {
    let visit = async |path: &'static str| {
        let mut request = app.client.get(path);
        if let Some(token) = token {
            request = request.header(Header::new("Cookie", format!("{SESSION_COOKIE}={token}")));
        }
        let answer = Answer::of(request.dispatch().await).await;
        let status = if path.starts_with("/api") { Status::Unauthorized } else { Status::SeeOther };
        assert_eq!(answer.status, status, "{token:?}");
        answer.outline("(nothing)")
    };
    (visit("/api/auth/session").await, visit("/dashboard").await)
}

#[async_test]
async fn what_the_forge_signs_unchanged_is_taken() {
    let forge = Forge::new().await;
    // Without this the tests below would prove nothing.
    for token in [forge.token.clone(), forge.header(json!({})), forge.claims(json!({ "iat": 1_700_000_000 }))] {
        assert_eq!(forge.app.session_of(&token).await.status, Status::Ok);
    }
}

#[async_test]
async fn no_other_algorithm_is_taken() {
    let forge = Forge::new().await;
    let unsigned = |alg: &str| {
        let part = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        format!("{}.{}.", part(&changed(&forge.header, json!({ "alg": alg }))), part(&forge.claims))
    };
    let signed = |alg: &str, algorithm| {
        sign(&changed(&forge.header, json!({ "alg": alg })), &forge.claims, &forge.key, algorithm)
    };
    forge
        .assert_refused(&[
            ("none", unsigned("none")),
            ("none in another case", unsigned("NoNe")),
            ("none with a signature", signed("none", Algorithm::HS256)),
            ("no signature", unsigned("HS256")),
            ("an empty name", signed("", Algorithm::HS256)),
            ("the name in another case", signed("hs256", Algorithm::HS256)),
            ("HS384", signed("HS384", Algorithm::HS384)),
            ("HS512", signed("HS512", Algorithm::HS512)),
            ("HS512 in name only", signed("HS512", Algorithm::HS256)),
            ("HS384 in deed only", signed("HS256", Algorithm::HS384)),
            ("RS256 in name only", signed("RS256", Algorithm::HS256)),
            ("ES256 in name only", signed("ES256", Algorithm::HS256)),
            ("EdDSA in name only", signed("EdDSA", Algorithm::HS256)),
            ("no algorithm", forge.header(json!({ "alg": null }))),
            ("an algorithm of another type", forge.header(json!({ "alg": ["HS256"] }))),
        ])
        .await;
}

#[async_test]
async fn only_keys_of_the_own_ring_count() {
    let forge = Forge::new().await;
    let other = |header: &Value, key: &[u8]| sign(header, &forge.claims, key, Algorithm::HS256);
    let foreign = [9; 32];
    let jwk = json!({ "kty": "oct", "alg": "HS256", "k": URL_SAFE_NO_PAD.encode(foreign) });
    let with = |changes: Value| changed(&forge.header, changes);
    let kid = |kid: Value| forge.header(json!({ "kid": kid }));
    let public = "https://evil.example.test/jwks.json";
    forge
        .assert_refused(&[
            ("another key", other(&forge.header, &foreign)),
            ("an empty key", other(&forge.header, &[])),
            ("a key of zeros", other(&forge.header, &[0; 32])),
            ("the name of the key as key", other(&forge.header, forge.header["kid"].as_str().unwrap().as_bytes())),
            ("a key it brings along", other(&with(json!({ "jwk": jwk })), &foreign)),
            ("a key it brings along, without a name", other(&with(json!({ "jwk": jwk, "kid": null })), &foreign)),
            ("a key elsewhere", other(&with(json!({ "jku": public })), &foreign)),
            ("a certificate elsewhere", other(&with(json!({ "x5u": public })), &foreign)),
            ("a certificate it brings along", other(&with(json!({ "x5c": ["AAAA"] })), &foreign)),
            ("no name", kid(json!(null))),
            ("an empty name", kid(json!(""))),
            ("an unknown name", kid(json!("1"))),
            ("a file", kid(json!("../../../../dev/null"))),
            ("a file, and its content", other(&with(json!({ "kid": "/dev/null" })), b"")),
            ("a statement", kid(json!("' OR '1'='1"))),
            ("a long name", kid(json!("k".repeat(1_000)))),
            ("a name of another type", kid(json!(1))),
            ("several names", kid(json!([forge.header["kid"]]))),
            ("the name with a space", kid(json!(format!("{} ", forge.header["kid"].as_str().unwrap())))),
        ])
        .await;
}

#[async_test]
async fn only_the_kind_for_session_cookies_is_taken() {
    let forge = Forge::new().await;
    let typ = |typ: Value| forge.header(json!({ "typ": typ }));
    forge
        .assert_refused(&[
            ("no kind", typ(json!(null))),
            ("the usual kind", typ(json!("JWT"))),
            ("access tokens", typ(json!("access+jwt"))),
            ("RFC 9068", typ(json!("at+jwt"))),
            ("another case", typ(json!("Session+JWT"))),
            ("with the media type's tree", typ(json!("application/session+jwt"))),
            ("another type", typ(json!(["session+jwt"]))),
            ("an extension nobody knows", forge.header(json!({ "crit": ["exp"] }))),
            ("an extension, present", forge.header(json!({ "crit": ["b64"], "b64": false }))),
            ("an empty list of extensions", forge.header(json!({ "crit": [] }))),
        ])
        .await;
}

#[async_test]
async fn every_claim_must_be_there_and_be_what_it_should() {
    let forge = Forge::new().await;
    let mut forgeries = Vec::new();
    for name in forge.claims.as_object().unwrap().keys() {
        let value = &forge.claims[name];
        forgeries.push((format!("no {name}"), forge.claims(json!({ name: null }))));
        let mut bad = vec![json!(true), json!({ "a": 1 }), json!([[value]]), json!("x".repeat(900))];
        if value.is_number() {
            bad.extend([
                json!(value.to_string()),
                json!(1.5),
                json!(1e300),
                json!([value]),
                json!(u64::MAX),
                json!(""),
            ]);
        } else {
            bad.extend([json!(1), json!(-1.5)]);
        }
        // The subject and the session are whatever we signed: any text.
        let text = ["sub", "sid"].contains(&name.as_str());
        bad.retain(|value| !(text && value.is_string()));
        forgeries.extend(bad.iter().map(|value| (format!("{name} is {value}"), forge.claims(json!({ name: value })))));
    }
    let named: Vec<(&str, String)> = forgeries.iter().map(|(what, token)| (what.as_str(), token.clone())).collect();
    assert!(named.len() > 80, "{}", named.len());
    forge.assert_refused(&named).await;
}

#[async_test]
async fn a_token_for_somebody_else_or_from_the_future_is_no_use_here() {
    let forge = Forge::new().await;
    let claim = |name: &str, value: Value| forge.claims(json!({ name: value }));
    let now = forge.app.now().seconds();
    forge
        .assert_refused(&[
            ("another issuer", claim("iss", json!("https://id.example.com"))),
            ("the issuer with a slash", claim("iss", json!("http://localhost:8000/"))),
            ("the issuer on another port", claim("iss", json!("http://localhost:8001"))),
            ("no issuer at all", claim("iss", json!(""))),
            ("another audience", claim("aud", json!("api"))),
            ("other audiences", claim("aud", json!(["api", "https://id.example.com"]))),
            ("no audiences", claim("aud", json!([]))),
            ("issued in two minutes", claim("iat", json!(now + 120))),
            ("issued in ages", claim("iat", json!(i64::MAX))),
            ("not good yet", claim("nbf", json!(now + 120))),
            ("another role", claim("role", json!("root"))),
            ("the role in another case", claim("role", json!("Superuser"))),
        ])
        .await;
}

#[async_test]
async fn a_genuine_token_that_ran_out_is_refused_and_its_holder_told_why() {
    let forge = Forge::new().await;
    let now = forge.app.now().seconds();
    let cap = forge.claims["cap"].clone();
    for (claims, reason) in [
        (json!({ "exp": now }), "expired"),
        (json!({ "exp": now - 1 }), "expired"),
        (json!({ "exp": 0 }), "expired"),
        (json!({ "exp": now, "cap": now }), "absolute_limit"),
        // However late the expiry, the absolute end comes first.
        (json!({ "exp": cap, "cap": now }), "absolute_limit"),
        (json!({ "exp": i64::MAX, "cap": now }), "absolute_limit"),
    ] {
        let answer = forge.app.session_of(&forge.claims(claims.clone())).await;
        assert_eq!((answer.status, &answer.json()["reason"]), (Status::Unauthorized, &json!(reason)), "{claims}");
        assert_eq!(answer.headers.get("set-cookie"), None);
    }
    let answer = forge.app.session_of(&forge.claims(json!({ "exp": now + 1 }))).await;
    assert_eq!(answer.json()["expires_at"], Timestamp::from_seconds(now + 600).rfc3339());
}

#[async_test]
async fn a_text_that_is_not_exactly_a_token_is_none() {
    let forge = Forge::new().await;
    let parts: Vec<&str> = forge.token.split('.').collect();
    let [header, claims, signature] = parts[..] else { panic!("{}", forge.token) };
    let flipped = |part: &str| {
        let flip = |c: char| if c.is_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
        part.chars().map(flip).collect::<String>()
    };
    let mut forgeries = vec![
        ("nothing", String::new()),
        ("a word", "x".into()),
        ("dots", "..".into()),
        ("two parts", format!("{header}.{claims}")),
        ("an empty signature", format!("{header}.{claims}.")),
        ("no header", format!(".{claims}.{signature}")),
        ("no claims", format!("{header}..{signature}")),
        ("doubled dots", format!("{header}..{claims}.{signature}")),
        ("doubled last dots", format!("{header}.{claims}..{signature}")),
        ("a dot at the end", format!("{}.", forge.token)),
        ("a dot at the beginning", format!(".{}", forge.token)),
        ("four parts", format!("{}.{signature}", forge.token)),
        ("five parts", format!("{header}.x.x.{claims}.{signature}")),
        ("padding", format!("{}=", forge.token)),
        ("padding within", format!("{header}=.{claims}.{signature}")),
        ("quotes", format!("\"{}\"", forge.token)),
        ("a percent sign", format!("{header}.{claims}.%{signature}")),
        ("the token twice", format!("{0}{0}", forge.token)),
        ("the standard alphabet", format!("{header}.{claims}.+/{}", &signature[2..])),
        ("the case of the header", format!("{}.{claims}.{signature}", flipped(header))),
        ("the case of the claims", format!("{header}.{}.{signature}", flipped(claims))),
        ("the case of the signature", format!("{header}.{claims}.{}", flipped(signature))),
        ("the parts in another order", format!("{claims}.{header}.{signature}")),
        ("claims that are a list", forge.sign(&forge.header, &json!([forge.claims]))),
        ("claims that are null", forge.sign(&forge.header, &Value::Null)),
        ("a header that is a list", forge.sign(&json!([forge.header]), &forge.claims)),
        ("an over-long token", forge.claims(json!({ "more": "x".repeat(1_500) }))),
        ("a token of a hundred kilobytes", forge.claims(json!({ "more": "x".repeat(100_000) }))),
    ];
    for length in [1, header.len(), forge.token.len() / 2, forge.token.len() - 1] {
        forgeries.push(("cut short", forge.token[..length].to_owned()));
    }
    forge.assert_refused(&forgeries).await;
}

#[async_test]
async fn no_changed_letter_goes_unnoticed() {
    let forge = Forge::new().await;
    let token = forge.token.as_bytes();
    for place in (0..token.len()).filter(|place| place % 3 == 0 || place + 50 > token.len()) {
        let mut forged = token.to_vec();
        forged[place] = match forged[place] {
            b'.' => b'A',
            b'A' => b'Q',
            _ => b'A',
        };
        let forged = String::from_utf8(forged).unwrap();
        let answer = forge.app.session_of(&forged).await;
        assert_eq!(answer.status, Status::Unauthorized, "letter {place} of {forged}");
    }
}

#[async_test]
async fn a_token_of_another_instance_is_refused() {
    let (forge, other) = (Forge::new().await, Forge::new().await);
    forge.assert_refused(&[("another instance's", other.token.clone())]).await;
    // Nor does its key under our key's name.
    forge.assert_refused(&[("another key", sign(&forge.header, &forge.claims, &other.key, Algorithm::HS256))]).await;
}
