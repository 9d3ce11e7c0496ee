//! One mailbox has one spelling, and what is taken for an address is one to the library that sends the letters.
#![no_main]
use lettre::Address;
use libfuzzer_sys::fuzz_target;
use nightlatch::model::email::{Email, MAX_LENGTH};

fuzz_target!(|typed: &str| {
    let Ok(email) = Email::parse(typed) else { return };
    let address = email.as_str();
    assert!(address.len() <= MAX_LENGTH);
    assert!(address.bytes().all(|byte| byte.is_ascii_graphic() && !byte.is_ascii_uppercase()), "{address:?}");
    assert!(
        !address.contains(['<', '>', ',', ';', ':', '"', '(', ')', '\\']),
        "{address:?} could be read as more than one"
    );
    for again in [address.to_owned(), format!(" {address}\n"), typed.to_ascii_uppercase(), address.to_ascii_uppercase()]
    {
        assert_eq!(Email::parse(&again).as_ref(), Ok(&email), "{again:?}");
    }
    let sent: Address = address.parse().expect("no letter could be sent to it");
    assert_eq!(sent.to_string(), address);
    assert_eq!(sent.user(), email.local_part());
});
