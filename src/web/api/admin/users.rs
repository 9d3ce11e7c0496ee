//! `/api/admin/users`
use rocket::{State, delete, get, http::Status, patch, post, serde::json::Json};

use super::limit;
use crate::{
    accounts::{
        Accounts,
        admin::{self, Change, NewAccount, Operator, Sort, UserFilter},
    },
    model::{client::Client, id::UserId},
    web::{
        Problem,
        api::answers::{AccountAnswer, AccountsAnswer, MadeAccount},
        forms,
        guards::{FreshSuperuser, Superuser},
        input::{Input, once, word},
    },
};

/// Accounts: the newest first or, with `q`, in the order of what they were found by.
#[utoipa::path(
    operation_id = "listUsers",
    tag = "Administration",
    params(
        ("q" = Option<String>, Query, pattern = r"^[^\u0000]*$", description = "The beginning of an address, a domain, a username, a name or a word of one"),
        ("status" = Option<String>, Query, pattern = "^(any|active|locked|invited|superuser)$", description = "Only those in this state: `active`, `locked`, `invited` or `superuser`"),
        ("sort" = Option<String>, Query, pattern = "^(newest|oldest|address)$", description = "The order without `q`: `newest` (first), `oldest` or `address`"),
        ("cursor" = Option<String>, Query, pattern = r"^[^\u0000]*$", description = "The `next_cursor` of the page before this one"),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 200, description = "Accounts on the page; 50 unless given"),
    ),
    responses(
        (status = 200, description = "A page of accounts", body = AccountsAnswer),
        (status = 403, description = "forbidden"),
        (status = 422, description = "invalid_input"),
    ),
    security(("session" = [])),
)]
#[get("/admin/users?<q>&<status>&<sort>&<cursor>&<limit>", rank = 1)]
pub async fn list(
    _superuser: Superuser<'_>,
    accounts: &State<Accounts>,
    q: Vec<&str>,
    status: Vec<&str>,
    sort: Vec<&str>,
    cursor: Vec<&str>,
    limit: Vec<&str>,
) -> Result<Json<AccountsAnswer>, Problem> {
    let filter = UserFilter {
        q: once("q", &q)?.unwrap_or_default(),
        status: word("status", &status, admin::Status::parse)?,
        sort: word("sort", &sort, Sort::parse)?,
        cursor: once("cursor", &cursor)?,
        limit: self::limit(&limit)?,
    };
    Ok(Json(accounts.users(&filter).await?.into()))
}

/// Makes an account. Its owner gets a letter that leads to `/forgot-password`, and sets the password there.
#[utoipa::path(
    operation_id = "createUser",
    tag = "Administration",
    request_body = forms::NewUser,
    responses(
        (status = 201, description = "Made; the letter is on its way", body = AccountAnswer),
        (status = 403, description = "forbidden fresh_sign_in_required"),
        (status = 409, description = "conflict"),
    ),
    security(("session" = [])),
)]
#[post("/admin/users", format = "json", data = "<body>")]
pub async fn create(
    superuser: FreshSuperuser<'_>,
    body: Input<forms::NewUser>,
    accounts: &State<Accounts>,
    client: Client,
) -> Result<MadeAccount, Problem> {
    let Input(body) = body;
    let operator = Operator::superuser(superuser.session, client);
    let new = NewAccount {
        email: &body.email,
        name: &body.name,
        username: body.username.as_deref().unwrap_or_default(),
        role: body.role.as_deref().unwrap_or_default(),
        password: None,
    };
    let user = accounts.create_account(&operator, &new).await?;
    Ok(MadeAccount(Json(accounts.user(&user.id).await?.into())))
}

/// One account.
#[utoipa::path(
    operation_id = "showUser",
    tag = "Administration",
    params(("id" = String, Path, description = "The account")),
    responses(
        (status = 200, description = "The account", body = AccountAnswer),
        (status = 403, description = "forbidden"),
        (status = 404, description = "not_found"),
    ),
    security(("session" = [])),
)]
#[get("/admin/users/<id>")]
pub async fn show(
    _superuser: Superuser<'_>,
    id: &str,
    accounts: &State<Accounts>,
) -> Result<Json<AccountAnswer>, Problem> {
    Ok(Json(accounts.user(&named(id)?).await?.into()))
}

/// Changes its name or role, locks or unlocks it. A new role and a lock end its sessions, and its owner gets a letter.
#[utoipa::path(
    operation_id = "changeUser",
    tag = "Administration",
    params(("id" = String, Path, description = "The account")),
    request_body = forms::ChangeUser,
    responses(
        (status = 200, description = "The account as it is now; no token of its ended sessions is accepted any more", body = AccountAnswer),
        (status = 403, description = "forbidden fresh_sign_in_required"),
        (status = 404, description = "not_found"),
        (status = 409, description = "conflict"),
    ),
    security(("session" = [])),
)]
#[patch("/admin/users/<id>", format = "json", data = "<body>")]
pub async fn change(
    superuser: FreshSuperuser<'_>,
    id: &str,
    body: Input<forms::ChangeUser>,
    accounts: &State<Accounts>,
    client: Client,
) -> Result<Json<AccountAnswer>, Problem> {
    let (id, operator) = (named(id)?, Operator::superuser(superuser.session, client));
    let Input(body) = body;
    let change = Change { name: body.name.as_deref(), role: body.role.as_deref(), locked: body.locked };
    accounts.change_account(&operator, &id, &change).await?;
    Ok(Json(accounts.user(&id).await?.into()))
}

/// Deletes it.
#[utoipa::path(
    operation_id = "deleteUser",
    tag = "Administration",
    params(("id" = String, Path, description = "The account")),
    responses(
        (status = 204, description = "The account is gone, and so is everything that was stored about its owner"),
        (status = 403, description = "forbidden fresh_sign_in_required"),
        (status = 404, description = "not_found"),
        (status = 409, description = "conflict"),
    ),
    security(("session" = [])),
)]
#[delete("/admin/users/<id>")]
pub async fn delete(
    superuser: FreshSuperuser<'_>,
    id: &str,
    accounts: &State<Accounts>,
    client: Client,
) -> Result<Status, Problem> {
    accounts.remove_account(&Operator::superuser(superuser.session, client), &named(id)?).await?;
    Ok(Status::NoContent)
}

/// Ends every session of it.
#[utoipa::path(
    operation_id = "forceLogout",
    tag = "Administration",
    params(("id" = String, Path, description = "The account")),
    responses(
        (status = 204, description = "No token of any of its sessions is accepted any more"),
        (status = 403, description = "forbidden fresh_sign_in_required"),
        (status = 404, description = "not_found"),
    ),
    security(("session" = [])),
)]
#[post("/admin/users/<id>/logout")]
pub async fn logout(
    superuser: FreshSuperuser<'_>,
    id: &str,
    accounts: &State<Accounts>,
    client: Client,
) -> Result<Status, Problem> {
    accounts.force_logout(&Operator::superuser(superuser.session, client), &named(id)?).await?;
    Ok(Status::NoContent)
}

/// Mails its owner the way to a new password, or the invitation again. The letter holds no secret.
#[utoipa::path(
    operation_id = "sendReset",
    tag = "Administration",
    params(("id" = String, Path, description = "The account")),
    responses(
        (status = 204, description = "The letter is on its way"),
        (status = 403, description = "forbidden fresh_sign_in_required"),
        (status = 404, description = "not_found"),
    ),
    security(("session" = [])),
)]
#[post("/admin/users/<id>/send-reset")]
pub async fn send_reset(
    superuser: FreshSuperuser<'_>,
    id: &str,
    accounts: &State<Accounts>,
    client: Client,
) -> Result<Status, Problem> {
    accounts.send_reset(&Operator::superuser(superuser.session, client), &named(id)?).await?;
    Ok(Status::NoContent)
}

/// Turns its second factor off, for somebody who lost it: ends its sessions, and its owner gets a letter.
#[utoipa::path(
    operation_id = "resetSecondFactor",
    tag = "Administration",
    params(("id" = String, Path, description = "The account")),
    responses(
        (status = 204, description = "It is off, and no token of any session of the account is accepted any more"),
        (status = 403, description = "forbidden fresh_sign_in_required"),
        (status = 404, description = "not_found"),
        (status = 409, description = "conflict"),
    ),
    security(("session" = [])),
)]
#[delete("/admin/users/<id>/second-factor")]
pub async fn reset_second_factor(
    superuser: FreshSuperuser<'_>,
    id: &str,
    accounts: &State<Accounts>,
    client: Client,
) -> Result<Status, Problem> {
    accounts.reset_second_factor(&Operator::superuser(superuser.session, client), &named(id)?).await?;
    Ok(Status::NoContent)
}

fn named(id: &str) -> Result<UserId, Problem> {
    UserId::parse(id).ok_or_else(Problem::not_found)
}
