//! `/sessions`: where somebody is signed in, and the way to end it
use rocket::{State, get, post, response::Redirect};
use serde_json::{Value, json};
use tera::context;

use crate::{
    accounts::{Accounts, OpenSession},
    model::{client::Client, id::SessionId, session::Session},
    web::{
        Problem,
        guards::{FreshlyAuthenticated, User},
        session::{Cookie, SignedOut},
        view::{Page, Pages, moment},
    },
};

/// The list.
#[get("/sessions?<done>")]
pub async fn show(
    user: User<'_>,
    pages: Pages<'_>,
    accounts: &State<Accounts>,
    done: Option<&str>,
) -> Result<Page, Problem> {
    let open = accounts.open_sessions(user.session).await?;
    let sessions: Vec<Value> = open.iter().map(|open| row(open, user.session)).collect();
    let notice = match done {
        Some("one") => Some("That session has ended."),
        Some("others") => Some("Every other session has ended."),
        _ => None,
    };
    let fresh = accounts.lifetimes().is_fresh(user.session, accounts.now());
    Ok(pages.show("sessions", context! { sessions => &sessions, notice => &notice, fresh => &fresh }))
}

fn row(open: &OpenSession, own: &Session) -> Value {
    json!({
        "id": open.id,
        "kind": open.kind.as_str(),
        "device": open.client.device(),
        "ip": open.client.ip.as_deref().unwrap_or("unknown"),
        "created_at": moment(open.created_at),
        "last_seen_at": moment(open.last_seen_at),
        "current": open.id == own.id,
    })
}

/// Ends one of them.
#[post("/sessions/<id>/end")]
pub async fn end(
    user: FreshlyAuthenticated<'_>,
    id: &str,
    accounts: &State<Accounts>,
    client: Client,
    cookie: Cookie<'_>,
) -> Result<Result<SignedOut<Redirect>, Redirect>, Problem> {
    let id = SessionId::parse(id).ok_or_else(Problem::not_found)?;
    if !accounts.end_own_session(user.session, &id, &client).await? {
        return Err(Problem::not_found());
    }
    Ok(if id == user.session.id {
        Ok(cookie.sign_out(Redirect::to("/signin?notice=signed-out")))
    } else {
        Err(Redirect::to("/sessions?done=one"))
    })
}

/// Ends all but this one.
#[post("/sessions/end-others")]
pub async fn end_others(
    user: FreshlyAuthenticated<'_>,
    accounts: &State<Accounts>,
    client: Client,
) -> Result<Redirect, Problem> {
    accounts.end_other_sessions(user.session, &client).await?;
    Ok(Redirect::to("/sessions?done=others"))
}
