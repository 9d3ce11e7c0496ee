//! `nightlatch backup`
use std::{
    fs::{self, File, OpenOptions},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use crate::{commands::Failure, db, settings::Settings};
use clap::Args;

#[derive(Args)]
pub struct Options {
    /// The file to write; it must not be there yet
    file: PathBuf,
}

/// Copies the database while it is in use: what was committed when it began, and nothing else.
pub async fn run(settings: Settings, options: Options) -> Result<(), Failure> {
    let url = settings.database.url.reveal();
    if !url.starts_with("sqlite:") {
        return Err("NIGHTLATCH_DATABASE_URL: is PostgreSQL, which has a program of its own for this: pg_dump --format=custom --file=FILE".into());
    }
    let file = std::path::absolute(&options.file)?;
    let wrong = |error: &dyn std::fmt::Display| -> Failure { format!("{}: {error}", file.display()).into() };
    // Made under another name, so that half a copy never passes for one; a link does not replace what is there.
    let mut part = file.clone().into_os_string();
    part.push(format!(".{}.part", std::process::id()));
    let part = PathBuf::from(part);
    if file.symlink_metadata().is_ok() {
        return Err(wrong(&"is there already; name a new file"));
    }
    // SQLite fills an empty file and keeps its mode: nobody else can read the copy at any time.
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part).map_err(|error| wrong(&error))?;
    let outcome = match copy(url, &part).await {
        Ok(()) => publish(&part, &file).map_err(|error| wrong(&error)),
        Err(error) => Err(error),
    };
    let removed = fs::remove_file(&part);
    outcome?;
    removed?;
    say!("{}: a whole copy of the database, readable by you only.", file.display());
    say!(
        "Not in it: the secret ({}). Keep that apart from the copy; without it the copy does not start.",
        if settings.secret_key.is_some() {
            "NIGHTLATCH_SECRET_KEY".into()
        } else {
            settings.data_dir.join("secret.key").display().to_string()
        }
    );
    Ok(())
}

async fn copy(url: &str, part: &Path) -> Result<(), Failure> {
    db::copy_sqlite(url, part)
        .await
        .map_err(|error| -> Failure { format!("NIGHTLATCH_DATABASE_URL: {url}: {error}").into() })?;
    let sound = db::verdict(part).await;
    match sound.as_deref() {
        Ok("ok") => Ok(()),
        Ok(fault) => Err(format!("{url}: the database is not sound: {fault}").into()),
        Err(error) => Err(format!("{url}: is this the database of Nightlatch? {error}").into()),
    }
}

fn publish(part: &Path, file: &Path) -> std::io::Result<()> {
    File::open(part)?.sync_all()?;
    fs::hard_link(part, file)?;
    // The name must survive a power cut too.
    file.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}
