//! Which column is what.
use std::str::FromStr;

use crate::accounts::admin::import::{Field, Places};

/// One of `--columns`: a field and the column it is in; no column leaves the field out.
#[derive(Clone)]
pub struct Named {
    field: Field,
    column: String,
}

impl FromStr for Named {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (field, column) = text.split_once('=').ok_or_else(|| format!("`{text}` is not FIELD=COLUMN"))?;
        let field =
            Field::parse(field.trim()).ok_or_else(|| format!("`{field}` is no field; there are {}", Field::list()))?;
        Ok(Self { field, column: column.trim().to_owned() })
    }
}

/// Where each field is among `columns`: where it was said to be, and else under its usual names.
pub fn found(named: &[Named], columns: &[String]) -> Places {
    let mut places = Field::usual(columns);
    for Named { field, column } in named {
        places[*field as usize] = columns.iter().position(|one| one == column);
    }
    places
}

/// The same, or what is missing.
pub fn places(named: &[Named], columns: &[String]) -> Result<Places, String> {
    let missing = named.iter().find(|named| !named.column.is_empty() && !columns.contains(&named.column));
    if let Some(Named { column, .. }) = missing {
        return Err(format!("there is no column `{}`; there are {}", column.escape_debug(), list(columns)));
    }
    let places = found(named, columns);
    if places[Field::Email as usize].is_none() && places[Field::Username as usize].is_none() {
        let columns = list(columns);
        return Err(format!(
            "no column looks like an address or a username; name it by --columns email=COLUMN; there are {columns}"
        ));
    }
    Ok(places)
}

/// For one line on a terminal, whatever the columns are called.
fn list(columns: &[String]) -> String {
    const MOST: usize = 40;
    let more = if columns.len() > MOST { " and more" } else { "" };
    let shown: Vec<String> = columns.iter().take(MOST).map(|column| column.escape_debug().to_string()).collect();
    format!("{}{more}", shown.join(", "))
}
