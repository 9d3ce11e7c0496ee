//! A whole server for one test: its own database, a clock moved by hand, mail in memory, cheap hashes.
use std::{
    collections::BTreeMap,
    ffi::OsString,
    future::poll_fn,
    pin::pin,
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicI64, AtomicU32, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use nightlatch::{
    Server,
    accounts::{
        Accounts,
        admin::{NewAccount, Operator},
    },
    clock::{Clock, Timestamp},
    mail::{Mailer, Post},
    secret::Secret,
    settings::{Settings, rocket_figment},
    workers::{follower::Follower, postman::Postman},
};
use rocket::{
    Build, Rocket,
    http::{ContentType, Header, Status},
    local::asynchronous::{Client, LocalRequest, LocalResponse},
};
use serde_json::Value;
use sqlx::{AssertSqlSafe, Row, any::AnyRow};
use totp_rs::Totp;

/// Where every test's clock begins.
pub const START: i64 = 1_790_000_000_000;

/// A password that the policy takes.
pub const PASSWORD: &str = "plum-harbor-velvet-signal";

/// The address of the superuser.
pub const SUPERUSER: &str = "root@example.com";

/// The tests' secret, as the variable wants it. Every run draws its own: one that stands in the sources would be refused.
pub fn secret_text() -> &'static str {
    static SECRET: LazyLock<String> = LazyLock::new(|| STANDARD.encode(*Secret::draw()));
    &SECRET
}

/// The tests' secret.
pub fn secret() -> Secret {
    Secret::new(&STANDARD.decode(secret_text()).unwrap()).unwrap()
}

/// A server with its clock, its mail and its database.
pub struct TestApp {
    pub client: Arc<Client>,
    pub database_url: String,
    clock: Arc<AtomicI64>,
    uptime: Arc<AtomicI64>,
    cookies: Mutex<Browser>,
    schema: Option<String>,
    folder: std::path::PathBuf,
}

/// What a test changes before its server starts.
#[derive(Default)]
pub struct Options {
    /// More settings, named as in the environment.
    pub vars: Vec<(&'static str, String)>,
    /// More routes, for guards that no page uses yet.
    pub mount: Option<fn(Rocket<Build>) -> Rocket<Build>>,
    /// Whether letters leave by themselves, to the mail server of the settings.
    pub smtp: bool,
    /// Whether letters go to the mail folder, where `/dev/mailbox` shows them.
    pub mailbox: bool,
    /// How far the server's clock is ahead of the test's.
    pub clock_ahead: Duration,
}

/// The cookies of one browser: name and value.
pub type Browser = Vec<(String, String)>;

/// An answer that was read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: Status,
    pub headers: BTreeMap<String, Vec<String>>,
    pub body: String,
}

/// An app on somebody's phone.
pub struct Authenticator(Totp);

impl Authenticator {
    /// With what it scanned.
    pub fn of(uri: &str) -> Self {
        Self(Totp::from_url(uri).unwrap())
    }

    /// What it shows at `now`.
    pub fn code(&self, now: Timestamp) -> String {
        self.0.generate(now.seconds().unsigned_abs()).to_string()
    }
}

impl TestApp {
    pub async fn new() -> Self {
        Self::with(Options::default()).await
    }

    /// A server with these settings beside the usual ones.
    pub async fn with_settings(vars: &[(&'static str, &str)]) -> Self {
        let vars = vars.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Self::with(Options { vars, ..Options::default() }).await
    }

    /// A server behind a proxy that speaks https for it.
    pub async fn https() -> Self {
        Self::with_settings(&[
            ("NIGHTLATCH_PUBLIC_URL", "https://id.example.test"),
            ("NIGHTLATCH_MAIL__SMTP_URL", "smtps://mail.example.test"),
            ("NIGHTLATCH_PROXY__TRUSTED", "none"),
        ])
        .await
    }

    pub async fn with(options: Options) -> Self {
        let folder = folder();
        let (database_url, schema) = database(&folder).await;
        let clock = Arc::new(AtomicI64::new(START));
        let uptime = Arc::new(AtomicI64::new(1_000));
        let client = start(&folder, &database_url, &clock, &uptime, options).await;
        Self { client, database_url, clock, uptime, cookies: Mutex::default(), schema, folder }
    }

    /// Stops this server and starts it again on the same database and clock: what it knows, it read there.
    pub async fn restarted(&self) -> Self {
        self.restarted_on(&self.database_url).await
    }

    /// The same by another URL of the same database.
    pub async fn restarted_on(&self, database_url: &str) -> Self {
        self.follower().leave().await;
        self.second_node_on(database_url).await
    }

    /// From now on the database says that it is `now`. On SQLite, which has no clock, nothing happens.
    pub async fn set_database_clock(&self, now: Timestamp) {
        tell_time(&self.database_url, now).await;
    }

    /// Starts a second server beside this one, on the same database and clock, with an uptime of its own.
    pub async fn second_node(&self) -> Self {
        self.second_node_on(&self.database_url).await
    }

    /// Whether the database has a clock of its own.
    pub fn database_has_clock(&self) -> bool {
        !self.database_url.starts_with("sqlite:")
    }

    /// The same on a machine whose clock is ahead by so much.
    pub async fn second_node_ahead(&self, clock_ahead: Duration) -> Self {
        self.node(&self.database_url, Options { clock_ahead, ..Options::default() }).await
    }

    /// The same with these settings.
    pub async fn second_node_with(&self, vars: &[(&'static str, &str)]) -> Self {
        let vars = vars.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        self.node(&self.database_url, Options { vars, ..Options::default() }).await
    }

    async fn second_node_on(&self, database_url: &str) -> Self {
        self.node(database_url, Options::default()).await
    }

    async fn node(&self, database_url: &str, options: Options) -> Self {
        self.set_database_clock(self.now()).await;
        let uptime = Arc::new(AtomicI64::new(70_000));
        let client = start(&self.folder, database_url, &self.clock, &uptime, options).await;
        let cookies = Mutex::new(self.cookies.lock().unwrap().clone());
        let (clock, database_url) = (Arc::clone(&self.clock), self.database_url.clone());
        Self { client, database_url, clock, uptime, cookies, schema: None, folder: folder() }
    }

    /// The domain behind the surface.
    pub fn accounts(&self) -> &Accounts {
        self.client.rocket().state::<Accounts>().unwrap()
    }

    /// What reads the endings of other nodes; in a test only when it is told to.
    pub fn follower(&self) -> &Follower {
        self.client.rocket().state::<Arc<Follower>>().unwrap()
    }

    /// Lets this node's machine run on without anything happening on it.
    pub fn stall(&self, span: Duration) {
        self.uptime.fetch_add(i64::try_from(span.as_millis()).unwrap(), Ordering::SeqCst);
    }

    /// Where this server keeps its files.
    pub fn data_dir(&self) -> &std::path::Path {
        &self.folder
    }

    /// Moves the clock on.
    pub fn advance(&self, span: Duration) {
        self.clock.fetch_add(i64::try_from(span.as_millis()).unwrap(), Ordering::SeqCst);
    }

    pub fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.clock.load(Ordering::SeqCst))
    }

    /// Sends `request` as this visitor's browser would: with its cookies, keeping those of the answer.
    pub async fn send<'c>(&'c self, mut request: LocalRequest<'c>) -> LocalResponse<'c> {
        if let Some(header) = self.cookie_header() {
            request = request.header(Header::new("Cookie", header));
        }
        let response = request.header(Header::new("Sec-Fetch-Site", "same-origin")).dispatch().await;
        self.keep_cookies(&response);
        response
    }

    pub async fn get<'c>(&'c self, path: &str) -> LocalResponse<'c> {
        self.send(self.client.get(path.to_owned())).await
    }

    pub async fn post_form<'c>(&'c self, path: &str, fields: &[(&str, &str)]) -> LocalResponse<'c> {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.send(self.client.post(path.to_owned()).header(ContentType::Form).body(body)).await
    }

    pub async fn post_json<'c>(&'c self, path: &str, body: Value) -> LocalResponse<'c> {
        self.send(self.client.post(path.to_owned()).header(ContentType::JSON).body(body.to_string())).await
    }

    /// The `Cookie` header of this visitor's browser.
    pub fn cookie_header(&self) -> Option<String> {
        let cookies = self.cookies.lock().unwrap();
        let header = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        (!header.is_empty()).then_some(header)
    }

    /// The session token in this visitor's browser.
    pub fn token(&self) -> Option<String> {
        let cookies = self.cookies.lock().unwrap();
        cookies.iter().find(|(name, _)| name == SESSION_COOKIE).map(|(_, value)| value.clone())
    }

    /// Goes on in another browser; answers this one's cookies, to come back to it.
    pub fn change_browser(&self, cookies: Browser) -> Browser {
        std::mem::replace(&mut self.cookies.lock().unwrap(), cookies)
    }

    /// Sends `body` as a program does, which keeps no cookies.
    pub async fn call(&self, path: &str, body: Value) -> Answer {
        let request = self.client.post(path.to_owned()).header(ContentType::JSON).body(body.to_string());
        Answer::of(request.dispatch().await).await
    }

    /// What `GET /api/auth/session` says to the holder of `token`.
    pub async fn session_of(&self, token: &str) -> Answer {
        let cookie = Header::new("Cookie", format!("{SESSION_COOKIE}={token}"));
        Answer::of(self.client.get("/api/auth/session").header(cookie).dispatch().await).await
    }

    /// The same from the browser that holds the session of `token`, and nothing else.
    pub async fn call_as(&self, token: &str, path: &str, body: Value) -> Answer {
        let request = self.client.post(path.to_owned()).header(ContentType::JSON).body(body.to_string());
        Self::send_as(token, request).await
    }

    /// Looks at `path` from the browser that holds the session of `token`, and nothing else.
    pub async fn get_as(&self, token: &str, path: &str) -> Answer {
        Self::send_as(token, self.client.get(path.to_owned())).await
    }

    async fn send_as<'c>(token: &str, request: LocalRequest<'c>) -> Answer {
        let cookie = Header::new("Cookie", format!("{SESSION_COOKIE}={token}"));
        Answer::of(request.header(cookie).header(Header::new("Sec-Fetch-Site", "same-origin")).dispatch().await).await
    }

    /// Signs somebody in with another browser; answers the token of that session.
    pub async fn session_elsewhere(&self, email: &str, password: &str) -> String {
        let answer = self.call("/api/auth/signin", serde_json::json!({ "email": email, "password": password })).await;
        answer.token().unwrap_or_else(|| panic!("{answer:?}"))
    }

    /// Takes every cookie away but the one that the browser is recognised by. Another browser: [`Self::change_browser`].
    pub fn forget_cookies(&self) {
        self.cookies.lock().unwrap().retain(|(name, _)| name == DEVICE_COOKIE);
    }

    fn keep_cookies(&self, response: &LocalResponse<'_>) {
        let mut cookies = self.cookies.lock().unwrap();
        for line in response.headers().get("Set-Cookie") {
            let (name, rest) = line.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            cookies.retain(|(kept, _)| kept != name);
            if !line.contains("Max-Age=0") {
                cookies.push((name.to_owned(), value.to_owned()));
            }
        }
    }

    /// Delivers what is in the mail queue; answers the letters that left, as text.
    pub async fn letters(&self) -> Vec<String> {
        let postman = self.client.rocket().state::<Arc<Postman>>().unwrap();
        while postman.deliver().await.unwrap() > 0 {}
        let Mailer::Memory(kept) = &postman.post.mailer else { panic!("tests keep mail in memory") };
        std::mem::take(&mut kept.lock().unwrap())
    }

    /// The same, each with its recipient.
    pub async fn mail(&self) -> Vec<(String, String)> {
        let mut waiting =
            self.list("SELECT id || ' ' || recipient FROM letters WHERE sent_at IS NULL AND dropped_at IS NULL").await;
        waiting.sort_unstable();
        let letters = self.letters().await;
        assert_eq!(waiting.len(), letters.len(), "{waiting:?}");
        waiting.iter().map(|row| row.split_once(' ').unwrap().1.to_owned()).zip(letters).collect()
    }

    /// The code in the only letter that is waiting.
    pub async fn mailed_code(&self) -> String {
        let letters = self.letters().await;
        assert_eq!(letters.len(), 1, "one letter was expected: {letters:?}");
        code_in(&letters[0]).unwrap_or_else(|| panic!("no code in: {}", letters[0]))
    }

    /// Signs somebody up through the pages and proves the address: signed in afterwards.
    pub async fn sign_up(&self, email: &str) {
        let answer = self.post_form("/signup", &[("name", "Ann"), ("email", email), ("password", PASSWORD)]).await;
        assert_eq!(answer.status(), Status::SeeOther);
        let code = self.mailed_code().await;
        assert_eq!(self.post_form("/verify-email", &[("code", &code)]).await.status(), Status::SeeOther);
    }

    pub async fn sign_in<'c>(&'c self, email: &str, password: &str) -> LocalResponse<'c> {
        self.post_form("/signin", &[("email", email), ("password", password)]).await
    }

    /// Turns the second factor of whoever is signed in on; answers the app and the recovery codes. The clock has moved on to the app's next
    /// code.
    pub async fn turn_on_second_factor(&self) -> (Authenticator, Vec<String>) {
        let begun = Answer::of(self.post_json("/api/account/second-factor", serde_json::json!({})).await).await;
        let authenticator = Authenticator::of(begun.json()["uri"].as_str().unwrap());
        let code = serde_json::json!({ "code": authenticator.code(self.now()) });
        let on = Answer::of(self.post_json("/api/account/second-factor/confirm", code).await).await;
        assert_eq!(on.status, Status::Ok, "{on:?}");
        self.letters().await;
        self.advance(Duration::from_secs(30));
        (authenticator, serde_json::from_value(on.json()["recovery_codes"].clone()).unwrap())
    }

    /// Makes a superuser and signs in with another browser; answers the token of that session.
    pub async fn superuser(&self) -> String {
        let new = NewAccount { email: SUPERUSER, role: "superuser", password: Some(PASSWORD), ..NewAccount::default() };
        self.accounts().create_account(&Operator::command_line(), &new).await.unwrap();
        let token = self.session_elsewhere(SUPERUSER, PASSWORD).await;
        self.letters().await;
        token
    }

    /// Changes the database behind the server's back.
    pub async fn execute(&self, sql: &str) {
        let pool = self.client.rocket().state::<Arc<Postman>>().unwrap().db.clone();
        sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&*pool).await.unwrap();
    }

    /// What `sql` counts, to look behind the surface where there is no other way.
    pub async fn count(&self, sql: &str) -> i64 {
        self.ask(sql).await
    }

    /// A column of texts from the database.
    pub async fn list(&self, sql: &str) -> Vec<String> {
        let pool = self.client.rocket().state::<Arc<Postman>>().unwrap().db.clone();
        sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_all(&*pool).await.unwrap()
    }

    /// Every row of `table` as text.
    pub async fn rows(&self, table: &str) -> Vec<String> {
        let pool = self.client.rocket().state::<Arc<Postman>>().unwrap().db.clone();
        let rows = sqlx::query(AssertSqlSafe(format!("SELECT * FROM {table}"))).fetch_all(&*pool).await.unwrap();
        let cell = |row: &AnyRow, column: usize| match row.try_get::<Option<String>, _>(column) {
            Ok(text) => format!("{text:?}"),
            Err(_) => format!("{:?}", row.get::<Option<i64>, _>(column)),
        };
        rows.iter().map(|row| (0..row.len()).map(|column| cell(row, column)).collect::<Vec<_>>().join(" ")).collect()
    }

    /// One value from the database.
    pub async fn ask<T>(&self, sql: &str) -> T
    where
        T: for<'r> sqlx::Decode<'r, sqlx::Any> + sqlx::Type<sqlx::Any> + Send + Unpin,
    {
        let pool = self.client.rocket().state::<Arc<Postman>>().unwrap().db.clone();
        sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&*pool).await.unwrap()
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let postman = self.client.rocket().state::<Arc<Postman>>().unwrap();
            if let Mailer::Memory(kept) = &postman.post.mailer {
                assert!(kept.lock().unwrap().is_empty(), "letters were sent that the test did not read");
            }
        }
        let _ = std::fs::remove_dir_all(&self.folder);
        if let Some(schema) = self.schema.take() {
            drop_schema(schema);
        }
    }
}

impl Answer {
    pub async fn of(response: LocalResponse<'_>) -> Self {
        let mut headers = BTreeMap::<_, Vec<String>>::new();
        for header in response.headers().iter() {
            headers.entry(header.name().as_str().to_ascii_lowercase()).or_default().push(header.value().to_owned());
        }
        let status = response.status();
        Self { status, headers, body: response.into_string().await.unwrap_or_default() }
    }

    /// The only value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let values = self.headers.get(name)?;
        assert_eq!(values.len(), 1, "{name} came more than once");
        Some(&values[0])
    }

    /// The `Set-Cookie` line of the cookie called `name`.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let mut lines = self.headers.get("set-cookie")?.iter().map(String::as_str);
        lines.find(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with('=')))
    }

    /// The session token that it brought.
    pub fn token(&self) -> Option<String> {
        let value = self.cookie(SESSION_COOKIE)?.split(';').next()?.split_once('=')?.1;
        (!value.is_empty()).then(|| value.to_owned())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// Everything a stranger could tell two answers apart by, without what is random and what the stranger typed.
    pub fn outline(&self, typed: &str) -> String {
        let mut body = if typed.is_empty() { self.body.clone() } else { self.body.replace(typed, "(typed)") };
        if let Ok(Value::Object(mut object)) = serde_json::from_str(&body) {
            object.entry("request").and_modify(|request| *request = request.as_str().unwrap().len().into());
            body = Value::Object(object).to_string();
        }
        // A password is suggested anew on each page.
        if let (Some(from), Some(to)) = (body.find("<code>"), body.find("</code>")) {
            body.replace_range(from..to, "");
        }
        let mut headers = self.headers.clone();
        headers.remove("x-request-id");
        for line in headers.get_mut("set-cookie").into_iter().flatten() {
            let (name, rest) = line.split_once('=').unwrap();
            let (value, attributes) = rest.split_once(';').unwrap();
            *line = format!("{name}=({});{attributes}", value.len());
        }
        format!("{}\n{headers:#?}\n{body}", self.status)
    }
}

/// The session cookie's name at the tests' public URL.
pub const SESSION_COOKIE: &str = "nightlatch-8000";

/// The name of the cookie that browsers are recognised by.
pub const DEVICE_COOKIE: &str = "nightlatch-8000-device";

/// The session cookie's name where the public URL is https.
pub const SECURE_COOKIE: &str = "__Host-nightlatch";

/// Header and claims of a token, whoever signed it.
pub fn token_parts(token: &str) -> (Value, Value) {
    let mut parts = token.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap_or_default());
    let mut next = || serde_json::from_slice(&parts.next().unwrap()).unwrap();
    (next(), next())
}

/// The number in the `Max-Age` of a `Set-Cookie` line.
pub fn max_age(line: &str) -> i64 {
    let value = line.split("; ").find_map(|part| part.strip_prefix("Max-Age="));
    value.unwrap_or_else(|| panic!("no Max-Age in {line}")).parse().unwrap()
}

/// The eight digits in a letter.
pub fn code_in(letter: &str) -> Option<String> {
    let found = letter.lines().map(str::trim).find(|line| line.len() == 9 && line.as_bytes()[4] == b' ')?;
    found.replace(' ', "").bytes().all(|b| b.is_ascii_digit()).then(|| found.to_owned())
}

/// A code with its last digit changed: eight digits, but wrong.
pub fn other_than(code: &str) -> String {
    let last = if code.ends_with('0') { "1" } else { "0" };
    format!("{}{last}", &code[..code.len() - 1])
}

/// Lets `act` go on until it has waited so many times, and drops it there; true when it was done by then.
pub async fn dies_after<T>(mut waits: usize, act: impl Future<Output = T>) -> bool {
    let mut act = pin!(act);
    let step = |context: &mut Context<'_>| match (act.as_mut().poll(context), waits.checked_sub(1)) {
        (Poll::Ready(_), _) => Poll::Ready(true),
        (Poll::Pending, None) => Poll::Ready(false),
        (Poll::Pending, Some(left)) => {
            waits = left;
            Poll::Pending
        }
    };
    poll_fn(step).await
}

async fn start(
    folder: &std::path::Path,
    database_url: &str,
    clock: &Arc<AtomicI64>,
    uptime: &Arc<AtomicI64>,
    options: Options,
) -> Arc<Client> {
    // Tests do in a moment what people do in weeks. Where the settings allow it there are no limits, but for those who test them.
    let named = |name: &str| options.vars.iter().any(|(given, _)| *given == name);
    let unlimited = !named("NIGHTLATCH_LIMITS__ENABLED") && !named("NIGHTLATCH_PUBLIC_URL");
    let limits = unlimited.then(|| ("NIGHTLATCH_LIMITS__ENABLED", "false".to_owned()));
    let vars = [
        ("NIGHTLATCH_DATA_DIR", folder.to_str().unwrap().to_owned()),
        ("NIGHTLATCH_DATABASE_URL", database_url.to_owned()),
    ]
    .into_iter()
    .chain([("NIGHTLATCH_SECRET_KEY", secret_text().to_owned())])
    .chain([("NIGHTLATCH_DATABASE__MAX_CONNECTIONS", "5".to_owned())])
    .chain(limits)
    .chain(options.vars)
    .map(|(name, value)| (OsString::from(name), OsString::from(value)));
    let mut settings = Settings::load(rocket_figment(), vars).unwrap_or_else(|error| panic!("{error}"));
    // The settings refuse what is as cheap as this.
    settings.password.memory_kib = 8;
    settings.password.iterations = 1;
    let secret = secret();
    let post = if options.smtp || options.mailbox { Post::new(&settings) } else { Post::in_memory(&settings) }.unwrap();
    let (told, uptime) = (Arc::clone(clock), Arc::clone(uptime));
    // The uptime stands still unless a test moves it: a node that has read the endings once trusts its memory.
    let uptime = move || Duration::from_millis(uptime.load(Ordering::SeqCst).unsigned_abs());
    let clock =
        Clock::new(move || Timestamp::from_millis(told.load(Ordering::SeqCst)).plus(options.clock_ahead), uptime);
    let node = nightlatch::model::id::random_text();
    let rocket = nightlatch::server(Server { settings, clock, secret, post, node, workers: options.smtp }).unwrap();
    let rocket = match options.mount {
        Some(mount) => mount(rocket),
        None => rocket,
    };
    Arc::new(Client::untracked(rocket).await.unwrap())
}

fn folder() -> std::path::PathBuf {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("nightlatch-test-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// A database of the test's own: a file, or a schema of the PostgreSQL that `TEST_DATABASE_URL` names.
async fn database(folder: &std::path::Path) -> (String, Option<String>) {
    let Ok(server) = std::env::var("TEST_DATABASE_URL") else {
        return (format!("sqlite://{}/test.db", folder.display()), None);
    };
    let schema = folder.file_name().unwrap().to_str().unwrap().replace('-', "_");
    postgres(&server, format!("CREATE SCHEMA {schema}")).await;
    // The schema stands before the database's own functions, so that a test can tell it the time.
    let url = format!("{server}?options[search_path]={schema},pg_catalog");
    tell_time(&url, Timestamp::from_millis(START)).await;
    (url, Some(schema))
}

/// From now on the PostgreSQL behind `url` says to whoever asks by that URL that it is `now`.
async fn tell_time(url: &str, now: Timestamp) {
    if !url.starts_with("sqlite:") {
        let body = format!("SELECT to_timestamp({} / 1000.0)", now.millis());
        let sql = format!("CREATE OR REPLACE FUNCTION clock_timestamp() RETURNS timestamptz LANGUAGE sql AS '{body}'");
        postgres(url, sql).await;
    }
}

async fn postgres(server: &str, sql: String) {
    use sqlx::{AnyConnection, Connection, Executor};
    sqlx::any::install_default_drivers();
    let mut connection =
        AnyConnection::connect(server).await.unwrap_or_else(|error| panic!("TEST_DATABASE_URL: {error}"));
    connection.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await.unwrap();
    connection.close().await.unwrap();
}

fn drop_schema(schema: String) {
    // Dropping is not async; the schema's server is still there, the test's runtime may not be.
    let done = std::thread::spawn(move || {
        let Ok(server) = std::env::var("TEST_DATABASE_URL") else { return };
        rocket::tokio::runtime::Runtime::new()
            .unwrap()
            .block_on(postgres(&server, format!("DROP SCHEMA {schema} CASCADE")));
    });
    done.join().unwrap();
}
