//! Names of mailboxes as IMAP writes them.
use base64::{
    Engine,
    alphabet::IMAP_MUTF7,
    engine::{GeneralPurpose, general_purpose::NO_PAD},
};

/// `name` in modified UTF-7 (RFC 3501, 5.1.3), the only one that every server knows.
pub fn mailbox_name(name: &str) -> String {
    let base64 = GeneralPurpose::new(&IMAP_MUTF7, NO_PAD);
    let (mut written, mut waiting) = (String::new(), Vec::new());
    for c in name.chars().map(Some).chain([None]) {
        match c {
            Some(c) if !(' '..='~').contains(&c) => {
                waiting.extend(c.encode_utf16(&mut [0; 2]).iter().flat_map(|unit| unit.to_be_bytes()));
            }
            _ => {
                if !waiting.is_empty() {
                    written.extend(["&", &base64.encode(&waiting), "-"]);
                    waiting.clear();
                }
                match c {
                    Some('&') => written.push_str("&-"),
                    Some(c) => written.push(c),
                    None => {}
                }
            }
        }
    }
    written
}
