//! Reads the fields of a form or of a JSON body into one struct, equally strictly: every fault names its field.
use std::{fmt, vec::IntoIter};

use rocket::{
    Data, Request,
    data::{FromData, Outcome, ToByteUnit},
    http::Status,
};
use serde::{
    Deserializer,
    de::{DeserializeOwned, DeserializeSeed, Error, MapAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::Value;

use super::problem::{self, FieldError, Problem};
use crate::model::{id::UserId, invalid};

/// The fields of a body, as the struct that derives `Deserialize` with `deny_unknown_fields`.
pub struct Input<T>(pub T);

/// The most of a body that is taken, in KiB.
pub const LIMIT_KIB: u64 = 16;

/// A parameter of the query that may be left out. Given twice it is refused, since nobody can tell which was meant.
pub fn once<'v>(name: &'static str, given: &[&'v str]) -> Result<Option<&'v str>, Problem> {
    match given {
        [] => Ok(None),
        [value] if value.contains('\0') => Err(Problem::nul(name)),
        [value] => Ok(Some(value)),
        _ => Err(Problem::invalid(vec![Fault::duplicate_field(name).0])),
    }
}

/// A parameter of the query that holds one of several words; without it the empty word is read.
pub fn word<T>(
    name: &'static str,
    given: &[&str],
    parse: impl Fn(&str) -> Result<T, invalid::Fault>,
) -> Result<T, Problem> {
    parse(once(name, given)?.unwrap_or_default()).map_err(|fault| Problem::fault(fault.of(name)))
}

/// Reads the id of an account; empty means nobody in particular.
pub fn account(word: &str) -> Result<Option<UserId>, invalid::Fault> {
    match word {
        "" => Ok(None),
        word => UserId::parse(word).map(Some).ok_or(invalid::Fault::NotAnId),
    }
}

#[rocket::async_trait]
impl<'r, T: DeserializeOwned> FromData<'r> for Input<T> {
    type Error = ();

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r, Self> {
        let is_form = request.content_type().is_some_and(|kind| kind.is_form());
        match receive(data, is_form).await {
            Ok(input) => Outcome::Success(Self(input)),
            Err(problem) => {
                let status: Status = problem.status();
                problem::keep(request, problem);
                Outcome::Error((status, ()))
            }
        }
    }
}

/// The fields of a JSON body that may be left out altogether.
pub struct Optional<T>(pub Option<T>);

#[rocket::async_trait]
impl<'r, T: DeserializeOwned> FromData<'r> for Optional<T> {
    type Error = ();

    async fn from_data(request: &'r Request<'_>, mut data: Data<'r>) -> Outcome<'r, Self> {
        // Nothing, or JSON's word for it.
        if [&b""[..], b"null"].contains(&data.peek(5).await) {
            return Outcome::Success(Self(None));
        }
        if !request.content_type().is_some_and(|kind| kind.is_json()) {
            let problem = Problem::unsupported_media_type("application/json");
            let status: Status = problem.status();
            problem::keep(request, problem);
            return Outcome::Error((status, ()));
        }
        Input::from_data(request, data).await.map(|Input(fields)| Self(Some(fields)))
    }
}

async fn receive<T: DeserializeOwned>(data: Data<'_>, is_form: bool) -> Result<T, Problem> {
    let body = data.open(LIMIT_KIB.kibibytes()).into_bytes().await;
    // A body that stops short is the caller's doing.
    let body = body.map_err(|_| Problem::no_fields("The request's body did not arrive whole."))?;
    if !body.is_complete() {
        return Err(Problem::payload_too_large(LIMIT_KIB));
    }
    read(&body, is_form)
}

/// The fields of a whole body: of a form, or of a JSON object.
///
/// # Errors
/// Neither, a field that is missing, unknown, doubled or of another type, or one that holds NUL.
pub fn read<T: DeserializeOwned>(body: &[u8], is_form: bool) -> Result<T, Problem> {
    let fields = if is_form { form(body) } else { json(body) }?;
    if let Some((name, _)) = fields.iter().find(|(_, value)| value.as_str().is_some_and(|text| text.contains('\0'))) {
        return Err(Problem::nul(name));
    }
    T::deserialize(MapAccessDeserializer::new(Fields { rest: fields.into_iter(), next: None }))
        .map_err(|fault| Problem::invalid(vec![fault.0]))
}

fn form(body: &[u8]) -> Result<Vec<(String, Value)>, Problem> {
    let text = std::str::from_utf8(body).map_err(|_| Problem::no_fields("The form is not UTF-8 text."))?;
    let decoded = |raw: &rocket::http::RawStr| raw.url_decode().map(std::borrow::Cow::into_owned);
    rocket::http::RawStr::new(text)
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_at_byte(b'=');
            Ok((decoded(name)?, Value::String(decoded(value)?)))
        })
        .collect::<Result<_, std::str::Utf8Error>>()
        .map_err(|_| Problem::no_fields("The form is not UTF-8 text."))
}

/// The members of a JSON object in their order, doubled ones too.
fn json(body: &[u8]) -> Result<Vec<(String, Value)>, Problem> {
    struct Members;

    impl<'de> Visitor<'de> for Members {
        type Value = Vec<(String, Value)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a JSON object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members = Vec::new();
            while let Some(member) = map.next_entry()? {
                members.push(member);
            }
            Ok(members)
        }
    }

    let unreadable = |_| Problem::no_fields("The body must be one JSON object.");
    let mut reader = serde_json::Deserializer::from_slice(body);
    let members = reader.deserialize_map(Members).map_err(unreadable)?;
    reader.end().map_err(unreadable)?;
    Ok(members)
}

struct Fields {
    rest: IntoIter<(String, Value)>,
    next: Option<(String, Value)>,
}

impl<'de> MapAccess<'de> for Fields {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        self.next = self.rest.next();
        let Some((name, _)) = &self.next else { return Ok(None) };
        seed.deserialize(serde::de::value::StrDeserializer::new(name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let (name, value) = self.next.take().unwrap_or_default();
        seed.deserialize(value).map_err(|error| Fault(FieldError::new(&name, "type", &capitalised(&error.to_string()))))
    }
}

/// What serde finds wrong, as an error of the field.
#[derive(Debug)]
struct Fault(FieldError);

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Fault {}

impl Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(FieldError::new("", "type", &capitalised(&message.to_string())))
    }

    fn missing_field(field: &'static str) -> Self {
        Self(FieldError::new(field, "missing", "This is missing."))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let known = expected.join(", ");
        Self(FieldError::new(field, "unknown", &format!("There is no such field here; there are: {known}.")))
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self(FieldError::new(field, "duplicate", "This was given more than once."))
    }
}

fn capitalised(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}
