//! Lists of accounts for superusers. Each is read by an index from where the page before ended, so that a deep page costs what the first
//! one does.
use sqlx::{Row, any::AnyExecutor};

use super::users::{Account, account, select};

/// The state of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Whichever.
    Any,
    /// Its owner can sign in.
    Active,
    /// Nobody can sign in to it.
    Locked,
    /// Its owner has not set a password yet.
    Invited,
    /// It looks after the others.
    Superuser,
}

/// The order of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// The newest first.
    Newest,
    /// The oldest first.
    Oldest,
    /// By address, byte by byte.
    Address,
}

/// Where the page before ended.
pub enum After {
    /// There was none.
    Nothing,
    /// At an account made then, with this id.
    Moment(i64, String),
    /// At this address.
    Address(String),
}

/// An account with the word it was found by.
pub struct Found {
    /// The account.
    pub account: Account,
    /// The first word of it with the beginning that was looked for.
    pub word: String,
}

macro_rules! by_status {
    ($status:expr, $sql:ident) => {
        match $status {
            Status::Any => $sql!("1 = 1"),
            Status::Active => $sql!("locked_at IS NULL AND password_hash IS NOT NULL"),
            Status::Locked => $sql!("locked_at IS NOT NULL"),
            Status::Invited => $sql!("password_hash IS NULL"),
            Status::Superuser => $sql!("role = 'superuser'"),
        }
    };
}

macro_rules! newest {
    ($status:literal) => {
        concat!(
            select!("WHERE "),
            $status,
            " AND (created_at, users.id) < ($1, $2) ORDER BY created_at DESC, users.id DESC LIMIT $3"
        )
    };
}

macro_rules! oldest {
    ($status:literal) => {
        concat!(
            select!("WHERE "),
            $status,
            " AND (created_at, users.id) > ($1, $2) ORDER BY created_at, users.id LIMIT $3"
        )
    };
}

macro_rules! by_address {
    ($status:literal) => {
        concat!(select!("WHERE "), $status, " AND email > $1 ORDER BY email LIMIT $2")
    };
}

macro_rules! by_word {
    ($status:literal) => {
        concat!(
            "SELECT found.word, users.id, email, name, username, role, version, locked_at, email_verified_at,
                second_factor_at, created_at,
                last_signin_at, password_hash
            FROM user_words AS found JOIN users ON users.id = found.user_id
            WHERE found.word >= $1 AND found.word < $2 AND (found.word, found.user_id) > ($3, $4)
                AND NOT EXISTS (SELECT 1 FROM user_words AS sooner
                    WHERE sooner.user_id = found.user_id AND sooner.word >= $1 AND sooner.word < found.word)
                AND ",
            $status,
            " ORDER BY found.word, found.user_id LIMIT $5"
        )
    };
}

/// Up to `limit` accounts in the order of `sort`.
pub async fn list(
    db: impl AnyExecutor<'_>,
    status: Status,
    sort: Sort,
    after: &After,
    limit: i64,
) -> sqlx::Result<Vec<Account>> {
    if sort == Sort::Address {
        let after = if let After::Address(after) = after { after } else { "" };
        let query = sqlx::query(by_status!(status, by_address)).bind(after).bind(limit);
        return query.fetch_all(db).await?.iter().map(account).collect();
    }
    let (sql, beginning) = match sort {
        Sort::Oldest => (by_status!(status, oldest), (i64::MIN, "")),
        // Every id is hexadecimal, and so before a `z` in every collation.
        _ => (by_status!(status, newest), (i64::MAX, "z")),
    };
    let (at, id) = if let After::Moment(at, id) = after { (*at, id.as_str()) } else { beginning };
    sqlx::query(sql).bind(at).bind(id).bind(limit).fetch_all(db).await?.iter().map(account).collect()
}

/// An account with the hash of its password.
pub struct Kept {
    /// The account.
    pub account: Account,
    /// As it is stored.
    pub password_hash: Option<String>,
}

/// Up to `limit` accounts with their hashes, the oldest first, from after the one made then with this id on.
pub async fn kept(db: impl AnyExecutor<'_>, after: (i64, &str), limit: i64) -> sqlx::Result<Vec<Kept>> {
    let rows = sqlx::query(oldest!("1 = 1")).bind(after.0).bind(after.1).bind(limit).fetch_all(db).await?;
    rows.iter().map(|row| Ok(Kept { account: account(row)?, password_hash: row.try_get("password_hash")? })).collect()
}

/// Up to `limit` accounts with a word that begins with `prefix`, each once, in the order of the words and from after the word and id
/// `after` on.
pub async fn search(
    db: impl AnyExecutor<'_>,
    prefix: &str,
    status: Status,
    after: &(String, String),
    limit: i64,
) -> sqlx::Result<Vec<Found>> {
    // Words are compared byte by byte, and no character has higher bytes than this one.
    let end = format!("{prefix}\u{10FFFF}");
    let query =
        sqlx::query(by_status!(status, by_word)).bind(prefix).bind(end).bind(&after.0).bind(&after.1).bind(limit);
    let rows = query.fetch_all(db).await?;
    rows.iter().map(|row| Ok(Found { account: account(row)?, word: row.try_get("word")? })).collect()
}
