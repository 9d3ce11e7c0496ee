//! The data directory and the secret in it, both made on first start and open to their owner only.
use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::Path,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use crate::{
    secret::Secret,
    settings::{Settings, SettingsError},
};

const NAME: &str = "NIGHTLATCH_SECRET_KEY";

/// Makes the data directory if there is none.
pub fn make_data_dir(settings: &Settings) -> Result<(), SettingsError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(&settings.data_dir);
    made.map_err(|error| SettingsError::new("NIGHTLATCH_DATA_DIR", format!("{}: {error}", settings.data_dir.display())))
}

/// The secret of the settings, or that of the file, which is made when it is missing.
pub fn load(settings: &Settings) -> Result<Secret, SettingsError> {
    match &settings.secret_key {
        Some(text) => parse(text.reveal()),
        None => {
            let file = settings.data_dir.join("secret.key");
            let wrong = |error: io::Error| SettingsError::new(NAME, format!("{}: {error}", file.display()));
            parse(&read_or_make(&file).map_err(wrong)?)
        }
    }
}

/// The secret of the settings, or that of the file, which must be there.
pub fn find(settings: &Settings) -> Result<Secret, SettingsError> {
    let file = settings.data_dir.join("secret.key");
    if settings.secret_key.is_none() && !file.exists() {
        return Err(SettingsError::new(NAME, format!("{}: is not there", file.display())));
    }
    load(settings)
}

fn parse(text: &str) -> Result<Secret, SettingsError> {
    let wrong =
        || SettingsError::new(NAME, "must be 32 or more random bytes in base64; `openssl rand -base64 32` makes one");
    let bytes = Zeroizing::new(STANDARD.decode(text.trim()).map_err(|_| wrong())?);
    // One of an example, or made up.
    if !Secret::may_be_random(&bytes) {
        return Err(wrong());
    }
    Secret::new(&bytes).ok_or_else(wrong)
}

fn read_or_make(file: &Path) -> io::Result<Zeroizing<String>> {
    match fs::metadata(file) {
        Ok(metadata) if metadata.permissions().mode() & 0o077 != 0 => {
            Err(io::Error::other("can be read by others than its owner; `chmod 600` it"))
        }
        Ok(_) => fs::read_to_string(file).map(Zeroizing::new),
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(file),
        Err(error) => Err(error),
    }
}

/// Writes a new secret beside its name and links it there: of two that start at once one wins, and nobody reads half a file.
fn make(file: &Path) -> io::Result<Zeroizing<String>> {
    let secret = Zeroizing::new(STANDARD.encode(*Secret::draw()));
    let part = file.with_extension(format!("{}.part", std::process::id()));
    let mut written = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
    writeln!(written, "{}", *secret)?;
    written.sync_all()?;
    let linked = fs::hard_link(&part, file);
    fs::remove_file(&part)?;
    match linked {
        Ok(()) => Ok(secret),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => fs::read_to_string(file).map(Zeroizing::new),
        Err(error) => Err(error),
    }
}
