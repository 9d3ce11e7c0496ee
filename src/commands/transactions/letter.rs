//! What a message says (RFC 5322, MIME), whatever it is written in.
use mail_parser::{Address, DateTime, Message, MessageParser, PartType};
use time::{Date, Month, OffsetDateTime, Time, UtcOffset};

use super::html::text_of;

/// The most text that is looked at, in bytes: what moved stands at the beginning.
const LONGEST: usize = 100_000;

/// A message as a person sees it.
#[derive(Default)]
pub struct Letter {
    /// When it was sent, by its own word, or else when it arrived.
    pub at: Option<OffsetDateTime>,
    /// The sender's name, or else the address.
    pub sender: String,
    /// Its subject; empty when it has none.
    pub subject: String,
    /// Its Message-ID without the angle brackets; empty when it has none.
    pub id: String,
    /// Its text: the plain one, or else that of the HTML.
    pub text: String,
}

impl Letter {
    /// Reads a message that came at `arrived`.
    ///
    /// # Errors
    /// The subject as far as it is known, and why the message cannot be read.
    pub fn read(raw: &[u8], arrived: Option<OffsetDateTime>) -> Result<Self, (String, String)> {
        let message = MessageParser::default().parse(raw).ok_or_else(|| (String::new(), "is no message".to_owned()))?;
        let subject = words(message.subject().unwrap_or_default());
        if message.from().is_none() && message.date().is_none() {
            return Err((subject, "has neither sender nor date".into()));
        }
        if message.parts.iter().any(|part| part.is_encoding_problem) {
            return Err((subject, "its encoding is broken".into()));
        }
        let at = message.date().and_then(moment).or(arrived);
        let id = words(message.message_id().unwrap_or_default());
        let sender = message.from().map(sender).unwrap_or_default();
        Ok(Self { at, sender, subject, id, text: text(&message) })
    }
}

fn sender(from: &Address<'_>) -> String {
    let Some(first) = from.first() else { return String::new() };
    let name = words(first.name().unwrap_or_default());
    if name.is_empty() { words(first.address().unwrap_or_default()) } else { name }
}

fn text(message: &Message<'_>) -> String {
    let bodies = message.text_bodies().map(|part| match &part.body {
        PartType::Text(text) => text.to_string(),
        PartType::Html(html) => text_of(html),
        _ => String::new(),
    });
    let mut text = bodies.collect::<Vec<_>>().join("\n");
    if text.trim().is_empty() {
        // Some write a plain part and leave it empty.
        let html = message
            .html_bodies()
            .filter_map(|part| if let PartType::Html(html) = &part.body { Some(html) } else { None });
        text = html.map(|html| text_of(html)).collect::<Vec<_>>().join("\n");
    }
    text.truncate(text.floor_char_boundary(LONGEST));
    text
}

fn moment(date: &DateTime) -> Option<OffsetDateTime> {
    let day = Date::from_calendar_date(i32::from(date.year), Month::try_from(date.month).ok()?, date.day).ok()?;
    let time = Time::from_hms(date.hour, date.minute, date.second.min(59)).ok()?;
    let sign = if date.tz_before_gmt { -1 } else { 1 };
    let (hours, minutes) = (i8::try_from(date.tz_hour).ok()?, i8::try_from(date.tz_minute).ok()?);
    Some(OffsetDateTime::new_in_offset(day, time, UtcOffset::from_hms(sign * hours, sign * minutes, 0).ok()?))
}

/// In one line, without what moves a cursor, and no longer than a cell should be.
fn words(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let mut line = words.collect::<Vec<_>>().join(" ");
    line.truncate(line.floor_char_boundary(500));
    line
}
