//! Nobody but us makes a token: of all texts, only the genuine one is taken, to the letter, and only for its own kind.
#![no_main]
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use nightlatch_fuzz::{Kind, NOW, changed};

static KINDS: LazyLock<[(Kind, String); 2]> = LazyLock::new(|| {
    Kind::all().map(|kind| {
        let token = kind.token();
        assert!(kind.jwt().verify(&token, NOW).is_some(), "the genuine one is taken");
        (kind, token)
    })
});

fuzz_target!(|text: &str| {
    let text = changed(&assembled(text));
    for (kind, token) in &*KINDS {
        if kind.jwt().verify(&text, NOW).is_some() {
            assert_eq!(text, *token, "a forged {:?} token was taken", kind.purpose);
        }
    }
});

/// With the parts of the genuine tokens in the place of their names: `{s1}` is the first part of the session's, `{a}` all of the other.
fn assembled(text: &str) -> String {
    let mut text = text.to_owned();
    for ((_, token), name) in KINDS.iter().zip(["s", "a"]) {
        text = text.replace(&format!("{{{name}}}"), token);
        for (part, number) in token.split('.').zip(1..) {
            text = text.replace(&format!("{{{name}{number}}}"), part);
        }
    }
    text
}
