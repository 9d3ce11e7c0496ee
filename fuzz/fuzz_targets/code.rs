//! A code is eight digits, whatever spaces and dashes stand between them, and nothing else is one.
#![no_main]
use libfuzzer_sys::fuzz_target;
use nightlatch::model::code::Code;

fuzz_target!(|typed: &str| {
    let kept: Vec<char> = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    let is_code = kept.len() == 8 && kept.iter().all(char::is_ascii_digit);
    match Code::parse(typed) {
        Ok(code) => {
            assert!(is_code);
            assert_eq!(code.digits(), kept.iter().collect::<String>());
            assert!(Code::parse(&code.spaced()) == Ok(code));
        }
        Err(_) => assert!(!is_code),
    }
});
