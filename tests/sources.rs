//! What must never come into the sources: read as text, since no other check would notice.
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Every file below `folder` that ends so, with its text.
fn files(folder: &str, ending: &str) -> Vec<(PathBuf, String)> {
    let mut paths = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    let mut found = Vec::new();
    while let Some(path) = paths.pop() {
        if path.is_dir() {
            paths.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.to_string_lossy().ends_with(ending) {
            found.push((path.clone(), fs::read_to_string(&path).unwrap()));
        }
    }
    assert!(!found.is_empty(), "{folder} has no {ending}");
    found
}

/// Lines of code that hold one of `words`; what a comment says is no code.
fn holding<'w>(files: &'w [(PathBuf, String)], words: &'w [&str]) -> Vec<&'w str> {
    let lines = files.iter().flat_map(|(_, text)| text.lines());
    let code = lines.filter(|line| !line.trim_start().starts_with("//"));
    code.filter(|line| words.iter().any(|word| line.contains(word))).collect()
}

/// `words` stand in no code of `files`, and would be found there.
fn refuse(files: &[(PathBuf, String)], words: &[&str]) {
    assert_eq!(holding(files, words), Vec::<&str>::new());
    for word in words {
        let planted = [(PathBuf::new(), format!("// of {word}\n    x = {word};\n"))];
        assert_eq!(holding(&planted, words).len(), 1, "{word} would not be noticed");
    }
}

#[test]
fn the_server_starts_no_other_program() {
    refuse(&files("src", ".rs"), &["process::Command", "process::{", "Command::new(", "SendmailTransport", "libc::"]);
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    assert!(!manifest.contains("sendmail-transport"));
}

#[test]
fn page_script_runs_no_text_and_writes_no_markup() {
    let scripts = files("static", ".js");
    refuse(
        &scripts,
        &[
            "eval(",
            "Function(",
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "setTimeout(\"",
            "javascript:",
            "import(",
            ".src =",
        ],
    );
    // What is kept in the browser is kept from the next person at it, and nothing of a text becomes a member of an object.
    refuse(&scripts, &["localStorage", "sessionStorage", "indexedDB", "document.cookie", "Object.assign", "__proto__"]);
    refuse(&scripts, &["for (const key in", "for (let key in", "RegExp(", ".match(", ".search("]);
}

#[test]
fn page_script_is_in_modules_and_takes_no_element_for_a_variable() {
    let pages = files("templates", ".tera");
    let loaded: Vec<&str> =
        pages.iter().flat_map(|(_, text)| text.lines()).filter(|line| line.contains("<script")).collect();
    assert!(!loaded.is_empty() && loaded.iter().all(|line| line.contains("type=\"module\"")), "{loaded:?}");
    // Members of `document` and `window` can be made by an element of that name; elements are asked for by selector or id.
    refuse(&files("static", ".js"), &["window[", "document[", "document.forms", "document.images", "document.all"]);
}

#[test]
fn templates_escape_everything() {
    refuse(&files("templates", ".tera"), &["| safe", "|safe", "autoescape false", "{% raw", " onclick="]);
}

#[test]
fn no_row_of_the_database_is_an_answer() {
    refuse(&files("src/store", ".rs"), &["Serialize"]);
    let model = files("src/model", ".rs");
    let rows = ["pub struct User {", "pub struct Session {"].map(|name| {
        let text = &model.iter().find(|(_, text)| text.contains(name)).unwrap().1;
        text[..text.find(name).unwrap()].lines().rev().take_while(|line| !line.is_empty()).collect::<String>()
    });
    assert!(rows.iter().all(|derived| derived.contains("#[derive(") && !derived.contains("Serialize")), "{rows:?}");
}

#[test]
fn only_current_hashes_and_ciphers_are_named() {
    // Authenticator apps know HMAC-SHA-1 alone (RFC 6238, 1.2), whose weakness is none of SHA-1 under a key; the same goes for PBKDF2, by
    // which imported accounts may bring their password along, once.
    let mut sources = files("src", ".rs");
    let excused =
        |path: &Path| path.ends_with("model/second_factor.rs") || path.to_string_lossy().contains("hasher/stored");
    sources.retain(|(path, _)| !excused(path));
    refuse(&sources, &["Md5", "md5", "SHA1", "Sha1", "sha1", "MD5", "RC4", "PKCS1"]);
}

#[test]
fn secrets_are_compared_by_what_takes_the_same_time() {
    // Codes and seals by `hmac::verify`, password hashes by `constant_time` and bcrypt's own; tokens are looked up by their keyed hash or verified by their library.
    let sources = files("src", ".rs");
    refuse(&sources, &["digest ==", "== digest", "mac ==", "== mac", "code ==", "secret =="]);
    assert!(holding(&sources, &["hmac::verify("]).len() >= 2);
}

#[test]
fn randomness_is_the_operating_systems() {
    refuse(
        &files("src", ".rs"),
        &["thread_rng", "SmallRng", "StdRng", "rand::rng(", "rand::random", "seed_from", "fastrand"],
    );
}

#[test]
fn no_pattern_can_backtrack() {
    refuse(&files("src", ".rs"), &["Regex::new(", "regex::", "fancy_regex"]);
}
