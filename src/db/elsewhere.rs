//! Reads a table of another application's database, which is not changed.
use rocket::futures::{StreamExt, stream::BoxStream};
use sqlx::{AnyConnection, AssertSqlSafe, Connection, Error, Row, any::AnyRow};

/// A transaction that reads what was there when it began, however long it takes.
pub struct Elsewhere {
    connection: AnyConnection,
    /// Columns of PostgreSQL's type for bytes, as `columns` found them.
    of_bytes: Vec<String>,
}

/// The texts of a row, or `None` where one of them is not UTF-8.
pub type Texts = Option<Vec<Option<String>>>;

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
            _ => &[
                "SET TIME ZONE 'UTC'",
                "SET DateStyle = 'ISO'",
                "SET bytea_output = 'hex'",
                "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            ],
        };
        for statement in begin {
            sqlx::query(*statement).execute(&mut connection).await?;
        }
        Ok(Self { connection, of_bytes: Vec::new() })
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
                "SELECT CAST(attname AS TEXT), atttypid = CAST('bytea' AS regtype) FROM pg_attribute
                WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
            }
        };
        if self.connection.backend_name() == "SQLite" {
            return sqlx::query_scalar(sql).bind(table).fetch_all(&mut self.connection).await;
        }
        let rows = sqlx::query(sql).bind(quoted(table)).fetch_all(&mut self.connection).await?;
        let columns = rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?)));
        let columns = columns.collect::<sqlx::Result<Vec<(String, bool)>>>()?;
        self.of_bytes = columns.iter().filter(|(_, of_bytes)| *of_bytes).map(|(name, _)| name.clone()).collect();
        Ok(columns.into_iter().map(|(name, _)| name).collect())
    }

    /// The texts of `columns`, row by row as they come, in the order of the first column. Bytes are taken for text: some applications keep
    /// their hashes so.
    ///
    /// # Errors
    /// The database is gone, or the role may not read the table.
    pub fn rows(&mut self, table: &str, columns: &[String]) -> BoxStream<'_, sqlx::Result<Texts>> {
        let of_bytes: Vec<bool> = columns.iter().map(|column| self.of_bytes.contains(column)).collect();
        let list: Vec<String> = columns.iter().map(|column| format!("CAST({} AS TEXT)", identifier(column))).collect();
        let sql = format!("SELECT {} FROM {} ORDER BY {}", list.join(", "), quoted(table), identifier(&columns[0]));
        let rows = sqlx::query(AssertSqlSafe(sql)).fetch(&mut self.connection);
        let texts = move |row: sqlx::Result<AnyRow>| {
            let text = |row: &AnyRow, place: usize| {
                let text: Option<String> = row.try_get(place)?;
                if of_bytes[place] { text.as_deref().map(text_of_bytes).transpose() } else { Ok(text) }
            };
            match row.and_then(|row| (0..of_bytes.len()).map(|place| text(&row, place)).collect()) {
                Ok(texts) => Ok(Some(texts)),
                Err(Error::Decode(_) | Error::ColumnDecode { .. }) => Ok(None),
                Err(error) => Err(error),
            }
        };
        rows.map(texts).boxed()
    }
}

/// What the database says, without what the library says around it.
pub fn in_words(error: &Error) -> String {
    match error {
        Error::Database(error) => error.message().to_owned(),
        // It may quote a part of the URL, and that may be the password.
        Error::Configuration(_) => "is no URL that can be read".into(),
        error => error.to_string(),
    }
}

/// What PostgreSQL writes as `\x616e6e`.
fn text_of_bytes(hex: &str) -> sqlx::Result<String> {
    let digits = hex.strip_prefix("\\x").unwrap_or_default();
    let bytes = (0..digits.len() / 2).filter_map(|at| u8::from_str_radix(digits.get(at * 2..at * 2 + 2)?, 16).ok());
    String::from_utf8(bytes.collect()).map_err(|error| Error::Decode(error.into()))
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
