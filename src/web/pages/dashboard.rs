//! `/dashboard`
use rocket::{State, get};
use serde_json::{Value, json};
use tera::context;

use crate::{
    accounts::{Accounts, RecentSignin},
    clock::Timestamp,
    model::session::{EndReason, Session},
    web::{
        Problem,
        guards::User,
        view::{Page, Pages, moment},
    },
};

/// The name, the address, when the session ends by itself, and the last sign-ins.
#[get("/dashboard")]
pub async fn show(user: User<'_>, pages: Pages<'_>, accounts: &State<Accounts>) -> Result<Page, Problem> {
    let overview = accounts.overview(user.session).await?;
    let now = accounts.now();
    let owner = overview.user;
    let signins: Vec<Value> = overview.signins.iter().map(|signin| row(signin, user.session, now)).collect();
    Ok(pages.show(
        "dashboard",
        context! {
            user => &json!({
                "name": owner.name, "email": owner.called(), "without_address": owner.email.is_stand_in(),
                "created_at": moment(owner.created_at),
            }),
            signins => &signins,
            withheld => &(owner.role != user.session.role),
        },
    ))
}

fn row(signin: &RecentSignin, session: &Session, now: Timestamp) -> Value {
    json!({
        "at": moment(signin.at),
        "ip": signin.client.ip.as_deref().unwrap_or("unknown"),
        "device": signin.client.device(),
        "current": signin.session == session.id,
        "state": state(signin, now),
    })
}

/// Idle time leaves no trace in the table, so what was not ended by anybody may have closed by itself.
fn state(signin: &RecentSignin, now: Timestamp) -> &'static str {
    match signin.end_reason {
        Some(EndReason::LoggedOut) => "Signed out",
        Some(EndReason::LoggedOutEverywhere) => "Signed out everywhere",
        Some(EndReason::EndedByYou) => "Ended by you",
        Some(EndReason::Replaced) => "Signed in again",
        Some(EndReason::PasswordReset | EndReason::PasswordChanged) => "Ended by a new password",
        Some(EndReason::EmailChanged) => "Ended by a new address",
        Some(EndReason::RefreshReused) => "Ended: an old token was used again",
        Some(EndReason::Forced) => "Ended by the people who run this site",
        Some(EndReason::RoleChanged) => "Ended by a new role",
        Some(EndReason::Locked) => "Ended when the account was locked",
        Some(EndReason::Deleted) => "Ended with the account",
        Some(EndReason::Expired | EndReason::AbsoluteLimit) => "Closed by itself",
        None if signin.ends_at <= now => "Closed by itself",
        None => "Open, or closed by itself",
    }
}
