//! `nightlatch backup`: a whole copy of a database that is in use, or a reason and nothing left behind.
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
};

use nightlatch::db::Pool;
use rocket::{async_test, http::Status, tokio};

use crate::support::{PASSWORD, TestApp, secret_text};

/// A folder that is gone with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("nightlatch-backup-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(&self.0).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Runs `nightlatch backup` here.
    fn backup(&self, database_url: &str, file: &Path) -> Output {
        Command::new(env!("CARGO_BIN_EXE_nightlatch"))
            .args(["backup".as_ref(), file.as_os_str()])
            .env_clear()
            .envs([("NIGHTLATCH_DATABASE_URL", database_url), ("NIGHTLATCH_SECRET_KEY", secret_text())])
            .current_dir(&self.0)
            .output()
            .unwrap()
    }

    /// The one line in which a backup is refused.
    fn refusal(&self, database_url: &str, file: &Path) -> String {
        let output = self.backup(database_url, file);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), error.lines().count()), (Some(1), 1), "{error}");
        assert!(output.stdout.is_empty());
        error
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[async_test]
async fn a_copy_holds_whole_transactions_whatever_is_written_meanwhile() {
    let folder = Arc::new(Folder::new("whole"));
    let url = format!("sqlite://{}/live.db?mode=rwc", folder.0.display());
    let db = Pool::connect(&url, 4).await.unwrap();
    db.migrate().await.unwrap();
    // Text enough that copying takes longer than a transaction.
    for sql in ["CREATE TABLE left_half (n BIGINT, filling TEXT)", "CREATE TABLE right_half (n BIGINT, filling TEXT)"] {
        sqlx::query(sql).execute(&*db).await.unwrap();
    }
    let (stop, written) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicI64::new(0)));
    let writers: Vec<_> = (0..3)
        .map(|_| {
            let (db, stop, written) = (db.clone(), Arc::clone(&stop), Arc::clone(&written));
            tokio::spawn(async move {
                while !stop.load(Ordering::SeqCst) {
                    let n = written.load(Ordering::SeqCst);
                    // SQLite's lock is not fair: on a busy machine one of them may wait for longer than it does.
                    let Ok(mut writing) = db.begin().await else { continue };
                    for sql in ["INSERT INTO left_half VALUES ($1, $2)", "INSERT INTO right_half VALUES ($1, $2)"] {
                        sqlx::query(sql).bind(n).bind("x".repeat(2000)).execute(&mut *writing).await.unwrap();
                    }
                    writing.commit().await.unwrap();
                    written.fetch_add(1, Ordering::SeqCst);
                }
            })
        })
        .collect();
    for round in 0..3 {
        let before = written.load(Ordering::SeqCst);
        let copy = folder.0.join(format!("copy-{round}.db"));
        let (folder, url, file) = (Arc::clone(&folder), url.clone(), copy.clone());
        let output = tokio::task::spawn_blocking(move || folder.backup(&url, &file)).await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let after = written.load(Ordering::SeqCst);
        let copied = Pool::connect(&format!("sqlite://{}", copy.display()), 1).await.unwrap();
        let count: (i64, i64) =
            sqlx::query_as("SELECT (SELECT count(*) FROM left_half), (SELECT count(*) FROM right_half)")
                .fetch_one(&*copied)
                .await
                .unwrap();
        copied.close().await;
        assert_eq!(count.0, count.1, "half a transaction was copied");
        assert!(after > before, "nothing was written meanwhile");
        assert!((before..=after + 3).contains(&count.0), "{count:?} between {before} and {after}");
    }
    stop.store(true, Ordering::SeqCst);
    for writer in writers {
        writer.await.unwrap();
    }
    db.close().await;
}

#[async_test]
async fn a_restored_copy_serves_sign_in() {
    let app = TestApp::new().await;
    app.sign_up("ann@example.com").await;
    let folder = Folder::new("restored");
    let copy = folder.0.join("copy.db");
    if !app.database_url.starts_with("sqlite:") {
        assert!(folder.refusal(&app.database_url, &copy).contains("pg_dump"), "PostgreSQL has its own program");
        return;
    }
    let output = folder.backup(&app.database_url, &copy);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.contains(copy.to_str().unwrap()) && told.contains("NIGHTLATCH_SECRET_KEY"), "{told}");
    assert_eq!(folder.names(), ["copy.db"], "nothing else is left behind");
    assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);

    // What came after the copy is not in it.
    app.execute("UPDATE users SET name = 'Changed later'").await;
    let restored = app.restarted_on(&format!("sqlite://{}", copy.display())).await;
    let session = restored.get("/api/auth/session").await;
    assert_eq!(session.status(), Status::Ok, "the session that was open goes on");
    drop(session);
    restored.forget_cookies();
    assert_eq!(restored.sign_in("ann@example.com", PASSWORD).await.status(), Status::SeeOther);
    assert!(restored.token().is_some());
    let account = restored.get("/api/account").await.into_string().await.unwrap();
    assert!(account.contains("\"Ann\""), "{account}");
}

#[async_test]
async fn what_cannot_be_copied_is_named_and_leaves_nothing_behind() {
    let folder = Folder::new("refused");
    let at = |name: &str| folder.0.join(name);
    let url = |name: &str| format!("sqlite://{}/{name}", folder.0.display());
    let live = Pool::connect(&(url("live.db") + "?mode=rwc"), 1).await.unwrap();
    live.migrate().await.unwrap();
    live.close().await;
    fs::write(at("kept"), "kept").unwrap();
    fs::write(at("noise.db"), [7; 9000]).unwrap();
    let other = Pool::connect(&(url("other.db") + "?mode=rwc"), 1).await.unwrap();
    sqlx::query("CREATE TABLE something (else_entirely TEXT)").execute(&*other).await.unwrap();
    other.close().await;
    std::os::unix::fs::symlink(at("nowhere"), at("link")).unwrap();
    let before = folder.names();

    for (from, to, word) in [
        ("live.db", "kept", "is there already"),
        ("live.db", "link", "is there already"),
        ("live.db", "no/such/folder", "no/such/folder"),
        ("missing.db", "copy.db", "missing.db"),
        ("noise.db", "copy.db", "not a database"),
        ("other.db", "copy.db", "is this the database of Nightlatch?"),
    ] {
        let error = folder.refusal(&url(from), &at(to));
        assert!(error.contains(word), "{from} to {to}: {error}");
        assert_eq!(folder.names(), before, "{from} to {to}");
    }
    assert_eq!(fs::read_to_string(at("kept")).unwrap(), "kept");

    let error = folder.refusal("postgres://ann:hunter2@db.example.com/x", &at("copy.db"));
    assert!(error.contains("pg_dump") && !error.contains("hunter2"), "{error}");
}
