//! A whole server for one test: its own database, a clock moved by hand, mail in memory, cheap hashes.
use std::{
    ffi::OsString,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU32, Ordering},
    },
    time::Duration,
};

use nightlatch::{
    Server,
    clock::{Clock, Timestamp},
    mail::{Mailer, Post},
    secret::Secret,
    settings::{Settings, rocket_figment},
    workers::postman::Postman,
};
use rocket::{
    Build, Rocket,
    http::{ContentType, Header, Status},
    local::asynchronous::{Client, LocalRequest, LocalResponse},
};
use serde_json::Value;
use sqlx::AssertSqlSafe;

/// Where every test's clock begins.
pub const START: i64 = 1_790_000_000_000;

/// A password that the policy takes.
pub const PASSWORD: &str = "plum-harbor-velvet-signal";

/// A server with its clock, its mail and its database.
pub struct TestApp {
    pub client: Client,
    pub database_url: String,
    clock: Arc<AtomicI64>,
    cookies: Mutex<Vec<(String, String)>>,
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
}

impl TestApp {
    pub async fn new() -> Self {
        Self::with(Options::default()).await
    }

    /// A server with these settings beside the usual ones.
    pub async fn with_settings(vars: &[(&'static str, &str)]) -> Self {
        let vars = vars.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Self::with(Options { vars, mount: None }).await
    }

    pub async fn with(options: Options) -> Self {
        let folder = folder();
        let (database_url, schema) = database(&folder).await;
        let clock = Arc::new(AtomicI64::new(START));
        let client = start(&folder, &database_url, &clock, options).await;
        Self { client, database_url, clock, cookies: Mutex::default(), schema, folder }
    }

    /// Starts a second server on the same database and clock: what it knows, it read there.
    pub async fn restarted(&self) -> Self {
        let client = start(&self.folder, &self.database_url, &self.clock, Options::default()).await;
        let cookies = Mutex::new(self.cookies.lock().unwrap().clone());
        let (clock, database_url) = (Arc::clone(&self.clock), self.database_url.clone());
        Self { client, database_url, clock, cookies, schema: None, folder: folder() }
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

    /// Takes every cookie away, as another browser would have none.
    pub fn forget_cookies(&self) {
        self.cookies.lock().unwrap().clear();
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

    /// What `sql` counts, to look behind the surface where there is no other way.
    pub async fn count(&self, sql: &str) -> i64 {
        self.ask(sql).await
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
            let Mailer::Memory(kept) = &postman.post.mailer else { return };
            assert!(kept.lock().unwrap().is_empty(), "letters were sent that the test did not read");
        }
        let _ = std::fs::remove_dir_all(&self.folder);
        if let Some(schema) = self.schema.take() {
            drop_schema(schema);
        }
    }
}

/// The session cookie's name at the tests' public URL.
pub const SESSION_COOKIE: &str = "nightlatch-8000";

/// The eight digits in a letter.
pub fn code_in(letter: &str) -> Option<String> {
    let found = letter.lines().map(str::trim).find(|line| line.len() == 9 && line.as_bytes()[4] == b' ')?;
    found.replace(' ', "").bytes().all(|b| b.is_ascii_digit()).then(|| found.to_owned())
}

async fn start(folder: &std::path::Path, database_url: &str, clock: &Arc<AtomicI64>, options: Options) -> Client {
    let vars = [
        ("NIGHTLATCH_DATA_DIR", folder.to_str().unwrap().to_owned()),
        ("NIGHTLATCH_DATABASE_URL", database_url.to_owned()),
    ]
    .into_iter()
    .chain([("NIGHTLATCH_SECRET_KEY", "dGhpcyBpcyBhIHNlY3JldCBmb3IgdGVzdHMgb25seSwgMzI=".to_owned())])
    .chain([("NIGHTLATCH_DATABASE__MAX_CONNECTIONS", "5".to_owned())])
    .chain(options.vars)
    .map(|(name, value)| (OsString::from(name), OsString::from(value)));
    let mut settings = Settings::load(rocket_figment(), vars).unwrap_or_else(|error| panic!("{error}"));
    // The settings refuse what is as cheap as this.
    settings.password.memory_kib = 8;
    settings.password.iterations = 1;
    let secret = Secret::new(&std::array::from_fn::<u8, 32, _>(|i| i as u8)).unwrap();
    let post = Post::in_memory(&settings).unwrap();
    let told = Arc::clone(clock);
    let clock = Clock::new(move || Timestamp::from_millis(told.load(Ordering::SeqCst)));
    let rocket = nightlatch::server(Server { settings, clock, secret, post, workers: false }).unwrap();
    let rocket = match options.mount {
        Some(mount) => mount(rocket),
        None => rocket,
    };
    Client::untracked(rocket).await.unwrap()
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
    (format!("{server}?options[search_path]={schema}"), Some(schema))
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
