//! Which events somebody asks for, in the query of a list or a file of them.
use rocket::{
    Request,
    http::Status,
    request::{FromRequest, Outcome},
};

use super::{
    input::once,
    problem::{self, Problem},
};
use crate::{
    accounts::admin::EventFilter,
    clock::Timestamp,
    model::{event::EventKind, id::UserId, invalid::Fault},
};

/// `type`, `user`, `from` and `to` of the query; each may be left out or empty.
pub struct EventQuery(pub EventFilter);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for EventQuery {
    type Error = Problem;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Problem> {
        match read(request) {
            Ok(filter) => Outcome::Success(Self(filter)),
            Err(problem) => {
                let status: Status = problem.status();
                problem::keep(request, problem.clone());
                Outcome::Error((status, problem))
            }
        }
    }
}

fn read(request: &Request<'_>) -> Result<EventFilter, Problem> {
    let given = |name: &'static str| {
        let values = request.query_fields().filter(|field| field.name == name).map(|field| field.value);
        Ok::<_, Problem>(once(name, &values.collect::<Vec<_>>())?.filter(|value| !value.is_empty()))
    };
    Ok(EventFilter {
        kind: read_as("type", given("type")?, EventKind::parse, Fault::NotAnEvent)?,
        user: read_as("user", given("user")?, UserId::parse, Fault::NotAnId)?,
        from: read_as("from", given("from")?, Timestamp::parse, Fault::NotATime)?,
        to: read_as("to", given("to")?, Timestamp::parse, Fault::NotATime)?,
    })
}

fn read_as<T>(
    name: &'static str,
    given: Option<&str>,
    parse: impl Fn(&str) -> Option<T>,
    otherwise: Fault,
) -> Result<Option<T>, Problem> {
    given.map(|text| parse(text).ok_or_else(|| Problem::fault(otherwise.of(name)))).transpose()
}
