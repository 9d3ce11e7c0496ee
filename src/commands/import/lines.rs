//! JSON, one object a line, as `nightlatch export users` writes it.
use std::io::{BufRead, Read};

use serde_json::{Map, Value};

use super::{
    columns::{self, Named},
    source::{LONGEST, Taker},
};
use crate::accounts::admin::import::{Field, Places, Row};

/// Hands all rows to `taker`; what an export says of sessions and events is passed over. The first row has every column that is asked for.
pub fn read(mut file: impl BufRead, named: &[Named], taker: &mut Taker) -> Result<(), String> {
    let mut line = Vec::new();
    // Most rows have the columns of the one before.
    let mut known: Option<(Vec<String>, Places)> = None;
    for number in 1.. {
        line.clear();
        let length = file.by_ref().take(LONGEST).read_until(b'\n', &mut line).map_err(|error| error.to_string())?;
        if length == 0 {
            return Ok(());
        }
        if length as u64 == LONGEST && !line.ends_with(b"\n") {
            return Err(format!("line {number} is longer than {LONGEST} bytes"));
        }
        // Some programs begin a file with a mark of its encoding.
        let text = line.strip_prefix("\u{feff}".as_bytes()).filter(|_| number == 1).unwrap_or(&line);
        let item = match serde_json::from_slice::<Map<String, Value>>(text) {
            _ if text.trim_ascii().is_empty() => continue,
            Ok(object) if object.get("kind").is_some_and(|kind| kind == "session" || kind == "event") => continue,
            Ok(object) => {
                let object = unwrapped(object);
                let is_known = known.as_ref().is_some_and(|(columns, _)| object.keys().eq(columns));
                if !is_known {
                    let columns: Vec<String> = object.keys().cloned().collect();
                    let strict = known.is_none();
                    let places =
                        if strict { columns::places(named, &columns)? } else { columns::found(named, &columns) };
                    known = Some((columns, places));
                }
                let values: Vec<Value> = object.into_values().collect();
                let places = known.as_ref().map(|(_, places)| *places).unwrap_or_default();
                fields(&values, &places).map(|fields| Row { number, fields }).map_err(|broken| (number, broken))
            }
            // What the library says may show what stands there.
            Err(error) if error.is_data() => Err((number, "is no JSON object".into())),
            Err(error) => Err((number, format!("is no JSON object (column {})", error.column()))),
        };
        if !taker.take(item) {
            return Ok(());
        }
    }
    Ok(())
}

/// Django's `dumpdata` has the columns one level down, and apart from them the key.
fn unwrapped(mut object: Map<String, Value>) -> Map<String, Value> {
    match object.remove("fields") {
        Some(Value::Object(mut fields)) => {
            fields.extend(object.remove("pk").map(|key| ("id".to_owned(), key)));
            fields
        }
        Some(other) => {
            object.insert("fields".to_owned(), other);
            object
        }
        None => object,
    }
}

fn fields(values: &[Value], places: &Places) -> Result<[Option<String>; Field::COUNT], String> {
    let mut fields = Row::default().fields;
    for (field, place) in fields.iter_mut().zip(places) {
        *field = match place.map(|place| &values[place]) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.clone()),
            Some(value @ (Value::Bool(_) | Value::Number(_))) => Some(value.to_string()),
            Some(_) => return Err("has a list or an object in the place of a text".into()),
        };
    }
    Ok(fields)
}
