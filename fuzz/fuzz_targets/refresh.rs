//! Of all texts, only what we wrote is read as a refresh token, and it has one spelling.
#![no_main]
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use nightlatch::{
    model::{id::SessionId, refresh::RefreshToken},
    refresh::Refresh,
};
use nightlatch_fuzz::{SECRET, changed};

static REFRESH: LazyLock<Refresh> = LazyLock::new(|| SECRET.refresh());
static GENUINE: LazyLock<[RefreshToken; 2]> = LazyLock::new(|| {
    let first = RefreshToken { session: SessionId::from("b".repeat(32)), counter: 0, secret: [7; 32] };
    let second = REFRESH.successor(&first);
    [first, second]
});

// `{0}` and `{1}` stand for genuine tokens, and the second line for changes.
fuzz_target!(|text: &str| {
    let written = GENUINE.each_ref().map(|token| REFRESH.write(token));
    let text = changed(&text.replace("{0}", &written[0]).replace("{1}", &written[1]));
    if let Some(token) = REFRESH.read(&text) {
        assert!(written.contains(&text), "a forged token was read: {token:?}");
        assert_eq!(REFRESH.write(&token), text);
    }
});
