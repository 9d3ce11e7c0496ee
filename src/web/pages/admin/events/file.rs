//! Events as a file, which is written while it is read: however many there are, a page of them is in memory.
use rocket::{
    Request, Response,
    http::{ContentType, Header},
    response::{Responder, stream::ByteStream},
};

use crate::{
    accounts::{Accounts, Internal, Recorded, admin::EventFilter},
    model::session::{EndReason, Session},
    web::api::answers::AnyEventAnswer,
};

/// Events that are read at once.
const PAGE: i64 = 1000;

/// What stands at the end of a file that could not be written to its end: nothing else tells it from a whole one.
const CUT: &str = "the rest is missing: the server could not go on";

const COLUMNS: [&str; 9] = ["id", "time", "type", "user_id", "actor_id", "session_id", "ip", "user_agent", "data"];

/// The events of a filter, the newest first.
pub struct EventFile {
    accounts: Accounts,
    session: Session,
    filter: EventFilter,
    format: Format,
}

#[derive(Clone, Copy)]
enum Format {
    Csv,
    JsonLines,
}

impl EventFile {
    /// As comma-separated values (RFC 4180) under a line of names.
    pub fn csv(accounts: &Accounts, session: &Session, filter: EventFilter) -> Self {
        Self { accounts: accounts.clone(), session: session.clone(), filter, format: Format::Csv }
    }

    /// As JSON objects, one a line.
    pub fn json_lines(accounts: &Accounts, session: &Session, filter: EventFilter) -> Self {
        Self { format: Format::JsonLines, ..Self::csv(accounts, session, filter) }
    }

    /// The events before the one with the id `before`; none for somebody who may not see them any more.
    async fn page(&self, before: Option<&str>) -> Result<Vec<Recorded>, Internal> {
        match self.accounts.ended(&self.session, self.accounts.now()).await? {
            // Reading on is use.
            None | Some(EndReason::Expired) => self.accounts.events_before(&self.filter, before, PAGE).await,
            Some(_) => Err(Internal::new("the session of whoever reads ended")),
        }
    }
}

impl<'r> Responder<'r, 'r> for EventFile {
    fn respond_to(self, request: &'r Request<'_>) -> rocket::response::Result<'r> {
        let format = self.format;
        let (kind, name) = match format {
            Format::Csv => (ContentType::CSV, "nightlatch-events.csv"),
            Format::JsonLines => (ContentType::new("application", "jsonl"), "nightlatch-events.jsonl"),
        };
        let text = ByteStream! {
            yield format.head();
            let mut before = None;
            loop {
                match self.page(before.as_deref()).await {
                    Ok(events) if events.is_empty() => break,
                    Ok(events) => {
                        before = events.last().map(|event| event.id.clone());
                        yield format.lines(events);
                    }
                    Err(error) => {
                        tracing::error!(%error, "a file of events was not written to its end");
                        yield format.cut();
                        break;
                    }
                }
            }
        };
        let mut response: Response<'r> = text.respond_to(request)?;
        response.set_header(kind);
        response.set_header(Header::new("Content-Disposition", format!("attachment; filename=\"{name}\"")));
        Ok(response)
    }
}

impl Format {
    fn head(self) -> Vec<u8> {
        match self {
            Self::Csv => records([COLUMNS.map(str::to_owned)]),
            Self::JsonLines => Vec::new(),
        }
    }

    fn lines(self, events: Vec<Recorded>) -> Vec<u8> {
        match self {
            Self::Csv => records(events.into_iter().map(cells)),
            Self::JsonLines => {
                let line = |event| serde_json::to_string(&AnyEventAnswer::from(event)).unwrap_or_default() + "\n";
                events.into_iter().map(line).collect::<String>().into_bytes()
            }
        }
    }

    fn cut(self) -> Vec<u8> {
        match self {
            Self::Csv => records([[CUT]]),
            Self::JsonLines => format!("{}\n", serde_json::json!({ "error": CUT })).into_bytes(),
        }
    }
}

fn cells(event: Recorded) -> [String; 9] {
    let known = Option::unwrap_or_default;
    [
        event.id,
        event.at.rfc3339(),
        event.kind,
        known(event.user_id),
        known(event.actor_id),
        known(event.session_id),
        known(event.client.ip),
        known(event.client.user_agent),
        event.data.to_string(),
    ]
    .map(harmless)
}

/// A spreadsheet takes what begins so for a formula, and would run it.
fn harmless(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell }
}

fn records<const N: usize, T: AsRef<[u8]>>(rows: impl IntoIterator<Item = [T; N]>) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    for row in rows {
        // Memory takes what is written to it.
        let _ = writer.write_record(row);
    }
    writer.into_inner().unwrap_or_default()
}
