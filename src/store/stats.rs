//! How many there are of what a site has.
use sqlx::any::AnyExecutor;

/// How many accounts are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccountCounts {
    /// All of them.
    pub all: i64,
    /// Their owners have not set a password yet.
    pub invited: i64,
    /// Nobody may sign in to them.
    pub locked: i64,
    /// They look after the others.
    pub superusers: i64,
}

impl AccountCounts {
    /// Those whose owners can sign in.
    pub fn active(&self) -> i64 {
        self.all - self.invited - self.locked
    }
}

/// Counts the accounts. Reads an index for each state, and one of all accounts.
pub async fn accounts(db: impl AnyExecutor<'_>) -> sqlx::Result<AccountCounts> {
    let sql = "SELECT (SELECT COUNT(*) FROM users),
        (SELECT COUNT(*) FROM users WHERE password_hash IS NULL AND locked_at IS NULL),
        (SELECT COUNT(*) FROM users WHERE locked_at IS NOT NULL),
        (SELECT COUNT(*) FROM users WHERE role = 'superuser')";
    let (all, invited, locked, superusers) = sqlx::query_as(sql).fetch_one(db).await?;
    Ok(AccountCounts { all, invited, locked, superusers })
}
