//! What an account is found by.
use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;

use super::user::User;

/// The longest beginning that is searched for, in characters; no word is longer than an address.
const MAX_LENGTH: usize = 254;

/// The words whose beginnings find `user`: the address and its domain, the username, the name and each word of it.
pub fn words(user: &User) -> BTreeSet<String> {
    let email = user.email.as_str();
    let domain = email.split_once('@').map(|(_, domain)| domain);
    let username = user.username.as_ref().map(|name| name.as_str());
    let name = user.name.split_whitespace();
    let all = [Some(email), domain, username, Some(&user.name)].into_iter().flatten().chain(name);
    all.map(folded).filter(|word| !word.is_empty()).collect()
}

/// What was typed into a search, as the words are kept.
pub fn folded(typed: &str) -> String {
    let folded = typed.trim().nfc().flat_map(char::to_lowercase).nfc();
    folded.take(MAX_LENGTH).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::Timestamp,
        model::{email::Email, id::UserId, user::Role, username::Username},
    };

    #[test]
    fn an_account_is_found_by_every_name_it_has() {
        let now = Timestamp::from_seconds(1_700_000_000);
        let user = User {
            id: UserId::new(now),
            email: Email::parse("ann@Example.com").unwrap(),
            name: "Ann  Łukasz".into(),
            username: Some(Username::parse("ANNIE").unwrap()),
            role: Role::User,
            version: 1,
            locked_at: None,
            email_verified_at: None,
            second_factor_at: None,
            created_at: now,
        };
        let words: Vec<String> = words(&user).into_iter().collect();
        assert_eq!(words, ["ann", "ann  łukasz", "ann@example.com", "annie", "example.com", "łukasz"]);
        assert_eq!(folded(" ŁUK"), "łuk");
    }
}
