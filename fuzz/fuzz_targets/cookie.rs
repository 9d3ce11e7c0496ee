//! A cookie of ours is read as such only when nobody can have planted it: what passes, Rocket's own jar reads in the same way.
#![no_main]
use libfuzzer_sys::fuzz_target;
use nightlatch::web::cookies::{named, planted};
use rocket::http::{Cookie, RawStr};

const SITES: [[&str; 3]; 2] = [
    ["__Host-nightlatch", "__Host-nightlatch-flow", "__Host-nightlatch-device"],
    ["nightlatch-8000", "nightlatch-8000-flow", "nightlatch-8000-device"],
];

// Each line is a Cookie header.
fuzz_target!(|text: &str| {
    for own in SITES {
        if planted(text.lines(), own) {
            assert!(is_suspicious(text, own), "an honest browser was refused");
            continue;
        }
        for name in own {
            let jar: Vec<_> = jar(text).filter(|(read, _)| read.eq_ignore_ascii_case(name)).collect();
            assert!(jar.len() < 2, "two cookies pass for {name}: {jar:?}");
            let value = named(text.lines(), name).map(str::trim);
            assert_eq!(value, jar.first().map(|(_, value)| &**value), "two readings of {name}");
        }
    }
});

/// Names as Rocket's jar decodes them, and the values as they came.
fn jar(text: &str) -> impl Iterator<Item = (String, String)> {
    text.lines().flat_map(|line| line.split(';')).filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        let cookie = Cookie::parse_encoded(format!("{name}=")).ok()?;
        Some((cookie.name().to_owned(), value.trim().to_owned()))
    })
}

fn is_suspicious(text: &str, own: [&str; 3]) -> bool {
    RawStr::new(text).percent_decode_lossy().to_ascii_lowercase().contains(&own[0].to_ascii_lowercase())
}
