//! `/admin/sessions`, `/admin/logout-everyone`
use rocket::{State, get, post, response::Redirect};
use serde_json::{Value, json};
use tera::context;

use super::{PAGE, is_fresh, link};
use crate::{
    accounts::{
        Accounts,
        admin::{AnySession, Operator, SessionFilter, SessionState},
    },
    model::{client::Client, id::UserId},
    web::{
        Problem,
        guards::{FreshSuperuser, Superuser},
        input::{account, once, word},
        session::{Cookie, SignedOut},
        view::{Page, Pages, moment},
    },
};

/// The list, page by page.
#[get("/admin/sessions?<state>&<user>&<cursor>")]
pub async fn list(
    superuser: Superuser<'_>,
    pages: Pages<'_>,
    accounts: &State<Accounts>,
    state: Vec<&str>,
    user: Vec<&str>,
    cursor: Vec<&str>,
) -> Result<Page, Problem> {
    let (of, cursor) = (word("user", &user, account)?, once("cursor", &cursor)?);
    let kind = once("state", &state)?.unwrap_or_default();
    let filter = SessionFilter { state: word("state", &state, SessionState::parse)?, user: of, cursor, limit: PAGE };
    let page = accounts.all_sessions(&filter).await?;
    let filters = [("state", kind), ("user", filter.user.as_ref().map_or("", UserId::as_str))];
    let to = |cursor: &str| link("/admin/sessions", &[&filters[..], &[("cursor", cursor)]].concat());
    Ok(pages.form(
        "admin/sessions",
        context! {
            sessions => &page.items.iter().map(row).collect::<Vec<_>>(),
            next => &page.next.as_deref().map(to),
            first => &cursor.map(|_| to("")),
            form => &json!({ "state": kind }),
            whose => &whose(accounts, filter.user.as_ref()).await?,
            fresh => &is_fresh(accounts, superuser.session),
        },
    ))
}

/// Ends every session of everybody, the caller's too.
#[post("/admin/logout-everyone")]
pub async fn logout_everyone(
    superuser: FreshSuperuser<'_>,
    accounts: &State<Accounts>,
    client: Client,
    cookie: Cookie<'_>,
) -> Result<SignedOut<Redirect>, Problem> {
    accounts.logout_everyone(&Operator::superuser(superuser.session, client)).await?;
    Ok(cookie.sign_out(Redirect::to("/signin?notice=everybody-signed-out")))
}

/// Whom a list is about: id, and address while the account is there; nothing for a list about everybody.
pub async fn whose(accounts: &Accounts, id: Option<&UserId>) -> Result<Value, Problem> {
    let Some(id) = id else { return Ok(Value::Null) };
    Ok(json!({ "id": id, "email": accounts.address(id).await? }))
}

/// A session in a list.
pub fn row(session: &AnySession) -> Value {
    json!({
        "user_id": session.user_id,
        "email": session.email,
        "kind": session.kind.as_str(),
        "device": session.client.device(),
        "ip": session.client.ip.as_deref().unwrap_or("unknown"),
        "created_at": moment(session.created_at),
        "ended_at": session.ended_at.map(moment),
        "reason": session.end_reason.map(|reason| reason.as_str().replace('_', " ")),
    })
}
