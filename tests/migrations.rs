//! Bringing the database up to date.
use nightlatch::db::Pool;
use rocket::{async_test, futures::future::join_all, http::Status};
use url::Url;

use crate::support::{PASSWORD, TestApp};

#[async_test]
async fn migrating_again_changes_nothing() {
    let app = TestApp::new().await;
    app.sign_up("ann@example.com").await;
    let pool = Pool::connect(&app.database_url, 2).await.unwrap();
    for _ in 0..2 {
        pool.migrate().await.unwrap();
    }
    assert_eq!(app.count("SELECT COUNT(*) FROM users").await, 1);
    let again = app.restarted().await;
    assert_eq!(again.sign_in("ann@example.com", PASSWORD).await.status(), Status::SeeOther);
}

#[async_test]
async fn a_database_of_a_newer_program_is_refused() {
    let app = TestApp::new().await;
    let row = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
        SELECT 9999, 'of the future', success, checksum, 0 FROM _sqlx_migrations WHERE version = 1";
    app.execute(row).await;
    let pool = Pool::connect(&app.database_url, 1).await.unwrap();
    let error = pool.migrate().await.unwrap_err().to_string();
    assert!(error.contains("9999"), "{error}");
}

#[async_test]
async fn nodes_that_start_at_once_on_an_empty_database_migrate_it_once() {
    let app = TestApp::new().await;
    for table in [
        "tallies",
        "second_factors",
        "recovery_codes",
        "budgets",
        "guesses",
        "user_words",
        "roster",
        "sessions",
        "endings",
        "feed",
        "nodes",
        "devices",
        "requests",
        "letters",
        "events",
        "outbox",
        "leases",
        "keys",
        "users",
        "seals",
        "chain",
        "_sqlx_migrations",
    ] {
        app.execute(&format!("DROP TABLE {table}")).await;
    }
    let empty = app.database_url.replace("test.db", "empty.db?mode=rwc");
    let pools = join_all((0..4).map(|_| Pool::connect(&empty, 1))).await;
    let pools: Vec<Pool> = pools.into_iter().map(Result::unwrap).collect();
    for outcome in join_all(pools.iter().map(Pool::migrate)).await {
        outcome.unwrap();
    }
    let users = sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM users");
    assert_eq!(users.fetch_one(&*pools[0]).await.unwrap(), 0);
}

#[async_test]
async fn a_postgresql_role_that_may_not_change_the_schema_can_serve_it() {
    let app = TestApp::new().await;
    // SQLite knows no roles.
    let Ok(mut url) = Url::parse(&app.database_url)
        .map_err(drop)
        .and_then(|url| (url.scheme() == "postgres").then_some(url).ok_or(()))
    else {
        return;
    };
    let schema = app.ask::<String>("SELECT current_schema()::text").await;
    let role = format!("{schema}_clerk");
    for sql in [
        format!("CREATE ROLE {role} LOGIN PASSWORD 'clerk'"),
        format!("GRANT USAGE ON SCHEMA {schema} TO {role}"),
        format!("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}"),
    ] {
        app.execute(&sql).await;
    }
    url.set_username(&role).unwrap();
    url.set_password(Some("clerk")).unwrap();
    let clerk = Pool::connect(url.as_str(), 1).await.unwrap();
    let refused = sqlx::query("CREATE TABLE extra (id TEXT)").execute(&*clerk).await.unwrap_err();
    assert!(refused.to_string().contains("permission denied"), "{refused}");

    let served = app.restarted_on(url.as_str()).await;
    served.sign_up("ann@example.com").await;
    assert_eq!(served.get("/dashboard").await.status(), Status::Ok);

    app.execute(&format!("DROP OWNED BY {role}")).await;
    app.execute(&format!("DROP ROLE {role}")).await;
}

#[async_test]
async fn a_migration_that_fails_holds_up_nobody() {
    let app = TestApp::new().await;
    app.execute("DELETE FROM _sqlx_migrations WHERE version > 1").await;
    let pools = join_all((0..2).map(|_| Pool::connect(&app.database_url, 1))).await;
    let pools: Vec<Pool> = pools.into_iter().map(Result::unwrap).collect();
    // The second one fails on a table that is there; whoever comes next learns of it at once, and does not wait for the first.
    for outcome in join_all(pools.iter().map(Pool::migrate)).await {
        outcome.unwrap_err();
    }
}
