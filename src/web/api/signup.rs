//! `POST /api/auth/signup`
use rocket::{Responder, State, post, serde::json::Json};

use super::answers::{Begun, Made, RequestAnswer, SignedInAnswer};
use crate::{
    accounts::{Accounts, Caller, Signup},
    web::{Problem, forms, input::Input, session::Cookie},
};

/// 202 with the request, or 201 where addresses need no proof.
#[derive(Responder)]
pub enum Answer {
    Begun(Begun),
    Made(Box<Made>),
}

/// Begins a sign-up.
#[utoipa::path(
    operation_id = "signUp",
    tag = "Signing up",
    request_body = forms::Signup,
    responses(
        (status = 202, description = "Begun. A letter is on its way; the answer is the same for an address that has an account", body = RequestAnswer),
        (status = 201, description = "Signed in: where addresses need no proof", body = SignedInAnswer),
        (status = 409, description = "conflict"),
        (status = 429, description = "too_many_requests"),
    ),
)]
#[post("/auth/signup", format = "json", data = "<body>")]
pub async fn submit(
    body: Input<forms::Signup>,
    accounts: &State<Accounts>,
    caller: Caller<'_>,
    cookie: Cookie<'_>,
) -> Result<Answer, Problem> {
    let Input(body) = body;
    match accounts.signup(&body.email, &body.password, &body.name, &caller).await? {
        Signup::Pending(request) => Ok(Answer::Begun(Begun::new(request.reveal()))),
        Signup::Done(signed_in) => {
            cookie.start(&signed_in)?;
            Ok(Answer::Made(Box::new(Made(Json((&*signed_in).into())))))
        }
    }
}
