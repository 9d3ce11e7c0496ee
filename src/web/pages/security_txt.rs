//! `/.well-known/security.txt`: where people who found a weakness may write (RFC 9116).
use std::time::Duration;

use rocket::{State, get};

use crate::{
    accounts::Accounts,
    web::{Problem, Site},
};

/// The file must not be good for longer than a year, and is made anew for each reader.
const GOOD_FOR: Duration = Duration::from_secs(90 * 24 * 3600);

/// The file, if there is somebody to write to.
#[get("/.well-known/security.txt")]
pub fn show(site: &State<Site>, accounts: &State<Accounts>) -> Result<String, Problem> {
    let contact = site.security_contact.as_ref().ok_or_else(Problem::not_found)?;
    let expires = accounts.now().plus(GOOD_FOR).rfc3339();
    // Of the web's addresses, the field takes https only.
    let canonical =
        if site.local { String::new() } else { format!("Canonical: {}/.well-known/security.txt\n", site.url) };
    Ok(format!("Contact: {contact}\nExpires: {expires}\n{canonical}Preferred-Languages: en\n"))
}
