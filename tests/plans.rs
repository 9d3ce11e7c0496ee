//! How the database finds what superusers look at: by an index, whatever is asked for.
use rocket::{async_test, http::Status};
use sqlx::{AnyConnection, AssertSqlSafe, Connection, Executor, Row};

use crate::{recorder::statements_of, support::TestApp};

/// The tables that grow with the site.
const GROWING: [&str; 5] = ["users", "user_words", "sessions", "events", "letters"];

#[async_test]
async fn whatever_superusers_look_at_is_found_and_put_in_order_by_an_index() {
    let app = TestApp::new().await;
    let root = app.superuser().await;
    let id = app.ask::<String>("SELECT id FROM users").await;
    let mut seen = 0;
    for path in paths(&id) {
        let (statements, answer) = statements_of(app.get_as(&root, &path)).await;
        assert_eq!(answer.status, Status::Ok, "{path}");
        for statement in statements {
            let plan = plan(&app, &statement).await;
            assert!(!plan.is_empty());
            let slow = plan.iter().find(|step| is_slow(step, &statement));
            assert!(slow.is_none(), "{path}:\n{statement}\n{}", plan.join("\n"));
            seen += 1;
        }
    }
    assert!(seen > 50, "only {seen} statements were seen");
    for status in ["locked", "invited", "superuser"] {
        for sort in ["newest", "oldest", "address"] {
            let list = statements_of(app.get_as(&root, &format!("/admin/users?status={status}&sort={sort}"))).await;
            let plan = plan(&app, &list.0[0]).await.concat();
            assert!(
                plan.contains(&format!("users_{status}")),
                "the few who are {status} are looked for among all: {plan}"
            );
        }
    }
    for slow in ["SELECT id FROM users WHERE name = $1", "SELECT id FROM events ORDER BY created_at LIMIT $1"] {
        assert!(plan(&app, slow).await.iter().any(|step| is_slow(step, slow)), "{slow} has no index");
    }
}

/// Every list with every filter and order, and what is reached from there.
fn paths(user: &str) -> Vec<String> {
    let mut paths = vec!["/admin".to_owned(), format!("/admin/users/{user}")];
    for state in ["any", "open", "ended"] {
        paths.push(format!("/admin/sessions?state={state}"));
        paths.push(format!("/admin/sessions?state={state}&user={user}"));
    }
    for filter in ["", "type=session.started", "from=2026-01-01&to=2026-02-01"] {
        paths.push(format!("/admin/events?{filter}"));
        paths.push(format!("/admin/events?{filter}&user={user}"));
    }
    for status in ["", "active", "locked", "invited", "superuser"] {
        paths.push(format!("/admin/users?status={status}&q=root"));
        for sort in ["newest", "oldest", "address"] {
            paths.push(format!("/admin/users?status={status}&sort={sort}"));
        }
    }
    paths
}

/// Whether a step reads a table that grows from end to end, or puts rows of it in order. Counts do the first: `/admin` makes them once
/// in ten seconds.
fn is_slow(step: &str, statement: &str) -> bool {
    let of_growing = |step: &str| GROWING.iter().any(|table| step.split_whitespace().any(|word| word == *table));
    let reads_all = ["SCAN ", "Seq Scan on "].iter().any(|scan| step.contains(scan)) && of_growing(step);
    let puts_in_order = ["TEMP B-TREE", "Sort  "].iter().any(|sort| step.contains(sort)) && of_growing(statement);
    (reads_all && !statement.contains("COUNT(*)")) || puts_in_order
}

/// How `sql` is run, step by step, where its parameters are not known yet.
async fn plan(app: &TestApp, sql: &str) -> Vec<String> {
    let mut connection = AnyConnection::connect(&app.database_url).await.unwrap();
    if app.database_url.starts_with("sqlite:") {
        let rows = connection.fetch_all(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"))).await.unwrap();
        return rows.iter().map(|row| row.get("detail")).collect();
    }
    // Tables of a test are small. Without these, PostgreSQL rightly reads them from end to end.
    for setting in ["enable_seqscan = off", "enable_sort = off", "plan_cache_mode = force_generic_plan"] {
        connection.execute(AssertSqlSafe(format!("SET {setting}"))).await.unwrap();
    }
    let parameters = (1..).take_while(|number| sql.contains(&format!("${number}"))).count();
    prepare(&mut connection, sql, parameters).await;
    let values = in_brackets(&vec!["NULL"; parameters]);
    let rows = connection.fetch_all(AssertSqlSafe(format!("EXPLAIN EXECUTE asked{values}"))).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// Prepares `sql` with the first types of its parameters that go with it: ours are texts and numbers.
async fn prepare(connection: &mut AnyConnection, sql: &str, parameters: usize) {
    for choice in 0..1_u32 << parameters {
        let kinds: Vec<_> =
            (0..parameters).map(|place| if choice >> place & 1 == 0 { "bigint" } else { "text" }).collect();
        let prepare = AssertSqlSafe(format!("PREPARE asked{} AS {sql}", in_brackets(&kinds)));
        if connection.execute(prepare).await.is_ok() {
            return;
        }
    }
    panic!("no types of parameters go with {sql}");
}

fn in_brackets(parts: &[&str]) -> String {
    if parts.is_empty() { String::new() } else { format!("({})", parts.join(", ")) }
}
