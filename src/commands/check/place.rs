//! The data directory, and files that hold secrets.
use std::{
    fs::{self, OpenOptions},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

use super::Findings;
use crate::settings::Settings;

/// Who else may read, write or search.
const OTHERS: u32 = 0o077;

pub fn check(settings: &Settings, findings: &mut Findings) {
    data_dir(&settings.data_dir, findings);
    for name in [
        "NIGHTLATCH_SECRET_KEY_FILE",
        "NIGHTLATCH_DATABASE_URL_FILE",
        "NIGHTLATCH_MAIL__SMTP_URL_FILE",
        "NIGHTLATCH_AMQP_URL_FILE",
    ] {
        if let Some(file) = std::env::var_os(name) {
            secret_file(name, Path::new(&file), findings);
        }
    }
}

fn data_dir(folder: &Path, findings: &mut Findings) {
    let name = format!("data directory {}", folder.display());
    let probe = folder.join(format!("check.{}.part", std::process::id()));
    let written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&probe);
    if let Err(error) = written.and_then(|_| fs::remove_file(&probe)) {
        let fix = "make it, and give it to the user the server runs as (NIGHTLATCH_DATA_DIR)";
        return findings.problem(&name, format!("cannot be written: {error}"), fix);
    }
    match fs::metadata(folder) {
        Ok(about) if about.permissions().mode() & OTHERS != 0 => {
            findings.warning(&name, "is open to other users", format!("`chmod 700 {}`", folder.display()));
        }
        Ok(_) => findings.ok(&name, "writable, and closed to others"),
        Err(error) => findings.problem(&name, error, "make it readable for the user the server runs as"),
    }
}

/// A group may read it, since secrets of containers and of systemd come like that.
fn secret_file(name: &str, file: &Path, findings: &mut Findings) {
    match fs::metadata(file) {
        Ok(about) if about.permissions().mode() & 0o007 != 0 => {
            let fix = format!("`chmod o= {}`, and change the secret if others were here", file.display());
            findings.problem(name, format!("{} can be read by everybody", file.display()), fix);
        }
        Ok(_) => findings.ok(name, "closed to others"),
        Err(error) => findings.problem(name, format!("{}: {error}", file.display()), "name a file that is there"),
    }
}
