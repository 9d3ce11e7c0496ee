//! Who may call a handler: its signature says so.
use rocket::{
    Request,
    http::Status,
    request::{FromRequest, Outcome},
};

use super::{
    problem::{self, Problem},
    session::presented,
};
use crate::{
    accounts::Accounts,
    model::{session::Session, user::Role},
};

/// Anybody who is signed in.
pub struct User<'r> {
    /// The caller's session.
    pub session: &'r Session,
}

/// A superuser who is signed in.
pub struct Superuser<'r> {
    /// The caller's session.
    pub session: &'r Session,
}

/// A superuser who gave the password a short while ago.
pub struct FreshSuperuser<'r> {
    /// The caller's session.
    pub session: &'r Session,
}

/// Somebody who gave the password a short while ago.
pub struct FreshlyAuthenticated<'r> {
    /// The caller's session.
    pub session: &'r Session,
}

/// Somebody who is not signed in; others are sent to the dashboard. For pages only.
pub struct Guest;

#[rocket::async_trait]
impl<'r> FromRequest<'r> for User<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match presented(request).session() {
            Ok(session) => Outcome::Success(Self { session }),
            Err(problem) => refuse(request, problem),
        }
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Superuser<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let User { session } = rocket::outcome::try_outcome!(request.guard::<User<'_>>().await);
        match session.role {
            Role::Superuser => Outcome::Success(Self { session }),
            Role::User => {
                tracing::warn!(user = %session.user_id, path = %request.uri().path(), "refused what only superusers may do");
                let accounts = request.rocket().state::<Accounts>();
                refuse(request, Problem::forbidden(accounts.is_some_and(Accounts::requires_second_factor)))
            }
        }
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for FreshlyAuthenticated<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let User { session } = rocket::outcome::try_outcome!(request.guard::<User<'_>>().await);
        let fresh = request
            .rocket()
            .state::<Accounts>()
            .is_some_and(|accounts| accounts.lifetimes().is_fresh(session, accounts.now()));
        if fresh { Outcome::Success(Self { session }) } else { refuse(request, Problem::fresh_sign_in_required()) }
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for FreshSuperuser<'r> {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let Superuser { session } = rocket::outcome::try_outcome!(request.guard::<Superuser<'_>>().await);
        let _fresh = rocket::outcome::try_outcome!(request.guard::<FreshlyAuthenticated<'_>>().await);
        Outcome::Success(Self { session })
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Guest {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match presented(request).live() {
            None => Outcome::Success(Self),
            Some(_) => refuse(request, Problem::signed_in_already()),
        }
    }
}

/// Leaves the problem where the catcher finds it: a catcher cannot see a guard's error.
fn refuse<T>(request: &Request<'_>, problem: Problem) -> Outcome<T, ()> {
    let status: Status = problem.status();
    problem::keep(request, problem);
    Outcome::Error((status, ()))
}
