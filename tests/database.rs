//! The pool: what its callers may do without harm to each other.
use nightlatch::db::Pool;
use rocket::async_test;

use crate::support::{TestApp, dies_after};

#[async_test]
async fn a_transaction_whose_caller_goes_away_while_it_begins_is_not_left_open_for_the_next() {
    let app = TestApp::new().await;
    let pool = Pool::connect(&app.database_url, 1).await.unwrap();
    for waits in 0..20 {
        dies_after(waits, pool.begin()).await;
        // The only connection; were the transaction still open, nobody else would see this.
        sqlx::query("UPDATE feed SET number = number + 1").execute(&*pool).await.unwrap();
        assert_eq!(app.count("SELECT number FROM feed").await, waits as i64 + 1);
    }
    pool.close().await;
}
