//! What forms and JSON bodies hold: one struct for both.
use serde::Deserialize;

/// `POST /signup`, `POST /api/auth/signup`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signup {
    pub email: String,
    pub password: String,
    #[serde(default)]
    pub name: String,
}

/// `POST /api/auth/signin`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signin {
    #[serde(alias = "username")]
    pub email: String,
    pub password: String,
}

/// `POST /signin`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SigninPage {
    pub email: String,
    pub password: String,
    pub next: Option<String>,
}

/// `POST /verify-email`: the request is in the flow cookie.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Code {
    pub code: String,
}

/// `POST /api/auth/verify-email`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestCode {
    pub request: String,
    pub code: String,
}

/// `POST /api/auth/verify-email/resend`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resend {
    pub request: String,
}

/// `POST /forgot-password`, `POST /api/auth/forgot-password`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForgotPassword {
    pub email: String,
}

/// `POST /reset-password`: the request is in the flow cookie.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResetPage {
    pub code: String,
    pub password: String,
}

/// `POST /api/auth/reset-password`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResetPassword {
    pub request: String,
    pub code: String,
    pub password: String,
}

/// `POST /account/name`, `PATCH /api/account`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Name {
    pub name: String,
}

/// `POST /account/password`, `POST /api/account/password`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    pub current_password: String,
    pub password: String,
}

/// `POST /account/email`, `POST /api/account/email`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeEmail {
    pub email: String,
    pub current_password: String,
}

/// `POST /account/delete`, `POST /api/account/delete`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeleteAccount {
    pub current_password: String,
}

/// `POST /confirm`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfirmPage {
    pub password: String,
    pub next: Option<String>,
}

/// `POST /api/auth/confirm`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confirm {
    pub password: String,
}

/// `POST /stay`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stay {
    pub next: Option<String>,
}
