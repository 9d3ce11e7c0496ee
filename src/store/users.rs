//! Accounts.
use sqlx::{Row, any::AnyExecutor, any::AnyRow};

use super::moment;
use crate::{
    clock::Timestamp,
    model::{
        email::Email,
        id::UserId,
        user::{Role, User},
        username::Username,
    },
};

/// Selects whole accounts; what follows says which.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT users.id, email, name, username, role, version, locked_at, email_verified_at, second_factor_at, created_at,
                last_signin_at, password_hash FROM users ",
            $rest
        )
    };
}
pub(super) use select;

/// An account with what superusers see of it.
#[derive(Clone, Debug)]
pub struct Account {
    /// The account.
    pub user: User,
    /// When somebody last signed in to it.
    pub last_signin_at: Option<Timestamp>,
    /// Whether its owner has set a password; without one nobody signs in.
    pub has_password: bool,
}

impl Account {
    /// Its state in one word: `active`, `invited` or `locked`.
    pub fn status(&self) -> &'static str {
        match self {
            Self { user, .. } if user.locked_at.is_some() => "locked",
            Self { has_password: false, .. } => "invited",
            _ => "active",
        }
    }
}

/// The account of `email` with its password hash.
pub async fn by_email(db: impl AnyExecutor<'_>, email: &Email) -> sqlx::Result<Option<(User, Option<String>)>> {
    let row = sqlx::query(select!("WHERE email = $1")).bind(email.as_str()).fetch_optional(db).await?;
    row.map(|row| Ok((user(&row)?, row.try_get("password_hash")?))).transpose()
}

/// The account of `username` with its password hash.
pub async fn by_username(db: impl AnyExecutor<'_>, name: &Username) -> sqlx::Result<Option<(User, Option<String>)>> {
    let row = sqlx::query(select!("WHERE username = $1")).bind(name.as_str()).fetch_optional(db).await?;
    row.map(|row| Ok((user(&row)?, row.try_get("password_hash")?))).transpose()
}

/// The account of `id` with its password hash.
pub async fn with_hash(db: impl AnyExecutor<'_>, id: &UserId) -> sqlx::Result<Option<(User, Option<String>)>> {
    let row = sqlx::query(select!("WHERE users.id = $1")).bind(id.as_str()).fetch_optional(db).await?;
    row.map(|row| Ok((user(&row)?, row.try_get("password_hash")?))).transpose()
}

/// The account of `id`.
pub async fn by_id(db: impl AnyExecutor<'_>, id: &UserId) -> sqlx::Result<Option<User>> {
    Ok(account_of(db, id).await?.map(|account| account.user))
}

/// The account of `id` with what superusers see of it.
pub async fn account_of(db: impl AnyExecutor<'_>, id: &UserId) -> sqlx::Result<Option<Account>> {
    let row = sqlx::query(select!("WHERE users.id = $1")).bind(id.as_str()).fetch_optional(db).await?;
    row.as_ref().map(account).transpose()
}

/// Adds an account; false, and nothing written, when another has its address or username.
pub async fn insert(db: impl AnyExecutor<'_>, user: &User, password_hash: Option<&str>) -> sqlx::Result<bool> {
    let sql =
        "INSERT INTO users (id, email, name, username, role, password_hash, version, email_verified_at, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING";
    let done = sqlx::query(sql)
        .bind(user.id.as_str())
        .bind(user.email.as_str())
        .bind(&user.name)
        .bind(user.username.as_ref().map(Username::as_str))
        .bind(user.role.as_str())
        .bind(password_hash)
        .bind(user.version)
        .bind(user.email_verified_at.map(Timestamp::millis))
        .bind(user.created_at.millis())
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Whether `id` is a superuser who can sign in, and no other is. Good to the end of the transaction that took the roster.
pub async fn is_last_superuser(db: impl AnyExecutor<'_>, id: &UserId) -> sqlx::Result<bool> {
    let sql = "SELECT COUNT(*), COUNT(CASE WHEN id = $1 THEN 1 END) FROM users
        WHERE role = 'superuser' AND locked_at IS NULL";
    let (all, this): (i64, i64) = sqlx::query_as(sql).bind(id.as_str()).fetch_one(db).await?;
    Ok(all == 1 && this == 1)
}

/// Whether there is a superuser who is not locked.
pub async fn has_superuser(db: impl AnyExecutor<'_>) -> sqlx::Result<bool> {
    let sql = "SELECT COUNT(*) FROM users WHERE role = 'superuser' AND locked_at IS NULL";
    Ok(sqlx::query_scalar::<_, i64>(sql).fetch_one(db).await? > 0)
}

/// Gives an account whose row is locked another role.
pub async fn set_role(db: impl AnyExecutor<'_>, id: &UserId, role: Role) -> sqlx::Result<()> {
    let sql = "UPDATE users SET role = $1, version = version + 1 WHERE id = $2";
    sqlx::query(sql).bind(role.as_str()).bind(id.as_str()).execute(db).await?;
    Ok(())
}

/// Locks an account against sign-in since `at`, or opens it again with `None`.
pub async fn set_locked(db: impl AnyExecutor<'_>, id: &UserId, at: Option<Timestamp>) -> sqlx::Result<()> {
    let sql = "UPDATE users SET locked_at = $1, version = version + 1 WHERE id = $2";
    sqlx::query(sql).bind(at.map(Timestamp::millis)).bind(id.as_str()).execute(db).await?;
    Ok(())
}

/// Keeps `password_hash`, made of the password just verified, and notes a sign-in unless the second factor is still to come. False when the account was locked, deleted or given
/// another password or version since it was read: the row is locked from here on, so nothing can come between this and the session.
pub async fn note_signin(
    db: impl AnyExecutor<'_>,
    user: &User,
    verified_hash: &str,
    password_hash: &str,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let sql = "UPDATE users SET password_hash = $2,
            last_signin_at = CASE WHEN second_factor_at IS NULL THEN $1 ELSE last_signin_at END
        WHERE id = $3 AND version = $4 AND password_hash = $5 AND locked_at IS NULL";
    let done = sqlx::query(sql)
        .bind(now.millis())
        .bind(password_hash)
        .bind(user.id.as_str())
        .bind(user.version)
        .bind(verified_hash)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Notes a sign-in to an account whose row is locked.
pub async fn note_second_factor(db: impl AnyExecutor<'_>, id: &UserId, now: Timestamp) -> sqlx::Result<()> {
    let sql = "UPDATE users SET last_signin_at = $1 WHERE id = $2";
    sqlx::query(sql).bind(now.millis()).bind(id.as_str()).execute(db).await?;
    Ok(())
}

/// Has signing in to an account whose row is locked ask for a second factor since `at`, or for none with `None`.
pub async fn set_second_factor(db: impl AnyExecutor<'_>, id: &UserId, at: Option<Timestamp>) -> sqlx::Result<()> {
    let sql = "UPDATE users SET second_factor_at = $1, version = version + 1 WHERE id = $2";
    sqlx::query(sql).bind(at.map(Timestamp::millis)).bind(id.as_str()).execute(db).await?;
    Ok(())
}

/// The superusers without a second factor.
pub async fn superusers_with_one_factor(db: impl AnyExecutor<'_>) -> sqlx::Result<Vec<UserId>> {
    let sql = "SELECT id FROM users WHERE role = 'superuser' AND second_factor_at IS NULL ORDER BY id";
    Ok(sqlx::query_scalar::<_, String>(sql).fetch_all(db).await?.into_iter().map(UserId::from).collect())
}

/// Locks the account's row to the end of the transaction. Whoever also locks rows about the account locks this one first, or two
/// transactions could wait for each other for ever.
pub async fn lock(db: impl AnyExecutor<'_>, id: &UserId) -> sqlx::Result<()> {
    sqlx::query("UPDATE users SET version = version WHERE id = $1").bind(id.as_str()).execute(db).await?;
    Ok(())
}

/// Locks the account's row; false when it is gone or locked, or has another version than `user` or another password than the one behind
/// `hash`.
pub async fn lock_unchanged(db: impl AnyExecutor<'_>, user: &User, hash: &str) -> sqlx::Result<bool> {
    let sql = "UPDATE users SET version = version
        WHERE id = $1 AND password_hash = $2 AND version = $3 AND locked_at IS NULL";
    let query = sqlx::query(sql).bind(user.id.as_str()).bind(hash).bind(user.version);
    Ok(query.execute(db).await?.rows_affected() == 1)
}

/// Gives an account another name.
pub async fn rename(db: impl AnyExecutor<'_>, id: &UserId, name: &str) -> sqlx::Result<()> {
    sqlx::query("UPDATE users SET name = $1 WHERE id = $2").bind(name).bind(id.as_str()).execute(db).await?;
    Ok(())
}

/// Sets a new password of an account whose row is locked.
pub async fn set_password(db: impl AnyExecutor<'_>, id: &UserId, hash: &str) -> sqlx::Result<()> {
    sqlx::query("UPDATE users SET password_hash = $1 WHERE id = $2").bind(hash).bind(id.as_str()).execute(db).await?;
    Ok(())
}

/// Sets a proven address; false, and nothing written, when another account has it.
pub async fn set_email(db: impl AnyExecutor<'_>, id: &UserId, email: &Email, now: Timestamp) -> sqlx::Result<bool> {
    let sql = "UPDATE users SET email = $1, email_verified_at = $2
        WHERE id = $3 AND NOT EXISTS (SELECT 1 FROM users WHERE email = $1 AND id <> $3)";
    let query = sqlx::query(sql).bind(email.as_str()).bind(now.millis()).bind(id.as_str());
    match query.execute(db).await {
        Ok(done) => Ok(done.rows_affected() == 1),
        // Somebody took it between the look and the write; on PostgreSQL the transaction is over with that.
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(false),
        Err(error) => Err(error),
    }
}

/// Deletes an account with its sessions and requests.
pub async fn delete(db: impl AnyExecutor<'_>, id: &UserId) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM users WHERE id = $1").bind(id.as_str()).execute(db).await?;
    Ok(())
}

/// Sets a new password by a code that reached `email`: the address is proven, and the version ends every older session.
/// False when the account no longer has that address.
pub async fn reset_password(
    db: impl AnyExecutor<'_>,
    id: &UserId,
    email: &Email,
    password_hash: &str,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let sql = "UPDATE users SET password_hash = $1, version = version + 1, email_verified_at = COALESCE(email_verified_at, $2)
        WHERE id = $3 AND email = $4";
    let done = sqlx::query(sql)
        .bind(password_hash)
        .bind(now.millis())
        .bind(id.as_str())
        .bind(email.as_str())
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) fn account(row: &AnyRow) -> sqlx::Result<Account> {
    Ok(Account {
        user: user(row)?,
        last_signin_at: moment(row, "last_signin_at")?,
        has_password: row.try_get::<Option<String>, _>("password_hash")?.is_some(),
    })
}

pub(super) fn user(row: &AnyRow) -> sqlx::Result<User> {
    Ok(User {
        id: UserId::from(row.try_get::<String, _>("id")?),
        email: Email::stored(row.try_get("email")?),
        name: row.try_get("name")?,
        username: row.try_get::<Option<String>, _>("username")?.map(Username::stored),
        role: Role::stored(row.try_get::<String, _>("role")?.as_str()),
        version: row.try_get("version")?,
        locked_at: moment(row, "locked_at")?,
        email_verified_at: moment(row, "email_verified_at")?,
        second_factor_at: moment(row, "second_factor_at")?,
        created_at: Timestamp::from_millis(row.try_get("created_at")?),
    })
}
