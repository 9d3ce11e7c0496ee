//! A form is taken exactly when it is one: each field known and given once, as the standard for forms (WHATWG URL) reads it.
#![no_main]
use libfuzzer_sys::fuzz_target;
use nightlatch::web::input::read;
use serde::Deserialize;
use url::form_urlencoded;

#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
struct Fields {
    email: String,
    password: String,
    next: Option<String>,
}

fuzz_target!(|body: &[u8]| {
    let (taken, expected) = (read::<Fields>(body, true).ok(), expected(body));
    // The standard puts this sign in the place of what is no UTF-8, which is refused here.
    let lossy =
        form_urlencoded::parse(body).any(|(name, value)| name.contains('\u{fffd}') || value.contains('\u{fffd}'));
    assert!(taken == expected || (lossy && taken.is_none()), "{taken:?} was taken for {expected:?}");
    if taken.is_some() {
        for more in [&b"&email=eve"[..], b"&%65mail=eve", b"&role=superuser", b"&next=%00"] {
            assert!(read::<Fields>(&[body, more].concat(), true).is_err(), "one field too many was taken");
        }
    }
});

fn expected(body: &[u8]) -> Option<Fields> {
    let pairs: Vec<(String, String)> = form_urlencoded::parse(body).into_owned().collect();
    let names = ["email", "password", "next"];
    let known = pairs.iter().all(|(name, value)| names.contains(&&**name) && !value.contains('\0'));
    let single = names.iter().all(|name| pairs.iter().filter(|pair| pair.0 == *name).count() < 2);
    let value = |name: &str| pairs.iter().find(|pair| pair.0 == name).map(|pair| pair.1.clone());
    let fields = Fields { email: value("email")?, password: value("password")?, next: value("next") };
    (known && single).then_some(fields)
}
