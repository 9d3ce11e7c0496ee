//! The data directory. Files that hold secrets are looked at with the settings.
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
