//! The pool: what its callers may do without harm to each other, and how long they wait for a database that is silent.
use std::time::Duration;

use nightlatch::{accounts::Internal, db::Pool};
use rocket::async_test;

use crate::support::{TestApp, dies_after};

const COUNT_ON: &str = "UPDATE feed SET number = number + 1";

/// What `count` says of it.
const NUMBER: &str = "SELECT number FROM feed";

#[async_test]
async fn a_transaction_whose_caller_goes_away_while_it_begins_is_not_left_open_for_the_next() {
    let app = TestApp::new().await;
    let pool = Pool::connect(&app.database_url, 1).await.unwrap();
    for waits in 0..20 {
        dies_after(waits, pool.begin()).await;
        // The only connection; were the transaction still open, nobody else would see this.
        sqlx::query(COUNT_ON).execute(&*pool).await.unwrap();
        assert_eq!(app.count(NUMBER).await, waits as i64 + 1);
    }
    pool.close().await;
}

#[async_test]
async fn a_transaction_whose_caller_goes_away_at_any_moment_is_kept_whole_or_not_at_all() {
    let app = TestApp::new().await;
    let pool = Pool::connect(&app.database_url, 1).await.unwrap();
    let (mut kept, mut lost) = (0, 0);
    for waits in 0..40 {
        let act = async {
            let mut tx = pool.begin().await.unwrap();
            for _ in 0..2 {
                sqlx::query(COUNT_ON).execute(&mut *tx).await.unwrap();
            }
            tx.commit().await.unwrap();
        };
        let before = app.count(NUMBER).await;
        let answered = dies_after(waits, act).await;
        // Waits for the only connection, and so for what becomes of it.
        sqlx::query(COUNT_ON).execute(&*pool).await.unwrap();
        let added = app.count(NUMBER).await - before - 1;
        assert!(added == 2 || (added == 0 && !answered), "{added} after {waits} waits");
        kept += i64::from(added == 2);
        lost += i64::from(added == 0);
    }
    assert!(kept > 0 && lost > 0, "{kept} kept, {lost} lost: too few waits to say anything");
    pool.close().await;
}

#[async_test]
async fn a_connection_that_does_not_answer_in_time_ends_and_leaves_room_for_another() {
    let app = TestApp::new().await;
    let (others, pool) =
        (Pool::connect(&app.database_url, 1).await.unwrap(), Pool::connect(&app.database_url, 1).await.unwrap());
    let mut held = others.begin().await.unwrap();
    sqlx::query(COUNT_ON).execute(&mut *held).await.unwrap();

    let hasty = pool.with_patience(Duration::from_millis(100));
    let silent = Internal::from(sqlx::query(COUNT_ON).execute(&*hasty).await.unwrap_err());
    assert!(silent.is_outage());
    assert_eq!(silent.to_string(), "error communicating with database: the database did not answer in time");
    assert_eq!(pool.size(), 0);
    held.rollback().await.unwrap();

    let mut tx = pool.begin().await.unwrap();
    let number: i64 = sqlx::query_scalar(NUMBER).fetch_one(&mut *tx).await.unwrap();
    sqlx::query(COUNT_ON).execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    // What was given up may still be done, as with any statement whose answer is lost: SQLite waits for its lock in a thread of its own.
    assert!([1, 2].contains(&(app.count(NUMBER).await - number)));
}

#[async_test]
async fn what_a_transaction_did_is_undone_when_it_is_not_answered_in_time() {
    let app = TestApp::new().await;
    let (others, pool) =
        (Pool::connect(&app.database_url, 1).await.unwrap(), Pool::connect(&app.database_url, 1).await.unwrap());
    let mut held = others.begin().await.unwrap();
    sqlx::query("UPDATE chain SET number = number").execute(&mut *held).await.unwrap();

    let act = async {
        // SQLite has one writer: there it is this that waits.
        let mut tx = pool.with_patience(Duration::from_millis(100)).begin().await?;
        sqlx::query(COUNT_ON).execute(&mut *tx).await?;
        let waits = sqlx::query("UPDATE chain SET number = number").execute(&mut *tx).await;
        // Whoever goes on all the same gets nowhere.
        sqlx::query(COUNT_ON).execute(&mut *tx).await.unwrap_err();
        tx.commit().await.unwrap_err();
        waits
    };
    let silent = Internal::from(act.await.unwrap_err());
    assert!(silent.is_outage(), "{silent}");
    held.commit().await.unwrap();
    sqlx::query(COUNT_ON).execute(&*pool).await.unwrap();
    assert_eq!(app.count(NUMBER).await, 1);
}

#[async_test]
async fn whoever_gets_no_connection_in_time_is_told_so() {
    let app = TestApp::new().await;
    let pool = Pool::connect(&app.database_url, 1).await.unwrap();
    let held = pool.begin().await.unwrap();
    let waits = sqlx::query(COUNT_ON).execute(&*pool.with_patience(Duration::from_millis(100))).await;
    assert!(Internal::from(waits.unwrap_err()).is_outage());
    held.rollback().await.unwrap();
    sqlx::query(COUNT_ON).execute(&*pool).await.unwrap();
}

#[async_test]
async fn sqlite_is_built_so_that_a_statement_keeps_its_plan() {
    let pool = Pool::connect("sqlite::memory:", 1).await.unwrap();
    let kept: i64 =
        sqlx::query_scalar("SELECT sqlite_compileoption_used('ENABLE_QPSG')").fetch_one(&*pool).await.unwrap();
    assert_eq!(kept, 1, "build it where .cargo/config.toml is read");
    pool.close().await;
}
