//! Accounts on the terminal, and as JSON for scripts.
use comfy_table::{Table, presets};
use serde_json::json;

use crate::{accounts::admin::Account, clock::Timestamp};

/// One account: as JSON on one line, or in words.
pub fn one(account: &Account, as_json: bool) {
    if as_json {
        say!("{}", object(account));
        return;
    }
    let user = &account.user;
    let mut table = plain();
    table.add_row(["id", user.id.as_str()]);
    table.add_row(["address", user.email.real().unwrap_or("none")]);
    table.add_row(["proven", if user.email_verified_at.is_some() { "yes" } else { "no" }]);
    table.add_row(["name", &user.name]);
    table.add_row(["username", user.username.as_ref().map_or("", |name| name.as_str())]);
    table.add_row(["role", user.role.as_str()]);
    table.add_row(["second factor", if user.second_factor_at.is_some() { "yes" } else { "no" }]);
    table.add_row(["state", account.status()]);
    table.add_row(["made", &user.created_at.to_string()]);
    table.add_row(["last sign-in", &account.last_signin_at.map_or_else(String::new, |at| at.to_string())]);
    say!("{table}");
}

/// Accounts for people.
pub fn table(accounts: &[Account]) {
    let mut table = plain();
    table.set_header(["ADDRESS", "NAME", "USERNAME", "ROLE", "STATE", "MADE", "LAST SIGN-IN"]);
    for account in accounts {
        let user = &account.user;
        table.add_row([
            user.email.real().unwrap_or_default(),
            &user.name,
            user.username.as_ref().map_or("", |name| name.as_str()),
            user.role.as_str(),
            account.status(),
            &user.created_at.to_string(),
            &account.last_signin_at.map_or_else(|| "never".to_owned(), |at| at.to_string()),
        ]);
    }
    say!("{table}");
}

fn plain() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table
}

fn object(account: &Account) -> serde_json::Value {
    let user = &account.user;
    json!({
        "id": user.id,
        "email": user.email.real(),
        "name": user.name,
        "username": user.username.as_ref().map(|name| name.as_str()),
        "role": user.role,
        "status": account.status(),
        "email_verified": user.email_verified_at.is_some(),
        "second_factor_at": user.second_factor_at.map(Timestamp::rfc3339),
        "created_at": user.created_at.rfc3339(),
        "locked_at": user.locked_at.map(Timestamp::rfc3339),
        "last_signin_at": account.last_signin_at.map(Timestamp::rfc3339),
    })
}
