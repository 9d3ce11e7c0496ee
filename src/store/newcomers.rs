//! Accounts that come many at a time: a few statements for a batch, where one for each would take several times as long.
use sqlx::{AssertSqlSafe, Row, any::AnyRow};

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

/// Rows in one statement. SQLite looks the names of parameters up one after another, so that many take long.
const AT_ONCE: usize = 40;

/// The accounts that have the address, the username or the id of one of `newcomers`; `because` is what stands beside the event of an import.
pub async fn residents(db: &mut Connection, newcomers: &[Newcomer], because: &str) -> sqlx::Result<Vec<Resident>> {
    let mut found = Vec::new();
    for some in newcomers.chunks(AT_ONCE) {
        let list =
            |column: usize| (0..AT_ONCE).map(|row| format!("${}", row * 3 + column)).collect::<Vec<_>>().join(", ");
        // One text for every batch: a shorter one names its last one several times.
        let sql = format!(
            "SELECT id, email, username, name, password_hash, role, version, last_signin_at, second_factor_at,
                (SELECT COUNT(*) FROM events WHERE user_id = users.id AND type = 'user.created' AND data = ${}) AS imports
            FROM users WHERE email IN ({}) OR username IN ({}) OR id IN ({})",
            AT_ONCE * 3 + 1,
            list(1),
            list(2),
            list(3)
        );
        // Planned anew each time: what PostgreSQL plans while the table is empty reads all of it later.
        let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(false);
        for row in 0..AT_ONCE {
            let Newcomer { user, .. } = &some[row.min(some.len() - 1)];
            let username = user.username.as_ref().map(Username::as_str);
            query = query.bind(user.email.as_str()).bind(username).bind(user.id.as_str());
        }
        let rows = query.bind(because).fetch_all(&mut *db).await?;
        found.extend(rows.iter().map(resident).collect::<sqlx::Result<Vec<_>>>()?);
    }
    Ok(found)
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

/// Adds accounts; answers the ids of those that were added, since somebody may have taken a name meanwhile.
pub async fn insert(db: &mut Connection, newcomers: &[&Newcomer]) -> sqlx::Result<Vec<String>> {
    let mut added = Vec::with_capacity(newcomers.len());
    for some in newcomers.chunks(AT_ONCE) {
        let sql = format!(
            "INSERT INTO users (id, email, name, username, role, password_hash, version, locked_at, email_verified_at, created_at,
                last_signin_at) VALUES {} ON CONFLICT DO NOTHING RETURNING id",
            rows(some.len(), 11)
        );
        let mut query = sqlx::query_scalar(AssertSqlSafe(sql));
        for Newcomer { user, password_hash, last_signin_at } in some {
            query = query
                .bind(user.id.as_str())
                .bind(user.email.as_str())
                .bind(&user.name)
                .bind(user.username.as_ref().map(Username::as_str))
                .bind(user.role.as_str())
                .bind(password_hash)
                .bind(user.version)
                .bind(user.locked_at.map(Timestamp::millis))
                .bind(user.email_verified_at.map(Timestamp::millis))
                .bind(user.created_at.millis())
                .bind(last_signin_at.map(Timestamp::millis));
        }
        added.extend(query.fetch_all(&mut *db).await?);
    }
    Ok(added)
}

/// Writes down what new accounts are found by: id and word of each.
pub async fn index(db: &mut Connection, words: &[(&UserId, String)]) -> sqlx::Result<()> {
    for some in words.chunks(AT_ONCE * 4) {
        let sql = format!("INSERT INTO user_words (user_id, word) VALUES {}", rows(some.len(), 2));
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for (id, word) in some {
            query = query.bind(id.as_str()).bind(word);
        }
        query.execute(&mut *db).await?;
    }
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
    for some in users.chunks(AT_ONCE * 4) {
        // The first six are the same for all.
        let row = |place: usize| format!("(${}, $1, ${}, $2, $3, $4, $5, $6, 0)", 7 + place * 2, 8 + place * 2);
        let sql = format!(
            "INSERT INTO events (id, type, user_id, ip, user_agent, data, created_at, publish_after, publish_attempts) VALUES {}",
            (0..some.len()).map(row).collect::<Vec<_>>().join(", ")
        );
        let mut query = sqlx::query(AssertSqlSafe(sql))
            .bind(kind.as_str())
            .bind(client.ip.as_deref())
            .bind(client.user_agent.as_deref())
            .bind(data)
            .bind(now.millis())
            .bind(publish.then_some(now.millis()));
        for id in some {
            query = query.bind(row_id(now)).bind(id.as_str());
        }
        query.execute(&mut *db).await?;
    }
    Ok(())
}

/// Gives an account another name and hash, as long as it is untouched (see [`Resident`]); else false.
pub async fn update(db: &mut Connection, id: &str, name: &str, password_hash: Option<&str>) -> sqlx::Result<bool> {
    let sql = "UPDATE users SET name = $2, password_hash = $3
        WHERE id = $1 AND last_signin_at IS NULL AND second_factor_at IS NULL AND version = 1 AND role = 'user'";
    let done = sqlx::query(sql).bind(id).bind(name).bind(password_hash).execute(db).await?;
    Ok(done.rows_affected() == 1)
}

/// `($1, $2), ($3, $4)`: numbers, and nothing that came from outside.
fn rows(rows: usize, columns: usize) -> String {
    let row =
        |row: usize| (1..=columns).map(|column| format!("${}", row * columns + column)).collect::<Vec<_>>().join(", ");
    (0..rows).map(|number| format!("({})", row(number))).collect::<Vec<_>>().join(", ")
}
