//! Who may import whom: every folder of the sources has words that it must not contain.

use std::{fs, path::Path};

fn refuse(folder: &str, words: &[&str], except: &[&str]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = vec![root.join(folder)];
    while let Some(path) = paths.pop() {
        if except.iter().any(|name| path == root.join(name)) {
            continue;
        }
        if path.is_dir() {
            paths.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for word in words {
            assert!(!text.contains(word), "{} must not name {word}", path.display());
        }
    }
}

#[test]
fn each_layer_names_only_layers_below_it() {
    // `store::` and not `crate::store`, so that `use crate::{store::users}` is seen too.
    refuse("model", &["rocket::", "store::", "accounts::", "web::", "revocations::"], &[]);
    refuse("store", &["rocket::", "accounts::", "web::", "revocations::"], &[]);
    refuse("accounts", &["rocket::http", "web::"], &[]);
    refuse("web", &["sqlx", "store::"], &[]);
    let server = ["settings::", "store::", "accounts::", "web::", "model::", "db::", "log::", "clock::"];
    refuse("commands/transactions", &server, &[]);
    refuse("commands/transactions.rs", &server, &[]);
    refuse("listener", &["sqlx", "store::", "accounts::"], &[]);
    refuse("metrics", &["rocket", "store::", "accounts::", "web::"], &[]);
    refuse("metrics.rs", &["rocket", "store::", "accounts::", "web::"], &[]);
}

#[test]
fn only_the_store_and_the_database_speak_sql() {
    refuse("", &["sqlx::query", "query_as(", "query_scalar("], &["store", "db.rs", "db"]);
}
