//! The servers that Nightlatch connects to, as far as its settings decide: nothing in plain text off this machine, and no password that
//! everybody knows. `tests/backends.sh` connects to real ones.
use std::slice;

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{
    settings::{TempDir, load, refusal},
    support::secret_text,
};

const DATABASE: &str = "NIGHTLATCH_DATABASE_URL";

fn postgres(url: &str) -> String {
    let settings = load(&[(DATABASE, url), ("NIGHTLATCH_SECRET_KEY", secret_text())]);
    assert!(settings.cautions.is_empty(), "{:?}", settings.cautions);
    settings.database.url.reveal().to_owned()
}

#[test]
fn a_postgresql_elsewhere_is_made_sure_of_where_its_url_says_nothing() {
    for url in [
        "postgres://ann:hunter2@db.example.com/x",
        "postgres://ann:hunter2@192.0.2.1:5433/x",
        "postgres://ann:hunter2@0.0.0.0/x",
        "postgresql://ann:hunter2@localhost/x?host=db.example.com",
        "postgres://ann:hunter2@localhost/x?hostaddr=192.0.2.1",
        "postgres://ann:hunter2@localhost.example.com/x?application_name=a",
    ] {
        let joint = if url.contains('?') { '&' } else { '?' };
        assert_eq!(postgres(url), format!("{url}{joint}sslmode=verify-full"));
    }
    let own = "postgres://ann@db.example.com/x?sslrootcert=/etc/db.pem&sslmode=verify-full&sslcert=/a&sslkey=/b";
    assert_eq!(postgres(own), own);
    // An authority that is named is meant to be asked, here too.
    let here = "postgres://ann:hunter2@localhost/x?sslrootcert=/etc/db.pem";
    assert_eq!(postgres(here), format!("{here}&sslmode=verify-full"));
}

#[test]
fn a_postgresql_on_this_machine_is_as_its_url_says() {
    for url in [
        "postgres://ann:hunter2@localhost/x",
        "postgres://ann:hunter2@127.0.0.1:5433/x?sslmode=disable",
        "postgres://ann:hunter2@[::1]/x?sslmode=prefer",
        "postgres://ann@%2Frun%2Fpostgresql/x",
        "postgres:///x?host=/run/postgresql",
    ] {
        assert_eq!(postgres(url), url);
    }
}

#[test]
fn a_postgresql_elsewhere_with_less_than_that_is_refused_with_what_to_write() {
    for mode in ["disable", "allow", "prefer", "require", "verify-ca", "Prefer", "", "verify-full&sslmode=prefer"] {
        for name in ["sslmode", "ssl-mode"] {
            let url = format!("postgres://ann:hunter2@db.example.com/x?{name}={mode}");
            let error = refusal(DATABASE, &[(DATABASE, &url)]);
            assert!(error.contains("sslmode=verify-full") && error.contains("sslrootcert="), "{error}");
        }
    }
    // Otherwise variables of PostgreSQL's own programs would decide.
    for url in ["postgres:///x", "postgres://", "postgres://ann:hunter2@/x", "postgres:x"] {
        refusal(DATABASE, &[(DATABASE, url)]);
    }
}

#[test]
fn a_password_that_everybody_knows_is_for_this_machine_only() {
    let mail = "NIGHTLATCH_MAIL__SMTP_URL";
    let broker = "NIGHTLATCH_AMQP_URL";
    for (name, elsewhere, here) in [
        (DATABASE, "postgres://postgres:postgres@db.example.com/x", "postgres://postgres:postgres@localhost/x"),
        (DATABASE, "postgres://ann:%61nn@db.example.com/x", "postgres://ann:%61nn@localhost/x"),
        (DATABASE, "postgres://ann@db.example.com/x?password=Password", "postgres://ann@[::1]/x?password=Password"),
        (broker, "amqps://mq.example.com", "amqp://localhost"),
        (broker, "amqps://guest:guest@mq.example.com", "amqp://guest:guest@127.0.0.1"),
        (broker, "amqps://nightlatch:nightlatch@mq.example.com", "amqps://nightlatch:nightlatch@localhost"),
        (mail, "smtp://ann:password@mail.example.com", "smtp://ann:password@localhost"),
        (mail, "smtps://ann@mail.example.com", "smtps://ann@127.0.0.1"),
    ] {
        let error = refusal(name, &[(name, elsewhere), ("NIGHTLATCH_SECRET_KEY", secret_text())]);
        assert!(error.contains("everybody knows"), "{error}");
        let cautions = load(&[(name, here), ("NIGHTLATCH_SECRET_KEY", secret_text())]).cautions;
        assert!(cautions.len() == 1 && cautions[0].starts_with(&format!("{name}: ")), "{cautions:?}");
    }
    // A mail server that wants no name.
    assert!(load(&[(mail, "smtp://mail.example.com")]).cautions.is_empty());
}

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

#[test]
fn broker_and_mail_server_can_have_authorities_of_their_own() {
    let folder = TempDir::new("authorities");
    let known = rustls_native_certs::load_native_certs().certs;
    let authority = known.first().expect("no authority is known here; install ca-certificates");
    let authorities = folder.file("ca.pem", &pem("CERTIFICATE", authority).repeat(2));
    let chain = folder.file("cert.pem", &pem("CERTIFICATE", authority));
    let key = Ed25519KeyPair::generate().unwrap().to_pkcs8().unwrap();
    // In two parts: the text of this file must not look like a key.
    let key = folder.file("key.pem", &pem(&format!("{} KEY", "PRIVATE"), key.as_ref()));
    let settings = load(&[
        ("NIGHTLATCH_MAIL__SMTP_URL", "smtp://localhost"),
        ("NIGHTLATCH_MAIL__CA_FILE", &authorities),
        ("NIGHTLATCH_AMQP_URL", "amqps://ann:hunter2@mq.example.com"),
        ("NIGHTLATCH_AMQP__CA_FILE", &chain),
        ("NIGHTLATCH_AMQP__CERT_FILE", &chain),
        ("NIGHTLATCH_AMQP__KEY_FILE", &key),
    ]);
    assert_eq!(settings.mail.authorities.unwrap(), [authority.clone(), authority.clone()]);
    let broker = settings.amqp.unwrap();
    assert_eq!(broker.authorities.unwrap(), slice::from_ref(authority));
    assert_eq!(broker.identity.unwrap().chain, slice::from_ref(authority));
}

#[test]
fn a_file_that_does_nothing_or_holds_nothing_is_refused() {
    let folder = TempDir::new("files-of-nothing");
    let missing = folder.0.join("missing").to_str().unwrap().to_owned();
    let empty = folder.file("empty", "");
    let garbage = folder.file("garbage", &pem("CERTIFICATE", b"hunter2"));
    let amqps = ("NIGHTLATCH_AMQP_URL", "amqps://ann:hunter2@mq.example.com");
    let smtp = ("NIGHTLATCH_MAIL__SMTP_URL", "smtp://mail.example.com");
    for file in [&missing, &empty, &garbage] {
        let error = refusal("NIGHTLATCH_AMQP__CA_FILE", &[amqps, ("NIGHTLATCH_AMQP__CA_FILE", file)]);
        assert!(error.contains(file), "the file is named too: {error}");
        refusal("NIGHTLATCH_MAIL__CA_FILE", &[smtp, ("NIGHTLATCH_MAIL__CA_FILE", file)]);
    }
    refusal("NIGHTLATCH_MAIL__CA_FILE", &[("NIGHTLATCH_MAIL__CA_FILE", &empty)]);
    for name in ["NIGHTLATCH_AMQP__CA_FILE", "NIGHTLATCH_AMQP__CERT_FILE", "NIGHTLATCH_AMQP__KEY_FILE"] {
        refusal(name, &[(name, &empty)]);
        refusal(name, &[("NIGHTLATCH_AMQP_URL", "amqp://localhost"), (name, &empty)]);
    }
    for name in ["NIGHTLATCH_AMQP__CERT_FILE", "NIGHTLATCH_AMQP__KEY_FILE"] {
        refusal(name, &[amqps, (name, &empty)]);
    }
    let both = [amqps, ("NIGHTLATCH_AMQP__CERT_FILE", &*garbage), ("NIGHTLATCH_AMQP__KEY_FILE", &*empty)];
    refusal("NIGHTLATCH_AMQP__KEY_FILE", &both);
}
