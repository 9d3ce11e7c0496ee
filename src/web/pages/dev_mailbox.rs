//! `/dev/mailbox`: the letters in the mail folder, where there is no mail server.
use rocket::{
    Request, State, get,
    http::Status,
    outcome::try_outcome,
    request::{FromRequest, Outcome},
};
use serde_json::{Value, json};
use tera::context;

use crate::{
    mail::{Kept, MailFolder},
    web::{
        Problem, Site, client,
        view::{Page, Pages, moment},
    },
};

/// Somebody at this machine: letters with codes are shown to nobody else.
pub struct Local<'r>(&'r MailFolder);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Local<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let site = try_outcome!(request.guard::<&State<Site>>().await);
        let folder = try_outcome!(request.guard::<&State<Option<MailFolder>>>().await);
        match folder.inner() {
            Some(folder) if client::is_here(request, site) => Outcome::Success(Self(folder)),
            _ => Outcome::Forward(Status::NotFound),
        }
    }
}

/// All letters, the newest first.
#[get("/dev/mailbox")]
pub async fn list(local: Local<'_>, pages: Pages<'_>) -> Result<Page, Problem> {
    let letters: Vec<Value> = local.0.letters().await?.iter().map(summary).collect();
    Ok(pages.show("dev_mailbox", context! { letters => &letters }))
}

/// One letter.
#[get("/dev/mailbox/<id>")]
pub async fn show(local: Local<'_>, pages: Pages<'_>, id: &str) -> Result<Page, Problem> {
    let letter = local.0.letter(id).await?.ok_or_else(Problem::not_found)?;
    Ok(pages.show("dev_letter", context! { letter => &summary(&letter) }))
}

fn summary(letter: &Kept) -> Value {
    json!({
        "id": letter.id, "to": letter.to, "from": letter.from, "subject": letter.subject, "at": moment(letter.at), "text": letter.text,
    })
}
