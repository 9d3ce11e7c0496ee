//! `/admin/events`, and the same as files
mod file;

use rocket::{State, get};
use serde_json::{Value, json};
use tera::context;

use super::{PAGE, link, sessions::whose};
use crate::{
    accounts::{Accounts, Recorded, admin::Addresses},
    model::{event::EventKind, id::UserId},
    web::{
        Problem,
        event_query::EventQuery,
        guards::Superuser,
        input::once,
        view::{Again, Page, Pages, moment},
    },
};

use file::EventFile;

/// The audit trail, page by page; with what is wrong with its filters beside them.
#[get("/admin/events?<cursor>&<from>&<to>")]
pub async fn list(
    _superuser: Superuser<'_>,
    query: Result<EventQuery, Problem>,
    pages: Pages<'_>,
    accounts: &State<Accounts>,
    cursor: Vec<&str>,
    from: Option<&str>,
    to: Option<&str>,
) -> Result<Page, Again> {
    let typed = json!({ "from": from, "to": to });
    let filter = query.map(|EventQuery(filter)| filter).map_err(|problem| {
        let nothing = context! { events => &Value::Null, kinds => &kinds(None), whose => &Value::Null };
        pages.again("admin/events", &typed, problem, nothing)
    })?;
    let cursor = once("cursor", &cursor)?;
    let page = accounts.all_events(&filter, cursor, PAGE).await.map_err(Problem::from)?;
    let addresses = accounts.addresses(&page.items).await.map_err(Problem::from)?;
    let filters = [
        ("type", filter.kind.map_or("", EventKind::as_str)),
        ("user", filter.user.as_ref().map_or("", UserId::as_str)),
        ("from", from.unwrap_or_default()),
        ("to", to.unwrap_or_default()),
    ];
    let to = |cursor: &str| link("/admin/events", &[&filters[..], &[("cursor", cursor)]].concat());
    Ok(pages.form(
        "admin/events",
        context! {
            events => &page.items.iter().map(|event| row(event, &addresses)).collect::<Vec<_>>(),
            next => &page.next.as_deref().map(to),
            first => &cursor.map(|_| to("")),
            csv => &link("/admin/events.csv", &filters),
            jsonl => &link("/admin/events.jsonl", &filters),
            form => &typed,
            kinds => &kinds(filter.kind),
            whose => &whose(accounts, filter.user.as_ref()).await?,
        },
    ))
}

/// The same as comma-separated values.
#[get("/admin/events.csv")]
pub fn csv(superuser: Superuser<'_>, query: EventQuery, accounts: &State<Accounts>) -> EventFile {
    EventFile::csv(accounts, superuser.session, query.0)
}

/// The same as JSON, one object a line.
#[get("/admin/events.jsonl")]
pub fn json_lines(superuser: Superuser<'_>, query: EventQuery, accounts: &State<Accounts>) -> EventFile {
    EventFile::json_lines(accounts, superuser.session, query.0)
}

/// The types there are, and which is chosen.
fn kinds(chosen: Option<EventKind>) -> Value {
    let kinds = EventKind::ALL.iter();
    kinds.map(|kind| json!({ "word": kind.as_str(), "chosen": chosen == Some(*kind) })).collect()
}

/// An event in a list.
pub fn row(event: &Recorded, addresses: &Addresses) -> Value {
    let person = |id: &Option<String>| {
        let id = id.as_ref()?;
        Some(json!({ "id": id, "email": addresses.get(id) }))
    };
    let words = event.data.as_object().into_iter().flatten();
    let words = words.map(|(name, value)| format!("{name}: {}", value.as_str().unwrap_or_default().replace('_', " ")));
    json!({
        "at": moment(event.at),
        "kind": event.kind,
        "user": person(&event.user_id),
        "actor": person(&event.actor_id),
        "own": event.actor_id == event.user_id,
        "ip": event.client.ip.as_deref().unwrap_or("unknown"),
        "device": event.client.device(),
        "words": words.collect::<Vec<_>>().join(", "),
    })
}
