//! Settings: what each does, and what stops the start in one line that names the culprit.
use std::{
    ffi::OsString,
    fs,
    io::{BufRead, BufReader, Lines, Read, Write},
    net::TcpStream,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, ChildStderr, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use nightlatch::settings::{LogFormat, SecondFactor, Settings, SignupMode, rocket_figment};
use rocket::{async_test, figment::Figment};

use crate::support::{TestApp, secret_text};

pub fn load_with(figment: Figment, vars: &[(&str, &str)]) -> Result<Settings, String> {
    let vars = vars.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    Settings::load(figment, vars).map_err(|error| error.to_string())
}

pub fn load(vars: &[(&str, &str)]) -> Settings {
    load_with(rocket_figment(), vars).unwrap_or_else(|error| panic!("{error} with {vars:?}"))
}

/// What is said of settings that are refused: one line that begins with `name` and repeats no secret.
pub fn refusal(name: &str, vars: &[(&str, &str)]) -> String {
    let error = load_with(rocket_figment(), vars).err().unwrap_or_else(|| panic!("{vars:?} is taken"));
    assert!(error.starts_with(&format!("{name}: ")), "{name} is not named by: {error}");
    assert!(!error.contains('\n'), "{error}");
    assert!(!error.contains("hunter2"), "{error}");
    error
}

/// A file with this text, gone with the test.
pub struct TempDir(pub PathBuf);

impl TempDir {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("nightlatch-settings-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn with_nothing_set_it_runs_on_this_machine() {
    let settings = load(&[]);
    assert_eq!((settings.public_url.as_str(), settings.local), ("http://localhost:8000", true));
    let data = std::env::current_dir().unwrap().join("data");
    assert_eq!(settings.data_dir, data);
    assert_eq!(settings.mail_folder(), data.join("mail"));
    assert_eq!(settings.database.url.reveal(), format!("sqlite://{}?mode=rwc", data.join("nightlatch.db").display()));
    assert_eq!(settings.database.max_connections, 10);
    assert!(settings.secret_key.is_none() && settings.mail.smtp_url.is_none() && settings.trusted_proxies.is_empty());
    let minutes = |n: u64| Duration::from_secs(n * 60);
    let session = settings.session;
    assert_eq!((session.idle, session.absolute, session.fresh), (minutes(10), minutes(720), minutes(5)));
    assert!(settings.signup.verify_email);
    assert_eq!(settings.mail.from, "Nightlatch <no-reply@localhost>");
    let password = &settings.password;
    assert_eq!((password.min_length, password.memory_kib), (15, 19_456));
    assert_eq!((password.iterations, password.parallelism), (2, 1));
    assert_eq!((settings.hash.permits, settings.hash.queue), (thread::available_parallelism().unwrap().get(), 64));
    assert_eq!((settings.code.ttl, settings.code.attempts), (minutes(10), 5));
    let limits = settings.limits;
    assert!(limits.enabled);
    assert_eq!((limits.free_failures, limits.most_failures), (5, 100));
    assert_eq!((limits.first_wait, limits.longest_wait), (Duration::from_secs(1), minutes(15)));
    assert_eq!((limits.signins_per_minute, limits.failures_per_minute, limits.codes_per_minute), (30, 10, 30));
    assert_eq!((limits.requests_per_minute, limits.requests_per_hour), (20, 60));
    assert_eq!((limits.mail_pause, limits.mail_per_hour, limits.mail_per_day), (minutes(1), 5, 10));
    let (days, keep) = (|n: u64| Duration::from_secs(n * 24 * 3600), settings.retention);
    assert_eq!((keep.events, keep.sessions, keep.letters), (days(365), days(30), days(7)));
    assert!(settings.amqp.is_none() && settings.mail.authorities.is_none() && settings.cautions.is_empty());
    assert_eq!(settings.log.format, None);
    assert_eq!((settings.metrics.address, settings.stop.delay), (None, Duration::ZERO));
    assert_eq!((settings.connections.max, settings.connections.per_network), (8192, 256));
}

#[test]
fn every_variable_takes_its_value() {
    let settings = load(&[
        ("NIGHTLATCH_PUBLIC_URL", "https://id.example.com"),
        ("NIGHTLATCH_DATA_DIR", "/srv/nightlatch"),
        ("NIGHTLATCH_DATABASE_URL", "postgres://nightlatch@db.example.com/nightlatch"),
        ("NIGHTLATCH_DATABASE__MAX_CONNECTIONS", "7"),
        ("NIGHTLATCH_SECRET_KEY", secret_text()),
        ("NIGHTLATCH_SESSION__IDLE", "90s"),
        ("NIGHTLATCH_SESSION__ABSOLUTE", "1d"),
        ("NIGHTLATCH_SESSION__FRESH", "3m"),
        ("NIGHTLATCH_SIGNUP__MODE", "superuser"),
        ("NIGHTLATCH_SUPERUSER__EMAIL", "root@example.com"),
        ("NIGHTLATCH_SUPERUSER__SECOND_FACTOR", "required"),
        ("NIGHTLATCH_SIGNUP__VERIFY_EMAIL", "false"),
        ("NIGHTLATCH_MAIL__SMTP_URL", "smtps://ann:hunter2@mail.example.com"),
        ("NIGHTLATCH_MAIL__FROM", "Example <door@example.com>"),
        ("NIGHTLATCH_AMQP_URL", "amqps://ann%40work:hunter%2F2@mq.example.com:5670/a%2Fb"),
        ("NIGHTLATCH_PASSWORD__MIN_LENGTH", "8"),
        ("NIGHTLATCH_PASSWORD__MEMORY_KIB", "65536"),
        ("NIGHTLATCH_PASSWORD__ITERATIONS", "3"),
        ("NIGHTLATCH_PASSWORD__PARALLELISM", "2"),
        ("NIGHTLATCH_HASH__PERMITS", "3"),
        ("NIGHTLATCH_HASH__QUEUE", "0"),
        ("NIGHTLATCH_CODE__TTL", "5m"),
        ("NIGHTLATCH_CODE__ATTEMPTS", "3"),
        ("NIGHTLATCH_LIMITS__ENABLED", "true"),
        ("NIGHTLATCH_LIMITS__FREE_FAILURES", "3"),
        ("NIGHTLATCH_LIMITS__FIRST_WAIT", "2s"),
        ("NIGHTLATCH_LIMITS__LONGEST_WAIT", "1h"),
        ("NIGHTLATCH_LIMITS__MOST_FAILURES", "50"),
        ("NIGHTLATCH_LIMITS__SIGNINS_PER_MINUTE", "1000"),
        ("NIGHTLATCH_LIMITS__FAILURES_PER_MINUTE", "100"),
        ("NIGHTLATCH_LIMITS__CODES_PER_MINUTE", "15"),
        ("NIGHTLATCH_LIMITS__REQUESTS_PER_MINUTE", "200"),
        ("NIGHTLATCH_LIMITS__REQUESTS_PER_HOUR", "600"),
        ("NIGHTLATCH_LIMITS__MAIL_PAUSE", "0s"),
        ("NIGHTLATCH_LIMITS__MAIL_PER_HOUR", "6"),
        ("NIGHTLATCH_LIMITS__MAIL_PER_DAY", "12"),
        ("NIGHTLATCH_PROXY__TRUSTED", "10.0.0.0/8, fd00::/8,192.0.2.1"),
        ("NIGHTLATCH_SECURITY__CONTACT", "tel:+1-201-555-0123"),
        ("NIGHTLATCH_RETENTION__EVENTS", "90d"),
        ("NIGHTLATCH_RETENTION__SESSIONS", "24h"),
        ("NIGHTLATCH_RETENTION__LETTERS", "2days"),
        ("NIGHTLATCH_LOG__FORMAT", "json"),
        ("NIGHTLATCH_METRICS__ADDRESS", "[::1]:9100"),
        ("NIGHTLATCH_STOP__DELAY", "5s"),
        ("NIGHTLATCH_CONNECTIONS__MAX", "100"),
        ("NIGHTLATCH_CONNECTIONS__PER_NETWORK", "10"),
    ]);
    assert_eq!((settings.public_url.as_str(), settings.local), ("https://id.example.com", false));
    assert_eq!(settings.data_dir, Path::new("/srv/nightlatch"));
    assert_eq!(settings.database.url.reveal(), "postgres://nightlatch@db.example.com/nightlatch?sslmode=verify-full");
    assert_eq!(settings.database.max_connections, 7);
    assert_eq!(settings.secret_key.unwrap().reveal(), secret_text());
    let seconds = Duration::from_secs;
    let session = settings.session;
    assert_eq!((session.idle, session.absolute, session.fresh), (seconds(90), seconds(86_400), seconds(180)));
    assert!(!settings.signup.verify_email && settings.signup.mode == SignupMode::Superuser);
    assert_eq!(settings.first_superuser.as_deref(), Some("root@example.com"));
    assert_eq!(settings.superuser_second_factor, SecondFactor::Required);
    assert_eq!(settings.mail.smtp_url.unwrap().reveal(), "smtps://ann:hunter2@mail.example.com");
    assert_eq!(settings.mail.from, "Example <door@example.com>");
    let amqp = settings.amqp.unwrap();
    assert_eq!((amqp.tls, &*amqp.host, amqp.port), (true, "mq.example.com", 5670));
    assert_eq!((&*amqp.user, amqp.password.reveal(), &*amqp.vhost), ("ann@work", "hunter/2", "a/b"));
    let password = &settings.password;
    assert_eq!((password.min_length, password.memory_kib), (8, 65_536));
    assert_eq!((password.iterations, password.parallelism), (3, 2));
    assert_eq!((settings.hash.permits, settings.hash.queue), (3, 0));
    assert_eq!((settings.code.ttl, settings.code.attempts), (seconds(300), 3));
    let limits = settings.limits;
    assert_eq!((limits.free_failures, limits.most_failures), (3, 50));
    assert_eq!((limits.first_wait, limits.longest_wait), (seconds(2), seconds(3600)));
    assert_eq!((limits.signins_per_minute, limits.failures_per_minute, limits.codes_per_minute), (1000, 100, 15));
    assert_eq!((limits.requests_per_minute, limits.requests_per_hour), (200, 600));
    assert_eq!((limits.mail_pause, limits.mail_per_hour, limits.mail_per_day), (seconds(0), 6, 12));
    let proxies: Vec<String> = settings.trusted_proxies.iter().map(ToString::to_string).collect();
    assert_eq!(proxies, ["10.0.0.0/8", "fd00::/8", "192.0.2.1/32"]);
    assert_eq!(settings.security_contact.as_deref(), Some("tel:+1-201-555-0123"));
    let keep = settings.retention;
    assert_eq!((keep.events, keep.sessions), (seconds(90 * 86_400), seconds(86_400)));
    assert_eq!(keep.letters, seconds(2 * 86_400));
    assert_eq!(settings.log.format, Some(LogFormat::Json));
    assert_eq!(settings.metrics.address, Some("[::1]:9100".parse().unwrap()));
    assert_eq!(settings.stop.delay, seconds(5));
    assert_eq!((settings.connections.max, settings.connections.per_network), (100, 10));
}

#[test]
fn the_public_url_is_an_origin() {
    for (given, origin) in [
        ("http://localhost:8000/", "http://localhost:8000"),
        ("http://127.0.0.1:9000", "http://127.0.0.1:9000"),
        ("http://[::1]:9000", "http://[::1]:9000"),
        ("HTTP://LocalHost", "http://localhost"),
        ("http://id.localhost:1", "http://id.localhost:1"),
    ] {
        assert_eq!(load(&[("NIGHTLATCH_PUBLIC_URL", given)]).public_url, origin);
    }
    for wrong in [
        "",
        "localhost",
        "localhost:8000",
        "http://",
        "ftp://localhost",
        "http://id.example.com",
        "http://192.168.1.9:8000",
        "http://0.0.0.0:8000",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "https://id.example.com/app",
        "https://id.example.com?x",
        "https://id.example.com#x",
        "https://ann@id.example.com",
        "https://ann:hunter2@id.example.com",
        "http://localhost:99999",
        "http://local host",
    ] {
        refusal("NIGHTLATCH_PUBLIC_URL", &[("NIGHTLATCH_PUBLIC_URL", wrong)]);
    }
}

#[test]
fn without_a_public_url_the_address_tells_it() {
    let on = |address: &str, port: u16| {
        let figment = rocket_figment().merge(("address", address)).merge(("port", port));
        load_with(figment, &[]).map(|settings| settings.public_url)
    };
    assert_eq!(on("127.0.0.1", 9000).unwrap(), "http://localhost:9000");
    assert_eq!(on("::1", 8000).unwrap(), "http://localhost:8000");
    for address in ["0.0.0.0", "::", "192.168.1.9"] {
        let error = on(address, 8000).unwrap_err();
        assert!(error.starts_with("NIGHTLATCH_PUBLIC_URL: "), "{error}");
    }
}

#[test]
fn a_site_on_https_needs_mail_and_a_word_about_proxies() {
    let url = ("NIGHTLATCH_PUBLIC_URL", "https://id.example.com:443");
    let mail = ("NIGHTLATCH_MAIL__SMTP_URL", "smtp://mail.example.com");
    let proxy = ("NIGHTLATCH_PROXY__TRUSTED", "none");
    assert_eq!(load(&[url, mail, proxy]).public_url, "https://id.example.com");
    refusal("NIGHTLATCH_MAIL__SMTP_URL", &[url, proxy]);
    refusal("NIGHTLATCH_PROXY__TRUSTED", &[url, mail]);
    // Where the server speaks TLS itself there need be no proxy.
    let tls = rocket_figment().merge(("tls.certs", "certs.pem")).merge(("tls.key", "key.pem"));
    assert!(load_with(tls.clone(), &[url, mail]).unwrap().trusted_proxies.is_empty());
    // As Rocket has it: without a cipher there is no TLS.
    let mute = load_with(tls.clone().merge(("tls.ciphers", Vec::<String>::new())), &[url, mail]);
    assert!(mute.err().unwrap().starts_with("NIGHTLATCH_PROXY__TRUSTED: "));
    for wrong in
        [("tls.mutual.ca_certs", "ca.pem"), ("tls.key.hunter2", "x"), ("tls.cert", "hunter2"), ("tls.ciphers", "x")]
    {
        let error = load_with(tls.clone().merge(wrong), &[url, mail, proxy]).err().unwrap();
        assert!(error.starts_with("ROCKET_TLS: ") && !error.contains("hunter2"), "{error}");
    }
}

#[test]
fn a_broker_on_this_machine_may_do_without_tls_and_without_words() {
    let amqp = |url| load(&[("NIGHTLATCH_AMQP_URL", url)]).amqp.unwrap();
    for (url, host) in [("amqp://localhost", "localhost"), ("amqp://127.0.0.1/", "127.0.0.1"), ("amqp://[::1]", "::1")]
    {
        let amqp = amqp(url);
        assert_eq!((amqp.tls, &*amqp.host, amqp.port, &*amqp.vhost), (false, host, 5672, "/"), "{url}");
        assert_eq!(
            (&*amqp.user, amqp.password.reveal()),
            ("guest", "guest"),
            "as the specification of these addresses says"
        );
    }
    assert_eq!(amqp("amqps://ann:hunter2@mq.example.com").port, 5671);
    let name = "NIGHTLATCH_AMQP_URL";
    let error = refusal(name, &[(name, "amqp://ann:hunter2@mq.example.com/events")]);
    assert!(error.contains("amqps"), "{error}");
}

#[test]
fn postgresql_needs_a_secret_from_outside() {
    let url = ("NIGHTLATCH_DATABASE_URL", "postgres://ann:hunter2@db.example.com/x");
    refusal("NIGHTLATCH_SECRET_KEY", &[url]);
    assert!(load(&[url, ("NIGHTLATCH_SECRET_KEY", secret_text())]).secret_key.is_some());
}

#[test]
fn an_unknown_variable_is_named() {
    for name in [
        "NIGHTLATCH_",
        "NIGHTLATCH_SECRET",
        "NIGHTLATCH_SESSION_IDLE",
        "NIGHTLATCH_SESSION__IDEL",
        "NIGHTLATCH_SESSION__IDLE__X",
        "NIGHTLATCH_DATABASE__URL",
        "NIGHTLATCH_PASSWORD",
        "NIGHTLATCH_MAIL__PASSWORD",
        "NIGHTLATCH_PUBLIC_URL_FILE",
        "NIGHTLATCH_SESSION__IDLE_FILE",
        "NIGHTLATCH_SERVICES",
        "NIGHTLATCH_PORTS",
    ] {
        let error =
            load_with(rocket_figment(), &[(name, "hunter2")]).err().unwrap_or_else(|| panic!("{name} is taken"));
        let named = name.strip_suffix("__X").unwrap_or(name);
        assert!(error.starts_with(named), "{name} is not named by: {error}");
        assert!(!error.contains("hunter2") && !error.contains('\n'), "{error}");
    }
}

#[test]
fn only_on_this_machine_can_there_be_no_limits() {
    let off = ("NIGHTLATCH_LIMITS__ENABLED", "false");
    assert!(!load(&[off]).limits.enabled);
    let https = |url: &'static str| {
        [
            ("NIGHTLATCH_PUBLIC_URL", url),
            ("NIGHTLATCH_MAIL__SMTP_URL", "smtps://mail.example.com"),
            ("NIGHTLATCH_PROXY__TRUSTED", "none"),
            off,
        ]
    };
    assert!(!load(&https("https://localhost:8443")).limits.enabled);
    refusal("NIGHTLATCH_LIMITS__ENABLED", &https("https://id.example.com"));
}

#[test]
fn what_kubernetes_injects_is_no_setting() {
    load(&[
        ("NIGHTLATCH_PORT", "tcp://10.0.0.11:8000"),
        ("NIGHTLATCH_PORT_8000_TCP", "tcp://10.0.0.11:8000"),
        ("NIGHTLATCH_PORT_8000_TCP_ADDR", "10.0.0.11"),
        ("NIGHTLATCH_SERVICE_HOST", "10.0.0.11"),
        ("NIGHTLATCH_SERVICE_PORT", "8000"),
        ("NIGHTLATCH_SERVICE_PORT_HTTP", "8000"),
        ("OTHER_NIGHTLATCH_X", "1"),
        ("nightlatch_x", "1"),
    ]);
}

#[test]
fn a_value_that_cannot_be_is_refused_by_name() {
    for (name, values) in [
        ("NIGHTLATCH_SESSION__IDLE", &["", "10", "ten", "-1m", "0s", "500ms", "10m 5"][..]),
        ("NIGHTLATCH_SESSION__ABSOLUTE", &["25h", "2d", "x", "99999999999999999999h"]),
        ("NIGHTLATCH_SESSION__FRESH", &["soon"]),
        ("NIGHTLATCH_CODE__TTL", &["59s", "16m", "0s", "90s"]),
        ("NIGHTLATCH_CODE__ATTEMPTS", &["0", "11", "-1", "five", "5.0"]),
        ("NIGHTLATCH_LIMITS__ENABLED", &["", "yes", "0"]),
        ("NIGHTLATCH_LIMITS__FREE_FAILURES", &["0", "101", "-1", "x"]),
        ("NIGHTLATCH_LIMITS__MOST_FAILURES", &["0", "101", "x"]),
        ("NIGHTLATCH_LIMITS__FIRST_WAIT", &["0s", "2h", "1"]),
        ("NIGHTLATCH_LIMITS__LONGEST_WAIT", &["0s", "61m", "x"]),
        ("NIGHTLATCH_LIMITS__SIGNINS_PER_MINUTE", &["0", "100001", "x"]),
        ("NIGHTLATCH_LIMITS__FAILURES_PER_MINUTE", &["0", "100001", "x"]),
        ("NIGHTLATCH_LIMITS__CODES_PER_MINUTE", &["0", "100001", "x"]),
        ("NIGHTLATCH_LIMITS__REQUESTS_PER_MINUTE", &["0", "100001", "x"]),
        ("NIGHTLATCH_LIMITS__REQUESTS_PER_HOUR", &["0", "100001", "x"]),
        ("NIGHTLATCH_LIMITS__MAIL_PAUSE", &["2h", "-1s", "x"]),
        ("NIGHTLATCH_LIMITS__MAIL_PER_HOUR", &["0", "100001", "x"]),
        ("NIGHTLATCH_LIMITS__MAIL_PER_DAY", &["0", "100001", "x"]),
        ("NIGHTLATCH_DATABASE_URL", &["", "mysql://ann:hunter2@x/y", "nightlatch.db", "Postgres"]),
        ("NIGHTLATCH_DATABASE__MAX_CONNECTIONS", &["0", "-1", "many", "4294967296"]),
        ("NIGHTLATCH_SIGNUP__MODE", &["", "closed", "Open"]),
        ("NIGHTLATCH_SUPERUSER__SECOND_FACTOR", &["", "yes", "Required"]),
        ("NIGHTLATCH_SUPERUSER__EMAIL", &["", "root", "root@localhost"]),
        ("NIGHTLATCH_SIGNUP__VERIFY_EMAIL", &["", "yes", "1", "TRUE"]),
        ("NIGHTLATCH_MAIL__FROM", &["", "Nightlatch", "a@b@c", "<x>"]),
        (
            "NIGHTLATCH_MAIL__SMTP_URL",
            &[
                "",
                "mail.example.com",
                "http://ann:hunter2@mail.example.com",
                "smtp://",
                "smtp://ann:hunter2@:25",
                "hunter2",
            ],
        ),
        (
            "NIGHTLATCH_AMQP_URL",
            &[
                "",
                "localhost",
                "amqp://",
                "http://ann:hunter2@localhost",
                "amqp://ann:hunter2@localhost/a/b",
                "amqps://ann:hunter2@mq.example.com/?verify=verify_none",
                "hunter2",
            ],
        ),
        ("NIGHTLATCH_PASSWORD__MIN_LENGTH", &["7", "65", "256", "x"]),
        ("NIGHTLATCH_PASSWORD__MEMORY_KIB", &["0", "7167", "1048577", "x"]),
        ("NIGHTLATCH_PASSWORD__ITERATIONS", &["x", "-1"]),
        ("NIGHTLATCH_HASH__PERMITS", &["0", "x"]),
        ("NIGHTLATCH_HASH__QUEUE", &["-1", "x"]),
        ("NIGHTLATCH_PROXY__TRUSTED", &["", "all", "10.0.0.0/33", "10.0.0.0/8;", "example.com", "none,10.0.0.0/8"]),
        (
            "NIGHTLATCH_SECURITY__CONTACT",
            &[
                "",
                "security@example.com",
                "mailto:",
                "http://example.com/security",
                "javascript:alert(1)",
                " mailto:a@example.com",
                "mailto:a@example.com\nContact: mailto:b@example.com",
            ],
        ),
        ("NIGHTLATCH_RETENTION__EVENTS", &["", "0s", "0d", "23h", "365", "-1d"]),
        ("NIGHTLATCH_RETENTION__SESSIONS", &["0s", "1439m", "never"]),
        ("NIGHTLATCH_RETENTION__LETTERS", &["0s", "86399s"]),
        ("NIGHTLATCH_LOG__FORMAT", &["", "xml", "JSON"]),
        ("NIGHTLATCH_STOP__DELAY", &["", "5", "soon"]),
        ("NIGHTLATCH_CONNECTIONS__MAX", &["", "0", "-1", "many"]),
        ("NIGHTLATCH_CONNECTIONS__PER_NETWORK", &["", "0", "few"]),
        (
            "NIGHTLATCH_METRICS__ADDRESS",
            &["", "9100", ":9100", "127.0.0.1", "localhost:9100", "127.0.0.1:99999", "http://127.0.0.1:9100"],
        ),
    ] {
        for value in values {
            refusal(name, &[(name, value)]);
        }
    }
}

#[test]
fn a_text_that_looks_like_a_number_stays_a_text() {
    // Rocket's own reader would make numbers, truth values and lists of these.
    for text in ["12345678901234567890123456789012345678901234", "true", "[1]", "1e5", "0x10", "{a=1}"] {
        let settings = load(&[("NIGHTLATCH_SECRET_KEY", text), ("NIGHTLATCH_DATA_DIR", text)]);
        assert_eq!(settings.secret_key.unwrap().reveal(), text);
        assert!(settings.data_dir.ends_with(text), "{}", settings.data_dir.display());
    }
    let settings = load(&[("NIGHTLATCH_CODE__ATTEMPTS", " 4 "), ("NIGHTLATCH_SIGNUP__VERIFY_EMAIL", " false ")]);
    assert_eq!((settings.code.attempts, settings.signup.verify_email), (4, false));
}

#[test]
fn each_secret_can_be_a_file() {
    let folder = TempDir::new("files");
    let settings = load(&[
        ("NIGHTLATCH_SECRET_KEY_FILE", &folder.file("key", &format!("{}\n", secret_text()))),
        ("NIGHTLATCH_DATABASE_URL_FILE", &folder.file("db", "postgres://ann:hunter2@db.example.com/x\n")),
        ("NIGHTLATCH_MAIL__SMTP_URL_FILE", &folder.file("smtp", "smtp://ann:hunter2@mail.example.com\r\n")),
        ("NIGHTLATCH_AMQP_URL_FILE", &folder.file("amqp", "amqps://ann:hunter2@mq.example.com\n")),
    ]);
    assert_eq!(settings.secret_key.unwrap().reveal(), secret_text());
    assert_eq!(settings.database.url.reveal(), "postgres://ann:hunter2@db.example.com/x?sslmode=verify-full");
    assert_eq!(settings.mail.smtp_url.unwrap().reveal(), "smtp://ann:hunter2@mail.example.com");
    assert_eq!(settings.amqp.unwrap().password.reveal(), "hunter2");

    let name = "NIGHTLATCH_SECRET_KEY_FILE";
    let missing = folder.0.join("missing").to_str().unwrap().to_owned();
    assert!(refusal(name, &[(name, &missing)]).contains(&missing), "the file is named too");
    refusal(name, &[(name, folder.0.to_str().unwrap())]);
    for name in ["NIGHTLATCH_SECRET_KEY", "NIGHTLATCH_MAIL__SMTP_URL", "NIGHTLATCH_DATABASE_URL", "NIGHTLATCH_AMQP_URL"]
    {
        let file = (&*format!("{name}_FILE"), &*folder.file("twice", "hunter2"));
        for vars in [[(name, "hunter2"), file], [file, (name, "hunter2")]] {
            let error = load_with(rocket_figment(), &vars).err().unwrap();
            assert!(error.starts_with(name) && error.contains("twice") && !error.contains("hunter2"), "{error}");
        }
    }
}

#[test]
fn the_environment_comes_before_the_file() {
    use rocket::figment::providers::{Format, Toml};
    let file = |text: &str| rocket_figment().merge(Toml::string(text).nested());
    let text = "[default.nightlatch]\npublic_url = \"http://localhost:9000\"\n\
        [default.nightlatch.session]\nidle = \"3m\"\nabsolute = \"1h\"\n\
        [default.nightlatch.code]\nattempts = 4\n[default.nightlatch.signup]\nverify_email = false\n";
    let settings = load_with(file(text), &[("NIGHTLATCH_SESSION__IDLE", "4m")]).unwrap();
    assert_eq!(settings.session.idle, Duration::from_secs(240));
    assert_eq!(settings.session.absolute, Duration::from_secs(3600));
    assert_eq!(settings.public_url, "http://localhost:9000");
    assert_eq!((settings.code.attempts, settings.signup.verify_email), (4, false));
    for (text, name) in [
        ("[default.nightlatch]\npublic_ulr = \"x\"", "NIGHTLATCH_PUBLIC_ULR"),
        ("[default.nightlatch.session]\nidel = \"3m\"", "NIGHTLATCH_SESSION__IDEL"),
        ("[default.nightlatch.session]\nidle = [3]", "NIGHTLATCH_SESSION__IDLE"),
        ("[default.nightlatch]\nsession = \"3m\"", "NIGHTLATCH_SESSION"),
        ("[default.nightlatch]\nsecret_key = 4711", "NIGHTLATCH_SECRET_KEY"),
    ] {
        let error = load_with(file(text), &[]).err().unwrap();
        assert!(error.starts_with(&format!("{name}: ")) && !error.contains('\n'), "{name} is not named by: {error}");
        assert!(!error.contains("4711"), "{error}");
    }
}

/// The program, in a folder of its own and with these variables only.
pub fn program(folder: &TempDir, arguments: &[&str], vars: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nightlatch"));
    command.args(arguments).env_clear().envs(vars.iter().copied()).current_dir(&folder.0);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// How the program ended: its exit code, its words on standard output and on standard error, and how long that took.
pub fn run(folder: &TempDir, arguments: &[&str], vars: &[(&str, &str)]) -> (Option<i32>, String, String, Duration) {
    let begun = Instant::now();
    let mut child = program(folder, arguments, vars).spawn().unwrap();
    let (told, heard) = mpsc::channel();
    let (mut out, mut err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    thread::spawn(move || {
        let (mut words, mut errors) = (String::new(), String::new());
        out.read_to_string(&mut words).unwrap();
        err.read_to_string(&mut errors).unwrap();
        told.send((words, errors)).unwrap();
    });
    // What should have stopped may run for ever instead.
    let heard = heard.recv_timeout(Duration::from_secs(20));
    let _ = child.kill();
    let code = child.wait().unwrap().code();
    let (words, errors) = heard.unwrap_or_else(|_| panic!("{arguments:?} with {vars:?} goes on and on"));
    (code, words, errors, begun.elapsed())
}

/// Starts the server and waits until it says that it serves.
pub fn serve(folder: &TempDir, vars: &[(&str, &str)]) -> Serving {
    let mut child = program(folder, &[], vars).spawn().unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut serving = Serving { child, said: String::new(), lines };
    while let Some(Ok(line)) = serving.lines.next() {
        serving.said += &line;
        if line.contains("in a browser") {
            return serving;
        }
    }
    panic!("the server did not start: {}", serving.said);
}

pub struct Serving {
    child: Child,
    said: String,
    lines: Lines<BufReader<ChildStderr>>,
}

impl Serving {
    fn tell_to_stop(&self) {
        assert!(Command::new("kill").arg(self.child.id().to_string()).status().unwrap().success());
    }

    /// Tells the server to stop, and waits for it: its exit code and what it said since it started.
    fn stop(mut self) -> (Option<i32>, String) {
        self.tell_to_stop();
        let said = self.lines.by_ref().map_while(Result::ok).collect();
        (self.child.wait().unwrap().code(), said)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_wrong_setting_stops_the_program_within_a_second_and_in_one_line() {
    let folder = TempDir::new("wrong");
    let secret = ("NIGHTLATCH_SECRET_KEY", secret_text());
    let mail = ("NIGHTLATCH_MAIL__SMTP_URL", "smtp://localhost");
    for (vars, name) in [
        (&[("NIGHTLATCH_SESION__IDLE", "10m")][..], "NIGHTLATCH_SESION"),
        (&[("NIGHTLATCH_SESSION__IDLE", "soon")], "NIGHTLATCH_SESSION__IDLE"),
        (&[("NIGHTLATCH_PUBLIC_URL", "http://id.example.com")], "NIGHTLATCH_PUBLIC_URL"),
        (&[("NIGHTLATCH_SECRET_KEY", "aHVudGVyMg==")], "NIGHTLATCH_SECRET_KEY"),
        (&[("NIGHTLATCH_SECRET_KEY", "hunter2")], "NIGHTLATCH_SECRET_KEY"),
        (&[("NIGHTLATCH_SECRET_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")], "NIGHTLATCH_SECRET_KEY"),
        (&[("NIGHTLATCH_DATA_DIR", "/proc/nightlatch")], "NIGHTLATCH_DATA_DIR"),
        (&[("NIGHTLATCH_DATABASE_URL", "sqlite:///nowhere/x.db"), secret], "NIGHTLATCH_DATABASE_URL"),
        (&[("NIGHTLATCH_DATABASE_URL", "postgres://ann:hunter2@127.0.0.1:1/x"), secret], "NIGHTLATCH_DATABASE_URL"),
        (&[("NIGHTLATCH_METRICS__ADDRESS", "9100")], "NIGHTLATCH_METRICS__ADDRESS"),
        (&[("ROCKET_PORT", "many")], "ROCKET_PORT"),
        (&[("ROCKET_LOG_LEVEL", "debug")], "ROCKET_LOG_LEVEL"),
        (&[("ROCKET_ADDRESS", "here")], "ROCKET_ADDRESS"),
        (&[("ROCKET_TLS", "{certs=\"nowhere.pem\",key=\"hunter2\"}"), mail], "ROCKET_TLS: certs: "),
        (&[("ROCKET_TLS", "{certs=\"/dev/null\",key=\"/dev/null\"}"), mail], "ROCKET_TLS: key: "),
        (&[("ROCKET_TLS", "yes"), mail], "ROCKET_TLS: must be like"),
    ] {
        let (code, words, errors, took) = run(&folder, &[], vars);
        assert_eq!(code, Some(1), "{vars:?}: {errors}");
        assert!(errors.contains(name), "{name} is not named by: {errors}");
        assert_eq!((errors.lines().count(), words.as_str()), (1, ""), "{errors}");
        for secret in ["hunter2", "aHVudGVyMg"] {
            assert!(!errors.contains(secret), "{errors}");
        }
        assert!(took < Duration::from_secs(1), "{name}: {took:?}");
    }
}

#[test]
fn the_metrics_are_served_on_their_own_address_and_stop_with_the_server() {
    let folder = TempDir::new("metrics");
    let vars = [("ROCKET_PORT", "0"), ("NIGHTLATCH_METRICS__ADDRESS", "127.0.0.1:0")];
    let serving = serve(&folder, &vars);
    let (_, told) = serving.said.split_once("metrics are at http://").unwrap_or_else(|| panic!("{}", serving.said));
    let address = told.split('/').next().unwrap().to_owned();
    let answer = get(&address, "/metrics");
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\nnightlatch_nodes 1\n"), "{answer}");
    assert!(!answer.to_lowercase().contains("set-cookie"), "{answer}");
    assert!(get(&address, "/signin").starts_with("HTTP/1.1 404"));

    let taken = [("ROCKET_PORT", "0"), ("NIGHTLATCH_METRICS__ADDRESS", &*address)];
    let (code, _, errors, _) = run(&folder, &[], &taken);
    let last = errors.lines().last().unwrap();
    assert_eq!(code, Some(1), "{errors}");
    assert!(last.contains("NIGHTLATCH_METRICS__ADDRESS") && last.contains(&address), "{errors}");

    // Somebody who scrapes keeps the connection for the next time.
    let idle = TcpStream::connect(&address).unwrap();
    let begun = Instant::now();
    let (code, said) = serving.stop();
    assert!(code == Some(0) && said.contains("stopped"), "{code:?} {said}");
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    assert!(TcpStream::connect(&address).is_err(), "the listener is still there");
    drop(idle);
}

#[test]
fn a_server_told_to_stop_goes_on_for_the_delay_and_says_that_it_is_not_ready() {
    let folder = TempDir::new("delay");
    // Below the ports that the system gives to whoever asks for any.
    let port = (20_000 + std::process::id() % 12_000).to_string();
    let serving = serve(&folder, &[("ROCKET_PORT", &*port), ("NIGHTLATCH_STOP__DELAY", "1m")]);
    let address = format!("localhost:{port}");
    assert!(get(&address, "/health/ready").starts_with("HTTP/1.1 200"));
    serving.tell_to_stop();
    let patience = Instant::now() + Duration::from_secs(10);
    while !get(&address, "/health/ready").contains("this node is stopping") {
        assert!(Instant::now() < patience, "it says that it is ready");
    }
    assert!(get(&address, "/health/ready").starts_with("HTTP/1.1 503"));
    assert!(get(&address, "/signin").starts_with("HTTP/1.1 200"), "it goes on");
    let begun = Instant::now();
    let (code, said) = serving.stop();
    assert!(code == Some(0) && said.contains("stopped"), "{code:?} {said}");
    assert!(begun.elapsed() < Duration::from_secs(30), "a second signal stops it at once");
}

/// What the server at `address` answers to somebody who asks for `path`.
fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn help_is_there_for_every_command() {
    let folder = TempDir::new("help");
    for (arguments, word) in [
        (&["--help"][..], "migrate"),
        (&["migrate", "--help"], "schema"),
        (&["check", "--help"], "--letter"),
        (&["check", "--help"], "--audit"),
        (&["backup", "--help"], "FILE"),
        (&["user", "--help"], "logout"),
        (&["user", "create", "--help"], "--password-stdin"),
        (&["keys", "--help"], "rotate"),
        (&["export", "--help"], "events"),
        (&["serve", "--help"], "Serve"),
        (&["help"], "serve"),
    ] {
        let (code, words, errors, _) = run(&folder, arguments, &[]);
        assert_eq!((code, errors.as_str()), (Some(0), ""), "{arguments:?}");
        assert!(words.contains(word), "{words}");
    }
    let (code, words, errors, _) = run(&folder, &["dance"], &[]);
    assert!(code != Some(0) && words.is_empty() && errors.contains("dance"), "{code:?} {errors}");
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 0, "nothing was made");
}

#[test]
fn the_first_start_makes_files_for_their_owner_only_and_the_second_takes_them() {
    let folder = TempDir::new("start");
    let data = folder.0.join("data");
    let key = data.join("secret.key");
    let vars = [("ROCKET_PORT", "0")];
    let first = serve(&folder, &vars);
    assert!(first.said.contains(data.to_str().unwrap()), "absolute paths are told: {}", first.said);
    assert_eq!((mode(&data), mode(&key)), (0o700, 0o600));
    assert!(data.join("nightlatch.db").exists());
    let secret = fs::read_to_string(&key).unwrap();
    assert!(!first.said.contains(secret.trim()), "{}", first.said);
    drop(first);
    drop(serve(&folder, &vars));
    assert_eq!(fs::read_to_string(&key).unwrap(), secret);

    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let (code, _, errors, _) = run(&folder, &[], &vars);
    assert_eq!(code, Some(1));
    assert!(errors.contains("NIGHTLATCH_SECRET_KEY") && errors.contains(key.to_str().unwrap()), "{errors}");
    assert!(errors.contains("chmod 600") && errors.lines().count() == 1, "{errors}");

    // Another secret does not open the keys in this database.
    let (code, _, errors, _) = run(&folder, &[], &[("NIGHTLATCH_SECRET_KEY", secret_text()), vars[0]]);
    assert_eq!((code, errors.lines().count()), (Some(1), 1), "{errors}");
    assert!(errors.contains("NIGHTLATCH_SECRET_KEY"), "{errors}");
}

#[test]
fn a_broken_secret_file_stops_the_start() {
    let folder = TempDir::new("broken");
    fs::create_dir(folder.0.join("data")).unwrap();
    for text in ["", "hunter2", "aHVudGVyMg==\n"] {
        let key = folder.file("data/secret.key", text);
        let (code, _, errors, _) = run(&folder, &[], &[("ROCKET_PORT", "0")]);
        assert_eq!((code, errors.lines().count()), (Some(1), 1), "{errors}");
        assert!(errors.contains("NIGHTLATCH_SECRET_KEY") && !errors.contains("hunter2"), "{errors}");
        assert_eq!(fs::read_to_string(&key).unwrap(), text, "nothing is written over a secret");
    }
}

#[async_test]
async fn migrate_works_twice() {
    let folder = TempDir::new("migrate");
    for _ in 0..2 {
        let (code, words, errors, _) = run(&folder, &["migrate"], &[]);
        assert_eq!((code, errors.as_str()), (Some(0), ""));
        assert!(words.contains("up to date"), "{words}");
    }
    assert!(folder.0.join("data/nightlatch.db").exists());
    // And a third time on the database of these tests, whichever that is.
    let app = TestApp::new().await;
    let vars = [("NIGHTLATCH_DATABASE_URL", &*app.database_url), ("NIGHTLATCH_SECRET_KEY", secret_text())];
    let (code, words, errors, _) = run(&folder, &["migrate"], &vars);
    assert_eq!((code, errors.as_str()), (Some(0), ""));
    assert!(words.contains("up to date"), "{words}");
}
