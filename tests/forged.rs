//! Forged tokens: nothing but a token that this server signed opens anything, and no forgery learns why.
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::Algorithm;
use nightlatch::clock::Timestamp;
use rocket::{
    async_test,
    http::{Header, Status},
};
use serde_json::{Value, json};
use tracing::instrument::WithSubscriber;
use tracing_subscriber::{Registry, layer::SubscriberExt};

use crate::{
    forge::{Carrier, Forge, Lines, changed, ed25519, ed25519_public, public_key, sign},
    support::{Answer, DEVICE_COOKIE, SESSION_COOKIE, TestApp},
};

#[async_test]
async fn what_the_forge_signs_unchanged_is_taken() {
    // Without this the tests below would prove nothing.
    for carrier in Carrier::BOTH {
        let forge = Forge::new(carrier).await;
        for token in [forge.token.clone(), forge.header(json!({})), forge.claims(json!({ "iat": 1_700_000_000 }))] {
            assert_eq!(forge.session_of(&token).await.status, Status::Ok, "{carrier:?}");
        }
    }
}

#[async_test]
async fn what_is_logged_would_be_seen() {
    let forge = Forge::new(Carrier::Cookie).await;
    let lines = Lines::default();
    let request = forge.app.client.post("/api/auth/logout").header(Header::new("Sec-Fetch-Site", "cross-site"));
    request.dispatch().with_subscriber(Registry::default().with(lines.clone())).await;
    assert_eq!(lines.read().len(), 1, "{:?}", lines.read());
}

#[async_test]
async fn no_other_algorithm_is_taken() {
    for carrier in Carrier::BOTH {
        let forge = Forge::new(carrier).await;
        let named = |alg: &str| changed(&forge.header, json!({ "alg": alg }));
        let part = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let unsigned = |alg: &str| format!("{}.{}.", part(&named(alg)), part(&forge.claims));
        let hmac = |alg: &str, algorithm| forge.hmac(&named(alg), &forge.seed, algorithm);
        let own = forge.header["alg"].as_str().unwrap();
        let mut forgeries = vec![
            ("no signature", unsigned(own)),
            ("HS384", hmac("HS384", Algorithm::HS384)),
            ("HS512", hmac("HS512", Algorithm::HS512)),
            ("HS512 in name only", hmac("HS512", Algorithm::HS256)),
            ("HS384 in deed only", hmac(own, Algorithm::HS384)),
            ("an empty name", forge.header(json!({ "alg": "" }))),
            ("the name in another case", forge.header(json!({ "alg": own.to_lowercase() }))),
            ("the name with a space", forge.header(json!({ "alg": format!("{own} ") }))),
            ("no algorithm", forge.header(json!({ "alg": null }))),
            ("several algorithms", forge.header(json!({ "alg": [own] }))),
            ("a number for an algorithm", forge.header(json!({ "alg": 0 }))),
            ("two algorithms", forge.sign_text(&doubled(&forge.header, "alg", "none"), &forge.claims.to_string())),
        ];
        for none in ["none", "None", "NONE", "nOnE", "NoNe", "none ", "\0none", "ｎｏｎｅ", "null", ""] {
            forgeries.push(("none", unsigned(none)));
            forgeries.push(("none with a signature", forge.header(json!({ "alg": none }))));
        }
        let others =
            ["HS256", "EdDSA", "Ed25519", "RS256", "RS512", "PS256", "ES256", "ES384", "ES256K", "dir", "A128KW"];
        for alg in others.into_iter().filter(|alg| *alg != own) {
            forgeries.push(("another algorithm in name only", forge.header(json!({ "alg": alg }))));
            forgeries.push(("another algorithm without a signature", unsigned(alg)));
        }
        forge.assert_refused(&forgeries).await;
    }
}

#[async_test]
async fn a_public_key_is_no_secret_to_sign_with() {
    for carrier in Carrier::BOTH {
        let forge = Forge::new(carrier).await;
        let (public, jwk) = public_key(&forge.app).await;
        // SubjectPublicKeyInfo of Ed25519 (RFC 8410, 4).
        let der = [&[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00], &public[..]].concat();
        let base64 = base64::engine::general_purpose::STANDARD.encode(&der);
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{base64}\n-----END PUBLIC KEY-----\n");
        let keys = [
            ("its bytes", public.clone()),
            ("its text", jwk["x"].as_str().unwrap().as_bytes().to_vec()),
            ("DER", der),
            ("PEM", pem.clone().into_bytes()),
            ("PEM without its last line end", pem.trim().as_bytes().to_vec()),
            ("the whole key as JSON", jwk.to_string().into_bytes()),
        ];
        let mut forgeries = Vec::new();
        for (what, key) in &keys {
            for kid in [&jwk["kid"], &forge.header["kid"]] {
                let header = |alg: &str| changed(&forge.header, json!({ "alg": alg, "kid": kid }));
                forgeries.push((*what, forge.hmac(&header("HS256"), key, Algorithm::HS256)));
                forgeries.push((*what, forge.hmac(&header("HS512"), key, Algorithm::HS512)));
                forgeries.push((*what, forge.hmac(&header("EdDSA"), key, Algorithm::HS256)));
            }
        }
        forge.assert_refused(&forgeries).await;
    }
}

#[async_test]
async fn only_keys_of_the_own_ring_count() {
    for carrier in Carrier::BOTH {
        let forge = Forge::new(carrier).await;
        let foreign = [9; 32];
        let with = |changes: Value| changed(&forge.header, changes);
        let signed = |header: &Value| match carrier {
            Carrier::Cookie => forge.hmac(header, &foreign, Algorithm::HS256),
            Carrier::Bearer => {
                sign(&header.to_string(), &forge.claims.to_string(), &ed25519(&foreign), Algorithm::EdDSA)
            }
        };
        let oct = json!({ "kty": "oct", "alg": "HS256", "k": URL_SAFE_NO_PAD.encode(foreign) });
        let okp = json!({ "kty": "OKP", "crv": "Ed25519", "x": ed25519_public(&foreign) });
        let name = forge.header["kid"].as_str().unwrap();
        let elsewhere = "https://evil.example.test/keys";
        let mut forgeries = vec![
            ("another key", signed(&forge.header)),
            ("an empty key", forge.hmac(&with(json!({ "alg": "HS256" })), &[], Algorithm::HS256)),
            ("a key of zeros", forge.hmac(&with(json!({ "alg": "HS256" })), &[0; 32], Algorithm::HS256)),
            (
                "the name of the key as key",
                forge.hmac(&with(json!({ "alg": "HS256" })), name.as_bytes(), Algorithm::HS256),
            ),
            ("a file, and its content", forge.hmac(&with(json!({ "kid": "/dev/null" })), b"", Algorithm::HS256)),
            ("no name", forge.header(json!({ "kid": null }))),
            (
                "null for a name",
                forge.sign_text(
                    &forge.header.to_string().replace(&format!("\"{name}\""), "null"),
                    &forge.claims.to_string(),
                ),
            ),
            ("two names", forge.sign_text(&doubled(&forge.header, "kid", "x"), &forge.claims.to_string())),
        ];
        for key in [json!({ "jwk": oct }), json!({ "jwk": okp }), json!({ "jwk": okp, "kid": null })] {
            forgeries.push(("a key it brings along", signed(&with(key))));
        }
        for members in [
            json!({ "jku": elsewhere }),
            json!({ "x5u": elsewhere }),
            json!({ "x5c": [URL_SAFE_NO_PAD.encode(foreign)] }),
            json!({ "jku": elsewhere, "kid": "1" }),
            json!({ "x5t": "AAAA", "x5t#S256": "AAAA", "kid": null }),
        ] {
            forgeries.push(("a key elsewhere", signed(&with(members))));
        }
        for kid in [
            json!(""),
            json!("1"),
            json!(1),
            json!(true),
            json!({ "kid": name }),
            json!([name]),
            json!("../../../../dev/null"),
            json!("/proc/self/environ"),
            json!("file:///etc/passwd"),
            json!(elsewhere),
            json!("' OR '1'='1"),
            json!("' UNION SELECT 'AAAA' --"),
            json!("x'; DROP TABLE keys; --"),
            json!("%"),
            json!("$(id)"),
            json!("\0"),
            json!(format!("{name}\0")),
            json!(format!("{name} ")),
            json!(format!("{name}\r\nSet-Cookie: a=b")),
            json!(name.to_uppercase()),
            json!(&name[..name.len() - 1]),
            json!("k".repeat(1_000)),
            json!("k".repeat(100_000)),
        ] {
            forgeries.push(("another name", forge.header(json!({ "kid": kid }))));
        }
        forge.assert_refused(&forgeries).await;
    }
}

#[async_test]
async fn only_the_kind_for_its_place_is_taken() {
    for carrier in Carrier::BOTH {
        let forge = Forge::new(carrier).await;
        let typ = |typ: Value| forge.header(json!({ "typ": typ }));
        let own = forge.header["typ"].as_str().unwrap();
        let (session, access) = ("session+jwt", "access+jwt");
        let other = if own == session { access } else { session };
        forge
            .assert_refused(&[
                ("no kind", typ(json!(null))),
                ("an empty kind", typ(json!(""))),
                ("the usual kind", typ(json!("JWT"))),
                ("the other kind", typ(json!(other))),
                ("RFC 9068", typ(json!("at+jwt"))),
                ("another case", typ(json!(own.to_uppercase()))),
                ("with the media type's tree", typ(json!(format!("application/{own}")))),
                ("a list of kinds", typ(json!([own]))),
                ("a number for a kind", typ(json!(1))),
                ("a kind with a space", typ(json!(format!("{own} ")))),
                ("two kinds", forge.sign_text(&doubled(&forge.header, "typ", other), &forge.claims.to_string())),
                ("an extension nobody knows", forge.header(json!({ "crit": ["exp"] }))),
                ("an extension, present", forge.header(json!({ "crit": ["b64"], "b64": false }))),
                ("an empty list of extensions", forge.header(json!({ "crit": [] }))),
                ("an extension as text", forge.header(json!({ "crit": "exp" }))),
                (
                    "a token within a token",
                    forge.sign(&changed(&forge.header, json!({ "cty": "JWT" })), &json!(forge.token)),
                ),
                ("the token of the other kind", forge.other.clone()),
                ("a refresh token", forge.refresh.clone()),
                ("a refresh token without its prefix", forge.refresh[4..].to_owned()),
            ])
            .await;
    }
}

#[async_test]
async fn nothing_else_that_a_browser_holds_is_a_session() {
    let forge = Forge::new(Carrier::Cookie).await;
    let cookies = forge.app.change_browser(Vec::new());
    let device = cookies.iter().find(|(name, _)| name == DEVICE_COOKIE).unwrap().1.clone();
    forge.assert_refused(&[("what the browser is recognised by", device)]).await;
}

#[async_test]
async fn every_claim_must_be_there_and_be_what_it_should() {
    for carrier in Carrier::BOTH {
        let forge = Forge::new(carrier).await;
        let mut forgeries = Vec::new();
        for (name, value) in forge.claims.as_object().unwrap() {
            forgeries.push((format!("no {name}"), forge.claims(json!({ name: null }))));
            let mut bad = vec![json!(true), json!({ "a": 1 }), json!([value]), json!([[value]]), json!([])];
            if value.is_number() {
                bad.extend([json!(value.to_string()), json!(""), json!("x".repeat(900))]);
                bad.extend([json!(1.5), json!(-1.5), json!(1e300), json!(-1e300), json!(u64::MAX)]);
            } else {
                bad.extend([json!(1), json!(-1.5)]);
            }
            if ["sub", "sid", "iss", "aud", "role"].contains(&name.as_str()) {
                let text = value.as_str().unwrap();
                bad.extend([json!(""), json!("\0"), json!("x".repeat(900)), json!(format!("{text} "))]);
                bad.extend([json!(text.to_uppercase()), json!(format!("{text}\0")), json!("' OR '1'='1")]);
                // No letters, so that another case is no other text.
                bad.retain(|bad| bad != value);
            }
            forgeries
                .extend(bad.iter().map(|value| (format!("{name} is {value}"), forge.claims(json!({ name: value })))));
            let twice = doubled(&forge.claims, name, "x");
            forgeries.push((format!("{name} twice"), forge.sign_text(&forge.header.to_string(), &twice)));
        }
        for nbf in [json!("0"), json!(0.5), json!([0]), json!(true), json!(u64::MAX)] {
            forgeries.push((format!("nbf is {nbf}"), forge.claims(json!({ "nbf": nbf }))));
        }
        let named: Vec<(&str, String)> = forgeries.iter().map(|(what, token)| (what.as_str(), token.clone())).collect();
        assert!(named.len() > 100, "{}", named.len());
        forge.assert_refused(&named).await;
    }
}

#[async_test]
async fn no_number_is_too_large_or_too_small_to_be_answered() {
    for carrier in Carrier::BOTH {
        let forge = Forge::new(carrier).await;
        for name in ["ver", "iat", "exp", "auth_time", "cap", "nbf"] {
            for number in [i64::MIN, i64::MIN + 1, -1, 0, 1, i64::MAX / 1_000, i64::MAX - 1, i64::MAX] {
                let answer = forge.session_of(&forge.claims(json!({ name: number }))).await;
                assert!([200, 401].contains(&answer.status.code), "{carrier:?}, {name} is {number}: {answer:?}");
                let over = ["exp", "cap"].contains(&name) && number <= 1;
                assert!(!over || answer.status == Status::Unauthorized, "{carrier:?}, {name} is {number}: {answer:?}");
            }
        }
    }
}

#[async_test]
async fn a_token_for_somebody_else_or_from_the_future_is_no_use_here() {
    for carrier in Carrier::BOTH {
        let forge = Forge::new(carrier).await;
        let claim = |name: &str, value: Value| forge.claims(json!({ name: value }));
        let now = forge.app.now().seconds();
        let (iss, aud) = (&forge.claims["iss"], &forge.claims["aud"]);
        let other = if iss == aud { "http://localhost:8000/api" } else { "http://localhost:8000" };
        forge
            .assert_refused(&[
                ("another issuer", claim("iss", json!("https://id.example.com"))),
                ("the issuer with a slash", claim("iss", json!("http://localhost:8000/"))),
                ("the issuer on another port", claim("iss", json!("http://localhost:8001"))),
                ("the issuer in another case", claim("iss", json!("HTTP://LOCALHOST:8000"))),
                ("no issuer at all", claim("iss", json!(""))),
                ("a list of issuers", claim("iss", json!([iss]))),
                ("the audience of the other kind", claim("aud", json!(other))),
                ("another audience", claim("aud", json!("api"))),
                ("other audiences", claim("aud", json!(["api", "https://id.example.com"]))),
                ("the audience, in a list", claim("aud", json!([aud]))),
                ("the audience among others", claim("aud", json!(["api", aud]))),
                ("no audiences", claim("aud", json!([]))),
                ("issued in two minutes", claim("iat", json!(now + 120))),
                ("issued in ages", claim("iat", json!(i64::MAX))),
                ("not good yet", claim("nbf", json!(now + 120))),
                ("never good", claim("nbf", json!(i64::MAX))),
                ("another role", claim("role", json!("root"))),
                ("the role in another case", claim("role", json!("Superuser"))),
            ])
            .await;
    }
}

#[async_test]
async fn a_genuine_token_that_ran_out_is_refused_and_its_holder_told_why() {
    let forge = Forge::new(Carrier::Cookie).await;
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
        let answer = forge.session_of(&forge.claims(claims.clone())).await;
        assert_eq!((answer.status, &answer.json()["reason"]), (Status::Unauthorized, &json!(reason)), "{claims}");
        assert_eq!(answer.headers.get("set-cookie"), None);
    }
    let answer = forge.session_of(&forge.claims(json!({ "exp": now + 1 }))).await;
    assert_eq!(answer.json()["expires_at"], Timestamp::from_seconds(now + 600).rfc3339());
}

#[async_test]
async fn a_text_that_is_not_exactly_a_token_is_none() {
    for carrier in Carrier::BOTH {
        let forge = Forge::new(carrier).await;
        let parts: Vec<&str> = forge.token.split('.').collect();
        let [header, claims, signature] = parts[..] else { panic!("{}", forge.token) };
        let spaced = |space: &str| format!("{}{space}", forge.token);
        let mut forgeries = vec![
            ("a word", "x".into()),
            ("dots", "..".into()),
            ("two parts", format!("{header}.{claims}")),
            ("no header", format!(".{claims}.{signature}")),
            ("no claims", format!("{header}..{signature}")),
            ("doubled dots", format!("{header}..{claims}.{signature}")),
            ("doubled last dots", format!("{header}.{claims}..{signature}")),
            ("a dot at the end", format!("{}.", forge.token)),
            ("a dot at the beginning", format!(".{}", forge.token)),
            ("four parts", format!("{}.{signature}", forge.token)),
            ("five parts", format!("{header}.x.x.{claims}.{signature}")),
            ("padding", format!("{}=", forge.token)),
            ("more padding", format!("{}==", forge.token)),
            ("encoded padding", format!("{}%3D", forge.token)),
            ("padding of the header", format!("{header}=.{claims}.{signature}")),
            ("padding of the claims", format!("{header}.{claims}==.{signature}")),
            ("quotes", format!("\"{}\"", forge.token)),
            ("a percent sign", format!("{header}.{claims}.%{signature}")),
            ("encoded dots", format!("{header}%2E{claims}%2E{signature}")),
            ("the token twice", format!("{0}{0}", forge.token)),
            ("the token twice, with a comma", format!("{0},{0}", forge.token)),
            ("the standard alphabet", format!("{header}.{claims}.+/{}", &signature[2..])),
            ("the case of the header", format!("{}.{claims}.{signature}", flipped(header))),
            ("the case of the claims", format!("{header}.{}.{signature}", flipped(claims))),
            ("the case of the signature", format!("{header}.{claims}.{}", flipped(signature))),
            ("the parts in another order", format!("{claims}.{header}.{signature}")),
            ("a space within", format!("{header}. {claims}.{signature}")),
            ("a line end within", format!("{header}.{claims}\r\n.{signature}")),
            ("a tab within", format!("{header}.{claims}.\t{signature}")),
            ("a NUL at the end", format!("{}\0", forge.token)),
            ("a no-break space at the end", spaced("\u{a0}")),
            ("a no-break space at the beginning", format!("\u{a0}{}", forge.token)),
            ("a wide space at the end", spaced("\u{2003}")),
            ("a line separator at the end", spaced("\u{2028}")),
            ("a next line at the end", spaced("\u{85}")),
            ("a vertical tab at the end", spaced("\u{b}")),
            ("claims that are a list", forge.sign(&forge.header, &json!([forge.claims]))),
            ("claims that are null", forge.sign(&forge.header, &Value::Null)),
            ("claims that are no JSON", forge.sign_text(&forge.header.to_string(), "exp")),
            ("claims with something behind", forge.sign_text(&forge.header.to_string(), &format!("{}x", forge.claims))),
            ("claims as deep as a well", forge.sign_text(&forge.header.to_string(), &"[".repeat(1_000))),
            ("a header that is a list", forge.sign(&json!([forge.header]), &forge.claims)),
            (
                "a header with something behind",
                forge.sign_text(&format!("{}x", forge.header), &forge.claims.to_string()),
            ),
            ("an over-long token", forge.claims(json!({ "more": "x".repeat(1_500) }))),
            ("a token of a hundred kilobytes", forge.claims(json!({ "more": "x".repeat(100_000) }))),
        ];
        forgeries.extend((1..forge.token.len()).map(|length| ("cut short", forge.token[..length].to_owned())));
        forgeries.extend((1..forge.token.len()).map(|start| ("cut at the front", forge.token[start..].to_owned())));
        forge.assert_refused(&forgeries).await;
    }
}

#[async_test]
async fn no_changed_bit_goes_unnoticed() {
    for carrier in Carrier::BOTH {
        let forge = Forge::new(carrier).await;
        let rows = forge.rows().await;
        for place in 0..forge.token.len() {
            for bit in 0..7 {
                let mut forged = forge.token.clone().into_bytes();
                forged[place] ^= 1 << bit;
                let forged = String::from_utf8(forged).unwrap();
                let answer = forge.session_of(&forged).await;
                assert_eq!(answer.status, Status::Unauthorized, "{carrier:?}, bit {bit} of letter {place}: {forged}");
                assert_eq!((&answer.json()["reason"], answer.headers.get("set-cookie")), (&Value::Null, None));
            }
        }
        assert_eq!(forge.rows().await, rows);
    }
}

#[async_test]
async fn a_token_of_another_instance_is_refused() {
    for carrier in Carrier::BOTH {
        let (forge, other) = (Forge::new(carrier).await, Forge::new(carrier).await);
        forge.assert_refused(&[("another instance's", other.token.clone())]).await;
        // Nor does its key under our key's name.
        forge.assert_refused(&[("another key", other.sign(&forge.header, &forge.claims))]).await;
    }
}

#[async_test]
async fn a_token_in_the_place_of_a_refresh_token_refreshes_nothing() {
    let forge = Forge::new(Carrier::Cookie).await;
    let genuine = forge.refresh.clone();
    let mut forgeries = vec![
        String::new(),
        "nlr_".into(),
        forge.token.clone(),
        forge.other.clone(),
        format!("nlr_{}", forge.token),
        genuine[4..].to_owned(),
        format!("NLR_{}", &genuine[4..]),
        format!("nlr_{genuine}"),
        format!("{genuine}{genuine}"),
        format!("nlr_{}", flipped(&genuine[4..])),
        format!("nlr_{}", URL_SAFE_NO_PAD.encode([0; 88])),
        format!("nlr_{}", URL_SAFE_NO_PAD.encode([0xff; 88])),
        "x".repeat(10_000),
    ];
    for space in ["=", "==", " ", "\t", "\n", "\u{a0}", "\u{2003}", ".", "A"] {
        forgeries.extend([
            format!("{genuine}{space}"),
            format!("{space}{genuine}"),
            format!("nlr_{space}{}", &genuine[4..]),
        ]);
    }
    forgeries.extend((1..genuine.len()).map(|length| genuine[..length].to_owned()));
    for place in 0..genuine.len() {
        for bit in 0..7 {
            let mut forged = genuine.clone().into_bytes();
            forged[place] ^= 1 << bit;
            forgeries.push(String::from_utf8(forged).unwrap());
        }
    }
    // What holds a NUL is no text to begin with.
    forgeries.retain(|forged| !forged.contains('\0'));
    let (rows, lines) = (forge.rows().await, Lines::default());
    for path in ["/api/auth/token/refresh", "/api/auth/logout"] {
        let garbage = refusal(&forge.app, path, "garbage").await;
        for forged in &forgeries {
            let answer = refusal(&forge.app, path, forged).with_subscriber(Registry::default().with(lines.clone()));
            assert_eq!(answer.await, garbage, "{path}: {forged:?}");
        }
    }
    lines.assert_only("refused a refresh token that is none of ours", forgeries.iter());
    assert_eq!(forge.rows().await, rows);
    let answer = forge.app.call("/api/auth/token/refresh", json!({ "refresh_token": genuine })).await;
    assert_eq!(answer.status, Status::Ok, "the genuine one is as good as before");
}

async fn refusal(app: &TestApp, path: &str, token: &str) -> String {
    let answer = app.call(path, json!({ "refresh_token": token })).await;
    assert_eq!((answer.status, answer.headers.get("set-cookie")), (Status::Unauthorized, None), "{token:?}");
    answer.outline("(nothing)")
}

#[async_test]
async fn a_cookie_under_a_name_that_only_looks_like_ours_is_not_ours() {
    let forge = Forge::new(Carrier::Cookie).await;
    // Browsers let any site set these for its siblings: to them the name does not begin with `__Host-`.
    for space in ["\u{a0}", "\u{85}", "\u{2000}", "\u{2003}", "\u{2028}", "\u{3000}", "\u{b}", "\u{c}", "\0"] {
        for name in [format!("{space}{SESSION_COOKIE}"), format!("{SESSION_COOKIE}{space}")] {
            let cookie = Header::new("Cookie", format!("{name}={}", forge.token));
            let answer = Answer::of(forge.app.client.get("/api/auth/session").header(cookie).dispatch().await).await;
            assert_eq!((answer.status, answer.headers.get("set-cookie")), (Status::BadRequest, None), "{name:?}");
        }
    }
}

fn flipped(text: &str) -> String {
    let flip = |c: char| if c.is_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
    text.chars().map(flip).collect()
}

/// `object` as text in which `name` comes once more, before the genuine one.
fn doubled(object: &Value, name: &str, value: &str) -> String {
    format!("{{\"{name}\":\"{value}\",{}", &object.to_string()[1..])
}
