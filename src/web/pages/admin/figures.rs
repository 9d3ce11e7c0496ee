//! `/admin`
use rocket::{State, get};
use serde_json::{Value, json};
use tera::context;

use crate::{
    accounts::{
        Accounts,
        admin::{Counts, Span},
    },
    clock::Timestamp,
    web::{
        Problem,
        chart::chart,
        guards::Superuser,
        view::{Page, Pages, grouped, moment},
    },
};

/// How many there are of everything, and what the last hours and days brought.
#[get("/admin")]
pub async fn show(_superuser: Superuser<'_>, pages: Pages<'_>, accounts: &State<Accounts>) -> Result<Page, Problem> {
    let stats = accounts.stats().await?;
    Ok(pages.show(
        "admin/figures",
        context! {
            counts => &counts(&stats.counts),
            hourly => &signins(&stats.hours, Timestamp::day_and_hour),
            daily => &signins(&stats.days, Timestamp::day),
            made => &made(&stats.days),
        },
    ))
}

fn counts(counts: &Counts) -> Value {
    let accounts = counts.accounts;
    json!({
        "at": moment(counts.at),
        "sessions": grouped(counts.browsers + counts.programs),
        "browsers": grouped(counts.browsers),
        "programs": grouped(counts.programs),
        "accounts": grouped(accounts.all),
        "active": grouped(accounts.active()),
        "invited": grouped(accounts.invited),
        "locked": grouped(accounts.locked),
        "superusers": grouped(accounts.superusers),
        "letters": grouped(counts.letters.waiting),
        "oldest_letter": counts.letters.oldest.map(moment),
        "events": grouped(counts.events.pending),
        "oldest_event": counts.events.oldest.map(moment),
        "parked": (counts.events.parked > 0).then(|| grouped(counts.events.parked)),
        "trouble": counts.events.error,
        "nodes": grouped(counts.nodes),
    })
}

/// Sign-ins above the line, refused ones below it.
fn signins(spans: &[Span], name: impl Fn(Timestamp) -> String) -> Value {
    let of = |number: fn(&Span) -> i64| spans.iter().map(number).collect::<Vec<_>>();
    let (up, down) = (of(|span| span.signins), of(|span| span.failures));
    let rows = spans.iter().map(|span| json!([name(span.from), grouped(span.signins), grouped(span.failures)]));
    json!({
        "chart": chart(&up, &down),
        "signins": total(&up),
        "failures": total(&down),
        "most": grouped(up.iter().copied().max().unwrap_or(0)),
        "rows": rows.collect::<Vec<_>>(),
        "ends": ends(spans, name),
    })
}

fn made(spans: &[Span]) -> Value {
    let up: Vec<i64> = spans.iter().map(|span| span.accounts).collect();
    let rows = spans.iter().map(|span| json!([span.from.day(), grouped(span.accounts)]));
    json!({
        "chart": chart(&up, &[]),
        "accounts": total(&up),
        "most": grouped(up.iter().copied().max().unwrap_or(0)),
        "rows": rows.collect::<Vec<_>>(),
        "ends": ends(spans, Timestamp::day),
    })
}

fn total(values: &[i64]) -> String {
    grouped(values.iter().sum())
}

/// What stands below the first and the last bar.
fn ends(spans: &[Span], name: impl Fn(Timestamp) -> String) -> Value {
    let name = |span: Option<&Span>| span.map(|span| name(span.from));
    json!([name(spans.first()), name(spans.last())])
}
