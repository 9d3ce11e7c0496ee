//! A dashboard with an account and its last sign-ins from SQLite, for whoever has a session there: axum, axum-login, askama. `/start` makes
//! the session. The page has the words and the style of the program's, and is about as long.
//!
//! Environment: CEILING_PORT, DATABASE_URL (sqlite:…).
use std::{env, error::Error, str::FromStr};

use askama::Template;
use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse, Response},
    routing::get,
};
use axum_login::{AuthManagerLayerBuilder, AuthUser, AuthnBackend, UserId};
use sqlx::{
    FromRow, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions},
};
use tower_sessions::SessionManagerLayer;
use tower_sessions_sqlx_store::SqliteStore;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL, since TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS signins (id INTEGER PRIMARY KEY, user INTEGER NOT NULL, at TEXT NOT NULL, device TEXT NOT NULL, ip TEXT NOT NULL);
    CREATE INDEX IF NOT EXISTS signins_of_user ON signins (user, id);
    INSERT OR IGNORE INTO users VALUES (1, 'Ann Example', 'person0@example.com', '2026-01-01T00:00:00Z');";
const SIGNIN: &str =
    "INSERT INTO signins (user, at, device, ip) VALUES (1, '2026-01-01T00:00:00Z', 'Firefox on Linux', '127.0.0.1')";
const RECENT: &str = "SELECT at, device, ip FROM signins WHERE user = ?1 ORDER BY id DESC LIMIT 5";

#[derive(Clone, Debug, FromRow)]
struct User {
    id: i64,
    name: String,
    email: String,
    since: String,
}

#[derive(FromRow)]
struct Signin {
    at: String,
    device: String,
    ip: String,
}

impl AuthUser for User {
    type Id = i64;

    fn id(&self) -> i64 {
        self.id
    }

    fn session_auth_hash(&self) -> &[u8] {
        self.email.as_bytes()
    }
}

#[derive(Clone)]
struct Users(SqlitePool);

impl AuthnBackend for Users {
    type User = User;
    type Credentials = i64;
    type Error = sqlx::Error;

    async fn authenticate(&self, id: i64) -> Result<Option<User>, sqlx::Error> {
        self.get_user(&id).await
    }

    async fn get_user(&self, id: &UserId<Self>) -> Result<Option<User>, sqlx::Error> {
        let user = sqlx::query_as("SELECT id, name, email, since FROM users WHERE id = ?1").bind(id);
        user.fetch_optional(&self.0).await
    }
}

type Auth = axum_login::AuthSession<Users>;

#[derive(Template)]
#[template(path = "dashboard.html")]
struct Dashboard<'a> {
    user: &'a User,
    expires: String,
    signins: Vec<Signin>,
}

async fn start(mut auth: Auth) -> StatusCode {
    let Ok(Some(user)) = auth.authenticate(1).await else {
        return StatusCode::INTERNAL_SERVER_ERROR;
    };
    match auth.login(&user).await {
        Ok(()) => StatusCode::OK,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

async fn dashboard(State(pool): State<SqlitePool>, auth: Auth) -> Response {
    let Some(user) = &auth.user else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let Ok(signins) = sqlx::query_as(RECENT).bind(user.id).fetch_all(&pool).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let page = Dashboard { user, expires: auth.session.expiry_date().to_string(), signins };
    page.render().map_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response(), |page| Html(page).into_response())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let options = SqliteConnectOptions::from_str(&env::var("DATABASE_URL")?)?;
    let options = options.create_if_missing(true).journal_mode(SqliteJournalMode::Wal);
    let pool = SqlitePoolOptions::new().max_connections(10).connect_with(options).await?;
    sqlx::raw_sql(SCHEMA).execute(&pool).await?;
    for _ in 0..5 {
        sqlx::query(SIGNIN).execute(&pool).await?;
    }
    let store = SqliteStore::new(pool.clone());
    store.migrate().await?;
    let sessions =
        AuthManagerLayerBuilder::new(Users(pool.clone()), SessionManagerLayer::new(store).with_secure(false));
    let app = Router::new()
        .route("/start", get(start))
        .route("/dashboard", get(dashboard))
        .layer(sessions.build())
        .with_state(pool);
    let port: u16 = env::var("CEILING_PORT")?.parse()?;
    axum::serve(tokio::net::TcpListener::bind(("127.0.0.1", port)).await?, app).await?;
    Ok(())
}
