//! `/admin/users`
use rocket::{State, futures::TryFutureExt, get, post, response::Redirect};
use serde_json::{Value, json};
use tera::{Context, context};

use super::{PAGE, is_fresh, link};
use crate::{
    accounts::{
        Accounts,
        admin::{Account, NewAccount, Operator, Sort, Status, UserFilter},
    },
    model::{client::Client, session::Session},
    web::{
        Problem, forms,
        guards::{FreshSuperuser, Superuser},
        input::{Input, once, word},
        view::{Again, Page, Pages, moment},
    },
};

/// What the list was asked for.
#[derive(Default)]
struct Asked<'a> {
    q: &'a str,
    status: &'a str,
    sort: &'a str,
    cursor: Option<&'a str>,
}

/// The list, page by page.
#[get("/admin/users?<q>&<status>&<sort>&<cursor>&<done>")]
#[expect(clippy::too_many_arguments, reason = "one for each parameter of the query")]
pub async fn list(
    superuser: Superuser<'_>,
    pages: Pages<'_>,
    accounts: &State<Accounts>,
    q: Vec<&str>,
    status: Vec<&str>,
    sort: Vec<&str>,
    cursor: Vec<&str>,
    done: Option<&str>,
) -> Result<Page, Problem> {
    let asked = Asked {
        q: once("q", &q)?.unwrap_or_default().trim(),
        status: once("status", &status)?.unwrap_or_default(),
        sort: once("sort", &sort)?.unwrap_or_default(),
        cursor: once("cursor", &cursor)?,
    };
    let notice =
        (done == Some("deleted")).then_some("The account is deleted, with everything that was stored about its owner.");
    let mut context = known(accounts, superuser.session, &asked).await?;
    let form = json!({ "q": asked.q, "status": asked.status, "sort": asked.sort });
    context.extend(context! { form => &form, notice => &notice });
    Ok(pages.form("admin/users", context))
}

/// Makes an account; its owner is invited by a letter.
#[post("/admin/users", format = "form", data = "<form>")]
pub async fn create(
    superuser: FreshSuperuser<'_>,
    form: Input<forms::NewUser>,
    pages: Pages<'_>,
    accounts: &State<Accounts>,
    client: Client,
) -> Result<Redirect, Again> {
    let Input(form) = form;
    let (username, role) = (form.username.as_deref().unwrap_or_default(), form.role.as_deref().unwrap_or_default());
    let new = NewAccount { email: &form.email, name: &form.name, username, role, password: None };
    match accounts.create_account(&Operator::superuser(superuser.session, client), &new).await {
        Ok(user) => Ok(Redirect::to(format!("/admin/users/{}?done=invited", user.id))),
        Err(error) => {
            let typed = json!({ "email": form.email, "name": form.name, "username": username, "role": role });
            let asked = Asked::default();
            let known = known(accounts, superuser.session, &asked).map_ok(|mut known| {
                known.insert("section", "new");
                known
            });
            Err(pages.again_with("admin/users", &typed, error.into(), known).await)
        }
    }
}

async fn known(accounts: &Accounts, session: &Session, asked: &Asked<'_>) -> Result<Context, Problem> {
    let filter = UserFilter {
        q: asked.q,
        status: word("status", &[asked.status], Status::parse)?,
        sort: word("sort", &[asked.sort], Sort::parse)?,
        cursor: asked.cursor,
        limit: PAGE,
    };
    let page = accounts.users(&filter).await?;
    let filters = [("q", asked.q), ("status", asked.status), ("sort", asked.sort)];
    let to = |cursor: &str| link("/admin/users", &[&filters[..], &[("cursor", cursor)]].concat());
    Ok(context! {
        accounts => &page.items.iter().map(row).collect::<Vec<_>>(),
        next => &page.next.as_deref().map(to),
        first => &asked.cursor.map(|_| to("")),
        filtered => &(!asked.q.is_empty() || !["", "any"].contains(&asked.status)),
        fresh => &is_fresh(accounts, session),
        section => &Value::Null,
    })
}

fn row(account: &Account) -> Value {
    let user = &account.user;
    json!({
        "id": user.id,
        "email": user.called(),
        "name": user.name,
        "username": user.username.as_ref().map(|name| name.as_str()),
        "role": user.role,
        "status": account.status(),
        "created_at": moment(user.created_at),
        "last_signin_at": account.last_signin_at.map(moment),
    })
}
