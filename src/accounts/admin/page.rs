//! Lists that are read page by page.
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::model::invalid::{Fault, Invalid};

/// A part of a list, and where the next one begins.
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// What brings the next page; `None` on the last.
    pub next: Option<String>,
}

/// The place after a row: its key in the order of the list, and its id.
pub(super) struct Cursor {
    pub key: String,
    pub id: String,
}

impl Cursor {
    /// Reads what [`Page::next`] said.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok();
        let parts = bytes.and_then(|bytes| serde_json::from_slice::<(String, String)>(&bytes).ok());
        // No database can store the character NUL, nor be asked for it.
        let parts = parts.filter(|(key, id)| !key.contains('\0') && !id.contains('\0'));
        parts.map(|(key, id)| Self { key, id }).ok_or(Fault::NotACursor.of("cursor"))
    }

    /// The same for a list in the order of time, in milliseconds.
    pub fn parse_time(text: &str) -> Result<(i64, String), Invalid> {
        let Self { key, id } = Self::parse(text)?;
        key.parse().map(|key| (key, id)).map_err(|_| Fault::NotACursor.of("cursor"))
    }

    fn text(key: &str, id: &str) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::json!([key, id]).to_string())
    }
}

impl<T> Page<T> {
    /// The first `limit` of `rows`, one more of which were asked for; `place` tells key and id of a row.
    pub(super) fn of(mut rows: Vec<T>, limit: i64, place: impl Fn(&T) -> (String, String)) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|row| {
            let (key, id) = place(row);
            Cursor::text(&key, &id)
        });
        Self { items: rows, next }
    }
}
