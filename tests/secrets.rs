//! Secrets that are none: too short, made up, taken from an example, or open to everybody.
use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use nightlatch::settings::rocket_figment;
use rocket::figment::providers::{Format, Toml};

use crate::{
    settings::{TempDir, load, load_with, refusal, run},
    support::secret_text,
};

const KEY: &str = "NIGHTLATCH_SECRET_KEY";

#[test]
fn a_secret_that_is_short_made_up_or_counted_stops_the_start() {
    let folder = TempDir::new("weak-secret");
    let counted: Vec<u8> = (0..32).collect();
    for weak in [
        &b"too short"[..],
        &[7; 32],
        &counted,
        &b"\x01\xfe\x80\x7f".repeat(16),
        b"correct horse battery staple correct horse",
        b"your-256-bit-secret-your-256-bit-secret",
    ] {
        let (code, _, errors, _) = run(&folder, &[], &[("ROCKET_PORT", "0"), (KEY, &STANDARD.encode(weak))]);
        assert_eq!((code, errors.lines().count()), (Some(1), 1), "{errors}");
        assert!(errors.contains(KEY) && errors.contains("openssl rand -base64 32"), "{errors}");
    }
}

#[test]
fn a_file_that_everybody_may_read_is_no_place_for_a_secret() {
    let folder = TempDir::new("open-secrets");
    for (name, text) in [
        (KEY, secret_text()),
        ("NIGHTLATCH_DATABASE_URL", "sqlite://x.db"),
        ("NIGHTLATCH_MAIL__SMTP_URL", "smtp://ann:hunter2@mail.example.com"),
        ("NIGHTLATCH_AMQP_URL", "amqps://ann:hunter2@mq.example.com"),
    ] {
        let file = folder.file(name, text);
        let setting = format!("{name}_FILE");
        for mode in [0o644, 0o604, 0o602, 0o444] {
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            let error = refusal(&setting, &[(&setting, &file)]);
            assert!(error.contains(&format!("`chmod o= {file}`")), "{error}");
            // What counts is the file, not the way to it.
            let link = folder.0.join(format!("{name}-{mode}"));
            symlink(&file, &link).unwrap();
            refusal(&setting, &[(&setting, link.to_str().unwrap())]);
        }
        for mode in [0o600, 0o400, 0o440, 0o640] {
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            load(&[(&setting, &file)]);
        }
    }
}

#[test]
fn so_is_a_file_of_settings_once_a_secret_stands_in_it() {
    let folder = TempDir::new("open-settings");
    let secret = format!("secret_key = \"{}\"", secret_text());
    for (line, name) in [
        (&*secret, KEY),
        ("amqp_url = \"amqps://ann:hunter2@mq.example.com\"", "NIGHTLATCH_AMQP_URL"),
        ("mail = { smtp_url = \"smtps://ann:hunter2@mail.example.com\" }", "NIGHTLATCH_MAIL__SMTP_URL"),
    ] {
        let file = folder.file("Rocket.toml", &format!("[default.nightlatch]\n{line}\n"));
        let figment = || rocket_figment().merge(Toml::file(&file).nested());
        assert!(load_with(figment(), &[]).is_ok(), "{line}");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        let error = load_with(figment(), &[]).err().unwrap();
        assert!(error.starts_with(&format!("{name}: ")) && error.contains("chmod o="), "{error}");
    }
    let file = folder.file("Rocket.toml", "[default.nightlatch]\ndatabase_url = \"sqlite://x.db\"\n");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(load_with(rocket_figment().merge(Toml::file(&file).nested()), &[]).is_ok(), "no secret, nothing to close");
}

#[test]
fn keys_that_certificates_are_for_are_closed_too() {
    let folder = TempDir::new("open-keys");
    let key = folder.file("key.pem", "hunter2");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let url = format!("postgres://ann@db.example.com/x?sslcert=/a&sslkey={key}");
    refusal("NIGHTLATCH_DATABASE_URL", &[("NIGHTLATCH_DATABASE_URL", &url), (KEY, secret_text())]);
    refusal(
        "NIGHTLATCH_AMQP__KEY_FILE",
        &[
            ("NIGHTLATCH_AMQP_URL", "amqps://ann:hunter2@mq.example.com"),
            ("NIGHTLATCH_AMQP__CERT_FILE", &key),
            ("NIGHTLATCH_AMQP__KEY_FILE", &key),
        ],
    );
    let tls = format!("{{certs=\"{key}\",key=\"{key}\"}}");
    let (code, _, errors, _) = run(&folder, &[], &[("ROCKET_PORT", "0"), ("ROCKET_TLS", &tls)]);
    assert_eq!((code, errors.lines().count()), (Some(1), 1), "{errors}");
    assert!(errors.contains("ROCKET_TLS: ") && errors.contains("chmod o="), "{errors}");
}

#[test]
fn a_build_for_developers_serves_this_machine_only() {
    let folder = TempDir::new("debug");
    let vars = [
        ("ROCKET_PORT", "0"),
        ("NIGHTLATCH_PUBLIC_URL", "https://id.example.com"),
        ("NIGHTLATCH_PROXY__TRUSTED", "none"),
        ("NIGHTLATCH_MAIL__SMTP_URL", "smtps://mail.example.com"),
    ];
    let (code, _, errors, _) = run(&folder, &[], &vars);
    assert_eq!((code, errors.lines().count()), (Some(1), 1), "{errors}");
    assert!(errors.contains("NIGHTLATCH_PUBLIC_URL: a debug build") && errors.contains("--release"), "{errors}");
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 0, "nothing was made");
}
