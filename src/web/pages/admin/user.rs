//! `/admin/users/<id>` and what is posted below it
use rocket::{
    Request, State,
    futures::TryFutureExt,
    get,
    outcome::try_outcome,
    post,
    request::{FromRequest, Outcome},
    response::Redirect,
};
use serde_json::{Value, json};
use tera::{Context, context};

use super::{events, is_fresh, named, sessions};
use crate::{
    accounts::{
        Accounts, AdminError,
        admin::{Change, EventFilter, Operator, SessionFilter, SessionState},
    },
    model::{client::Client, id::UserId, session::Session},
    web::{
        Problem, forms,
        guards::{FreshSuperuser, Superuser},
        input::Input,
        view::{Again, Page, Pages, moment},
    },
};

/// Sessions and events of the person that are shown here; the rest is a link away.
const FEW: i64 = 5;

/// One account: what is known of it, its last sessions and events, and what can be done to it.
#[get("/admin/users/<id>?<done>")]
pub async fn show(superuser: Superuser<'_>, id: &str, page: UserPage<'_>, done: Option<&str>) -> Result<Page, Problem> {
    let notice = match done {
        Some("invited") => Some("The account is made, and a letter is on its way to its owner."),
        Some("locked") => Some("The account is locked, and its sessions have ended."),
        Some("unlocked") => Some("The account is open again. Its owner can sign in."),
        Some("signed-out") => Some("Every session of the account has ended."),
        Some("role") => Some("The role is changed."),
        Some("second-factor") => Some("The second factor is off, and every session of the account has ended."),
        Some("reset") => Some("The letter is on its way."),
        _ => None,
    };
    let mut context = page.known(superuser.session, &named(id)?).await?;
    context.extend(context! { notice => &notice, section => &Value::Null });
    Ok(page.pages.form("admin/user", context))
}

/// Keeps its owner from signing in, and ends its sessions.
#[post("/admin/users/<id>/lock")]
pub async fn lock(superuser: FreshSuperuser<'_>, id: &str, page: UserPage<'_>) -> Result<Redirect, Again> {
    page.change(&superuser, id, &Change { locked: Some(true), ..Change::default() }, ("lock", "locked")).await
}

/// Lets its owner sign in again.
#[post("/admin/users/<id>/unlock")]
pub async fn unlock(superuser: FreshSuperuser<'_>, id: &str, page: UserPage<'_>) -> Result<Redirect, Again> {
    page.change(&superuser, id, &Change { locked: Some(false), ..Change::default() }, ("lock", "unlocked")).await
}

/// Gives it another role, and ends its sessions.
#[post("/admin/users/<id>/role", format = "form", data = "<form>")]
pub async fn change_role(
    superuser: FreshSuperuser<'_>,
    id: &str,
    form: Input<forms::Role>,
    page: UserPage<'_>,
) -> Result<Redirect, Again> {
    page.change(&superuser, id, &Change { role: Some(&form.0.role), ..Change::default() }, ("role", "role")).await
}

/// Ends its sessions.
#[post("/admin/users/<id>/logout")]
pub async fn logout(superuser: FreshSuperuser<'_>, id: &str, page: UserPage<'_>) -> Result<Redirect, Again> {
    let id = named(id)?;
    let done = page.accounts.force_logout(&page.operator(&superuser), &id).await;
    page.after(&superuser, &id, done, ("logout", "signed-out")).await
}

/// Mails its owner the way to a new password.
#[post("/admin/users/<id>/send-reset")]
pub async fn send_reset(superuser: FreshSuperuser<'_>, id: &str, page: UserPage<'_>) -> Result<Redirect, Again> {
    let id = named(id)?;
    let done = page.accounts.send_reset(&page.operator(&superuser), &id).await;
    page.after(&superuser, &id, done, ("reset", "reset")).await
}

/// Turns its second factor off.
#[post("/admin/users/<id>/second-factor/remove")]
pub async fn reset_second_factor(
    superuser: FreshSuperuser<'_>,
    id: &str,
    page: UserPage<'_>,
) -> Result<Redirect, Again> {
    let id = named(id)?;
    let done = page.accounts.reset_second_factor(&page.operator(&superuser), &id).await;
    page.after(&superuser, &id, done, ("factor", "second-factor")).await
}

/// Deletes it, if the box was ticked.
#[post("/admin/users/<id>/delete", format = "form", data = "<form>")]
pub async fn delete(
    superuser: FreshSuperuser<'_>,
    id: &str,
    form: Input<forms::DeleteUser>,
    page: UserPage<'_>,
) -> Result<Redirect, Again> {
    let id = named(id)?;
    if form.0.understood.as_deref() != Some("yes") {
        return Err(page.again(superuser.session, &id, "delete", Problem::not_understood("understood")).await);
    }
    match page.accounts.remove_account(&page.operator(&superuser), &id).await {
        Ok(()) => Ok(Redirect::to("/admin/users?done=deleted")),
        Err(error) => Err(page.again(superuser.session, &id, "delete", error.into()).await),
    }
}

/// What every answer of this page is made of.
pub struct UserPage<'r> {
    pages: Pages<'r>,
    accounts: &'r Accounts,
    client: Client,
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for UserPage<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let pages = try_outcome!(request.guard::<Pages<'_>>().await);
        let accounts = try_outcome!(request.guard::<&State<Accounts>>().await);
        match request.guard::<Client>().await {
            Outcome::Success(client) => Outcome::Success(Self { pages, accounts, client }),
            Outcome::Error((status, _)) => Outcome::Error((status, ())),
            Outcome::Forward(status) => Outcome::Forward(status),
        }
    }
}

impl UserPage<'_> {
    fn operator<'a>(&self, superuser: &FreshSuperuser<'a>) -> Operator<'a> {
        Operator::superuser(superuser.session, self.client.clone())
    }

    /// Changes the account; `form` is the section of the page that asked, and the word for what was done.
    async fn change(
        &self,
        superuser: &FreshSuperuser<'_>,
        id: &str,
        change: &Change<'_>,
        form: (&str, &str),
    ) -> Result<Redirect, Again> {
        let id = named(id)?;
        let done = self.accounts.change_account(&self.operator(superuser), &id, change).await.map(drop);
        self.after(superuser, &id, done, form).await
    }

    /// Says that it is done, or shows the page again with why it is not.
    async fn after(
        &self,
        superuser: &FreshSuperuser<'_>,
        id: &UserId,
        done: Result<(), AdminError>,
        (section, word): (&str, &str),
    ) -> Result<Redirect, Again> {
        match done {
            Ok(()) => Ok(Redirect::to(format!("/admin/users/{id}?done={word}"))),
            Err(error) => Err(self.again(superuser.session, id, section, error.into()).await),
        }
    }

    async fn again(&self, session: &Session, id: &UserId, section: &str, problem: Problem) -> Again {
        let known = self.known(session, id).map_ok(|mut known| {
            known.insert("section", section);
            known
        });
        self.pages.again_with("admin/user", &json!({}), problem, known).await
    }

    async fn known(&self, session: &Session, id: &UserId) -> Result<Context, Problem> {
        let account = self.accounts.user(id).await?;
        let sessions = SessionFilter { state: SessionState::Any, user: Some(id.clone()), cursor: None, limit: FEW };
        let sessions = self.accounts.all_sessions(&sessions).await?;
        let filter = EventFilter { user: Some(id.clone()), ..EventFilter::default() };
        let events = self.accounts.events_before(&filter, None, FEW).await?;
        let addresses = self.accounts.addresses(&events).await?;
        let user = &account.user;
        Ok(context! {
            account => &json!({
                "id": user.id,
                "email": user.called(),
                "without_address": user.email.is_stand_in(),
                "verified_at": user.email_verified_at.map(moment),
                "name": user.name,
                "username": user.username.as_ref().map(|name| name.as_str()),
                "role": user.role,
                "status": account.status(),
                "second_factor_at": user.second_factor_at.map(moment),
                "locked_at": user.locked_at.map(moment),
                "created_at": moment(user.created_at),
                "last_signin_at": account.last_signin_at.map(moment),
                "has_password": account.has_password,
                "own": user.id == session.user_id,
            }),
            sessions => &sessions.items.iter().map(sessions::row).collect::<Vec<_>>(),
            events => &events.iter().map(|event| events::row(event, &addresses)).collect::<Vec<_>>(),
            fresh => &is_fresh(self.accounts, session),
        })
    }
}
