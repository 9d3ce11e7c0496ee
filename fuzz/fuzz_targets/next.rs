//! Wherever a sign-in is asked to lead, it leads to this site, as browsers read addresses.
#![no_main]
use libfuzzer_sys::fuzz_target;
use nightlatch::web::next::{HOME, own_path};
use url::Url;

fuzz_target!(|wish: &str| {
    let path = own_path(Some(wish));
    assert!(path == wish || path == HOME);
    assert!(path.bytes().all(|byte| byte.is_ascii_graphic()), "it goes into a header");
    for site in ["https://id.example.com", "http://localhost:8000"] {
        let site = Url::parse(site).unwrap();
        let there = site.join("/signin").unwrap().join(path).expect("browsers follow it");
        assert_eq!(there.origin(), site.origin(), "{path} leads away");
        assert!(there.username().is_empty() && there.password().is_none());
    }
});
