//! `/account/second-factor` and what is posted below it
use rocket::{State, get, post, response::Redirect};
use serde_json::json;
use tera::{Context, context};

use crate::{
    accounts::{Accounts, Caller, FactorError, Proposal, SignedIn},
    model::{session::Session, user::Role},
    web::{
        Problem, forms,
        guards::FreshlyAuthenticated,
        input::Input,
        qr,
        session::Cookie,
        view::{Again, Page, Pages, moment},
    },
};

const PLACE: &str = "/account/second-factor";

/// What there is of it, and what can be done: turn it on or off, or make new recovery codes.
#[get("/account/second-factor?<done>")]
pub async fn show(
    user: FreshlyAuthenticated<'_>,
    pages: Pages<'_>,
    accounts: &State<Accounts>,
    done: Option<&str>,
) -> Result<Page, Problem> {
    let notice = match done {
        Some("off") => Some("The second factor is off. Every other session has ended."),
        _ => None,
    };
    let mut context = known(accounts, user.session, None).await?;
    context.extend(context! { notice => &notice });
    Ok(pages.form("second_factor", context))
}

/// Makes a secret for the app.
#[post("/account/second-factor/begin")]
pub async fn begin(
    user: FreshlyAuthenticated<'_>,
    pages: Pages<'_>,
    accounts: &State<Accounts>,
) -> Result<Redirect, Again> {
    match accounts.begin_second_factor(user.session).await {
        Ok(_) => Ok(Redirect::to(PLACE)),
        Err(error) => Err(again(&pages, accounts, user.session, "begin", error).await),
    }
}

/// Turns it on, and shows the recovery codes this once.
#[post("/account/second-factor/confirm", format = "form", data = "<form>")]
pub async fn confirm(
    user: FreshlyAuthenticated<'_>,
    form: Input<forms::FactorCode>,
    pages: Pages<'_>,
    accounts: &State<Accounts>,
    caller: Caller<'_>,
    cookie: Cookie<'_>,
) -> Result<Page, Again> {
    match accounts.confirm_second_factor(user.session, &form.0.code, &caller).await {
        Ok(enabled) => {
            renew(&cookie, enabled.signed_in.as_ref())?;
            Ok(pages.show("recovery_codes", context! { codes => &enabled.recovery_codes, fresh => &true }))
        }
        Err(error) => Err(again(&pages, accounts, user.session, "confirm", error).await),
    }
}

/// Makes new recovery codes, and shows them this once.
#[post("/account/second-factor/recovery-codes", format = "form", data = "<form>")]
pub async fn replace_recovery_codes(
    user: FreshlyAuthenticated<'_>,
    form: Input<forms::FactorCode>,
    pages: Pages<'_>,
    accounts: &State<Accounts>,
    caller: Caller<'_>,
) -> Result<Page, Again> {
    match accounts.replace_recovery_codes(user.session, &form.0.code, &caller).await {
        Ok(codes) => Ok(pages.show("recovery_codes", context! { codes => &codes, fresh => &false })),
        Err(error) => Err(again(&pages, accounts, user.session, "codes", error).await),
    }
}

/// Turns it off.
#[post("/account/second-factor/remove", format = "form", data = "<form>")]
pub async fn remove(
    user: FreshlyAuthenticated<'_>,
    form: Input<forms::FactorCode>,
    pages: Pages<'_>,
    accounts: &State<Accounts>,
    caller: Caller<'_>,
    cookie: Cookie<'_>,
) -> Result<Redirect, Again> {
    match accounts.remove_second_factor(user.session, &form.0.code, &caller).await {
        Ok(signed_in) => {
            renew(&cookie, signed_in.as_ref())?;
            Ok(Redirect::to(format!("{PLACE}?done=off")))
        }
        Err(error) => Err(again(&pages, accounts, user.session, "remove", error).await),
    }
}

fn renew(cookie: &Cookie<'_>, signed_in: Option<&SignedIn>) -> Result<(), Problem> {
    Ok(signed_in.map_or(Ok(()), |signed_in| cookie.start(signed_in))?)
}

/// The page again, with what is wrong in the form called `section`.
async fn again(pages: &Pages<'_>, accounts: &Accounts, session: &Session, section: &str, error: FactorError) -> Again {
    match known(accounts, session, Some(section)).await {
        Ok(known) => pages.again("second_factor", &json!({}), error.into(), known),
        Err(other) => other.into(),
    }
}

async fn known(accounts: &Accounts, session: &Session, section: Option<&str>) -> Result<Context, Problem> {
    let owner = accounts.account(session).await?;
    let state = accounts.second_factor(session).await?;
    let proposal = accounts.proposed_second_factor(session, &owner).await?;
    let proposal = proposal.as_ref().map(shown).transpose()?;
    Ok(context! {
        section => &section,
        enabled_at => &state.enabled_at.map(moment),
        left => &state.recovery_codes_left,
        proposal => &proposal,
        withheld => &(owner.role == Role::Superuser && accounts.requires_second_factor()),
    })
}

/// The secret to scan, and in groups of four to type.
fn shown(proposal: &Proposal) -> Result<serde_json::Value, Problem> {
    let letters: Vec<char> = proposal.secret.chars().collect();
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    Ok(json!({ "secret": groups.join(" "), "qr": qr::drawn(&proposal.uri)? }))
}
