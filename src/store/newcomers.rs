//! Accounts that come many at a time: a few statements for a batch, where one for each would take several times as long.
use serde_json::{Value, json};
use sqlx::{Row, any::AnyRow};

use super::moment;
use crate::{
    clock::Timestamp,
    db::Connection,
    model::{
        client::Client,
        event::EventKind,
        id::{UserId, row_id},
        user::{Role, User},
        username::Username,
    },
};

/// An account with what is kept beside it.
#[derive(Clone, Debug)]
pub struct Newcomer {
    /// The account.
    pub user: User,
    /// The hash of its password, in whichever format; without one its owner sets a password first.
    pub password_hash: Option<String>,
    /// When somebody last signed in to it, where that was here.
    pub last_signin_at: Option<Timestamp>,
}

/// What is there already under one of the names of a newcomer.
#[derive(Clone, Debug)]
pub struct Resident {
    /// The account.
    pub id: String,
    /// Its address.
    pub email: String,
    /// Its other name.
    pub username: Option<String>,
    /// What its owner is called.
    pub name: String,
    /// The hash of its password.
    pub password_hash: Option<String>,
    /// Whether it is still as an import left it: it came by one, nobody has signed in to it, set its password or secured it, and it may
    /// do no more than everybody.
    pub is_untouched: bool,
}

/// The accounts that have the address, the username or the id of one of `newcomers`; `because` is what stands beside the events of an import.
pub async fn residents(db: &mut Connection, newcomers: &[&Newcomer], because: &str) -> sqlx::Result<Vec<Resident>> {
    // Its events are few. Asked for their type too, SQLite would look through those of this type, of everybody.
    let sql = "SELECT id, email, username, name, password_hash, role, version, last_signin_at, second_factor_at,
            (SELECT COUNT(*) FROM events WHERE user_id = users.id AND data = $2) AS imports
        FROM users WHERE id IN (
            SELECT users.id FROM jsonb_each(jsonb($1)) JOIN users ON email = value ->> 0
            UNION SELECT users.id FROM jsonb_each(jsonb($1)) JOIN users ON username = value ->> 1
            UNION SELECT users.id FROM jsonb_each(jsonb($1)) JOIN users ON users.id = value ->> 2)";
    let names = listed(newcomers.iter().map(|Newcomer { user, .. }| {
        json!([user.email.as_str(), user.username.as_ref().map(Username::as_str), user.id.as_str()])
    }));
    // Planned anew each time: what PostgreSQL plans while the table is empty reads all of it later.
    let rows = sqlx::query(sql).persistent(false).bind(names).bind(because).fetch_all(db).await?;
    rows.iter().map(resident).collect()
}

fn resident(row: &AnyRow) -> sqlx::Result<Resident> {
    let role = Role::stored(row.try_get::<String, _>("role")?.as_str());
    let imported = row.try_get::<i64, _>("imports")? > 0;
    let alone = moment(row, "last_signin_at")?.is_none() && moment(row, "second_factor_at")?.is_none();
    Ok(Resident {
        id: row.try_get("id")?,
        email: row.try_get("email")?,
        username: row.try_get("username")?,
        name: row.try_get("name")?,
        password_hash: row.try_get("password_hash")?,
        is_untouched: imported && alone && role == Role::User && row.try_get::<i64, _>("version")? == 1,
    })
}

/// Adds accounts; answers the ids of those that were added: of the others somebody has a name.
pub async fn insert(db: &mut Connection, newcomers: &[&Newcomer]) -> sqlx::Result<Vec<String>> {
    let sql = "INSERT INTO users (id, email, name, username, role, password_hash, version, locked_at, email_verified_at, created_at,
            last_signin_at)
        SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, CAST(value ->> 6 AS BIGINT),
            CAST(value ->> 7 AS BIGINT), CAST(value ->> 8 AS BIGINT), CAST(value ->> 9 AS BIGINT), CAST(value ->> 10 AS BIGINT)
        FROM jsonb_each(jsonb($1)) WHERE TRUE ON CONFLICT DO NOTHING RETURNING id";
    let rows = listed(newcomers.iter().map(|Newcomer { user, password_hash, last_signin_at }| {
        json!([
            user.id.as_str(),
            user.email.as_str(),
            user.name,
            user.username.as_ref().map(Username::as_str),
            user.role.as_str(),
            password_hash,
            user.version,
            user.locked_at.map(Timestamp::millis),
            user.email_verified_at.map(Timestamp::millis),
            user.created_at.millis(),
            last_signin_at.map(Timestamp::millis),
        ])
    }));
    sqlx::query_scalar(sql).bind(rows).fetch_all(db).await
}

/// Writes down what new accounts are found by: id and word of each.
pub async fn index(db: &mut Connection, words: &[(&UserId, String)]) -> sqlx::Result<()> {
    let sql = "INSERT INTO user_words (user_id, word) SELECT value ->> 0, value ->> 1 FROM jsonb_each(jsonb($1))";
    let rows = listed(words.iter().map(|(id, word)| json!([id.as_str(), word])));
    sqlx::query(sql).bind(rows).execute(db).await?;
    Ok(())
}

/// Records one and the same about each of `users`, by `client`, as [`super::events::insert`] does for one.
pub async fn record(
    db: &mut Connection,
    kind: EventKind,
    users: &[&UserId],
    (client, data): (&Client, &str),
    publish: bool,
    now: Timestamp,
) -> sqlx::Result<()> {
    let sql =
        "INSERT INTO events (id, type, user_id, ip, user_agent, data, created_at, publish_after, publish_attempts)
        SELECT value ->> 0, $2, value ->> 1, $3, $4, $5, $6, $7, 0 FROM jsonb_each(jsonb($1))";
    sqlx::query(sql)
        .bind(listed(users.iter().map(|id| json!([row_id(now), id.as_str()]))))
        .bind(kind.as_str())
        .bind(client.ip.as_deref())
        .bind(client.user_agent.as_deref())
        .bind(data)
        .bind(now.millis())
        .bind(publish.then_some(now.millis()))
        .execute(db)
        .await?;
    Ok(())
}

/// Gives an account another name and hash, as long as it is untouched (see [`Resident`]); else false.
pub async fn update(db: &mut Connection, id: &str, name: &str, password_hash: Option<&str>) -> sqlx::Result<bool> {
    let sql = "UPDATE users SET name = $2, password_hash = $3
        WHERE id = $1 AND last_signin_at IS NULL AND second_factor_at IS NULL AND version = 1 AND role = 'user'";
    let done = sqlx::query(sql).bind(id).bind(name).bind(password_hash).execute(db).await?;
    Ok(done.rows_affected() == 1)
}

/// Rows as one parameter, `{"0":[...],"1":[...]}`: both databases have a `jsonb_each` for it, and one statement serves any number of rows.
fn listed(rows: impl Iterator<Item = Value>) -> String {
    let rows: Vec<String> = rows.enumerate().map(|(number, row)| format!("\"{number}\":{row}")).collect();
    format!("{{{}}}", rows.join(","))
}
