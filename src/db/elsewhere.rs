//! Reads a table of another application's database, which is not changed.
use std::future::ready;

use rocket::futures::{StreamExt, TryStreamExt, stream::BoxStream};
use sqlx::{AnyConnection, AssertSqlSafe, Connection, Error, Row};

/// A transaction that reads what was there when it began, however long it takes.
pub struct Elsewhere {
    connection: AnyConnection,
}

impl Elsewhere {
    /// Opens `url` (`sqlite://…` or `postgres://…`) for reading.
    ///
    /// # Errors
    /// It cannot be reached, or refuses the credentials.
    pub async fn open(url: &str) -> sqlx::Result<Self> {
        sqlx::any::install_default_drivers();
        let mut connection = AnyConnection::connect(&read_only(url)).await?;
        let begin: &[&'static str] = match connection.backend_name() {
            "SQLite" => &["PRAGMA query_only = 1", "BEGIN"],
            _ => &["SET TIME ZONE 'UTC'", "SET DateStyle = 'ISO'", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"],
        };
        for statement in begin {
            sqlx::query(*statement).execute(&mut connection).await?;
        }
        Ok(Self { connection })
    }

    /// The columns of `table`, which may name its schema too; none when there is no such table.
    ///
    /// # Errors
    /// The database is gone.
    pub async fn columns(&mut self, table: &str) -> sqlx::Result<Vec<String>> {
        // An SQLite database takes a column that is not there for a text of that name.
        let sql = match self.connection.backend_name() {
            "SQLite" => "SELECT name FROM pragma_table_info($1)",
            _ => {
                "SELECT CAST(attname AS TEXT) FROM pg_attribute
                WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
            }
        };
        let table = if self.connection.backend_name() == "SQLite" { table.to_owned() } else { quoted(table) };
        sqlx::query_scalar(sql).bind(table).fetch_all(&mut self.connection).await
    }

    /// The texts of `columns`, row by row as they come, in the order of the first column.
    ///
    /// # Errors
    /// The database is gone, or the role may not read the table.
    pub fn rows(&mut self, table: &str, columns: &[String]) -> BoxStream<'_, sqlx::Result<Vec<Option<String>>>> {
        let count = columns.len();
        let list: Vec<String> = columns.iter().map(|column| format!("CAST({} AS TEXT)", identifier(column))).collect();
        let sql = format!("SELECT {} FROM {} ORDER BY {}", list.join(", "), quoted(table), identifier(&columns[0]));
        let rows = sqlx::query(AssertSqlSafe(sql)).fetch(&mut self.connection);
        rows.and_then(move |row| ready((0..count).map(|place| row.try_get(place)).collect())).boxed()
    }
}

/// What the database says, without what the library says around it.
pub fn in_words(error: &Error) -> String {
    match error {
        Error::Database(error) => error.message().to_owned(),
        // It may quote a part of the URL, and that may be the password.
        Error::Configuration(_) => "is no URL that can be read".into(),
        Error::Decode(_) | Error::ColumnDecode { .. } => "holds what is not UTF-8".into(),
        error => error.to_string(),
    }
}

/// The same URL for reading only; the driver in one of SQLAlchemy's, `postgresql+psycopg2://`, says nothing here.
fn read_only(url: &str) -> String {
    let (scheme, rest) = url.split_once(':').unwrap_or((url, ""));
    let url = format!("{}:{rest}", scheme.split('+').next().unwrap_or(scheme));
    match url.starts_with("sqlite:") {
        true if url.contains('?') => format!("{url}&mode=ro"),
        true => format!("{url}?mode=ro"),
        false => url,
    }
}

/// A table and, before a dot, its schema.
fn quoted(table: &str) -> String {
    table.split('.').map(identifier).collect::<Vec<_>>().join(".")
}

fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
