//! What forms and JSON bodies hold: one struct for both.
use serde::Deserialize;
use utoipa::ToSchema;

/// `POST /signup`, `POST /api/auth/signup`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Signup {
    /// Kept in lower case.
    #[schema(max_length = 254, format = "email", examples("ann@example.com"))]
    pub email: String,
    /// Any script, no control characters. Refused: common and breached ones, repetitions and runs, your address or name.
    #[schema(min_length = 15, max_length = 256, format = "password", examples("plum-harbor-velvet-signal"))]
    pub password: String,
    /// Any script; no control characters, line separators or direction overrides. May be empty.
    #[schema(max_length = 100, examples("Ann"))]
    #[serde(default)]
    pub name: String,
}

/// `POST /api/auth/signin`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Signin {
    /// The address, or the username; the field may be called `username` as well.
    #[schema(max_length = 254, examples("ann@example.com"))]
    #[serde(alias = "username")]
    pub email: String,
    /// The password of the account.
    #[schema(max_length = 256, format = "password", examples("plum-harbor-velvet-signal"))]
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

/// `POST /signin/code`: the request is in the flow cookie.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SigninCodePage {
    pub code: String,
    pub next: Option<String>,
}

/// `POST /api/auth/signin/code`, `POST /api/auth/token/code`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SigninCode {
    /// As it came with `second_factor_required`.
    #[schema(examples("AT2GyLhHwIv3Xp0nVtSL9w"))]
    pub request: String,
    /// The six digits that the app shows, or a recovery code; spaces, dashes and case do not matter.
    #[schema(pattern = "^[ -]*(([0-9][ -]*){6}|([0-9A-TV-Za-tv-z][ -]*){16})$", examples("123 456"))]
    pub code: String,
}

/// `POST /account/second-factor/…`, `POST /api/account/second-factor/…`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FactorCode {
    /// The six digits that the app shows, or a recovery code; spaces, dashes and case do not matter.
    #[schema(pattern = "^[ -]*(([0-9][ -]*){6}|([0-9A-TV-Za-tv-z][ -]*){16})$", examples("123 456"))]
    pub code: String,
}

/// `POST /verify-email`: the request is in the flow cookie.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Code {
    pub code: String,
}

/// `POST /api/auth/verify-email`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestCode {
    /// As it was answered when this began.
    #[schema(examples("AT2GyLhHwIv3Xp0nVtSL9w"))]
    pub request: String,
    /// The eight digits from the letter; spaces and dashes do not matter.
    #[schema(pattern = "^[ -]*([0-9][ -]*){8}$", examples("1234 5678"))]
    pub code: String,
}

/// `POST /api/auth/verify-email/resend`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Resend {
    /// As it was answered when this began.
    #[schema(examples("AT2GyLhHwIv3Xp0nVtSL9w"))]
    pub request: String,
}

/// `POST /forgot-password`, `POST /api/auth/forgot-password`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ForgotPassword {
    /// Kept in lower case.
    #[schema(max_length = 254, format = "email", examples("ann@example.com"))]
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
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetPassword {
    /// As it was answered when this began.
    #[schema(examples("AT2GyLhHwIv3Xp0nVtSL9w"))]
    pub request: String,
    /// The eight digits from the letter; spaces and dashes do not matter.
    #[schema(pattern = "^[ -]*([0-9][ -]*){8}$", examples("1234 5678"))]
    pub code: String,
    /// Any script, no control characters. Refused: common and breached ones, repetitions and runs, your address or name.
    #[schema(min_length = 15, max_length = 256, format = "password", examples("plum-harbor-velvet-signal"))]
    pub password: String,
}

/// `POST /account/name`, `PATCH /api/account`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Name {
    /// Any script; no control characters, line separators or direction overrides. May be empty.
    #[schema(max_length = 100, examples("Ann"))]
    pub name: String,
}

/// `POST /account/password`, `POST /api/account/password`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    /// The password of the account.
    #[schema(max_length = 256, format = "password", examples("plum-harbor-velvet-signal"))]
    pub current_password: String,
    /// Any script, no control characters. Refused: common and breached ones, repetitions and runs, your address or name.
    #[schema(min_length = 15, max_length = 256, format = "password", examples("copper-lantern-quiet-meadow"))]
    pub password: String,
}

/// `POST /account/email`, `POST /api/account/email`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeEmail {
    /// Kept in lower case.
    #[schema(max_length = 254, format = "email", examples("ann@example.com"))]
    pub email: String,
    /// The password of the account.
    #[schema(max_length = 256, format = "password", examples("plum-harbor-velvet-signal"))]
    pub current_password: String,
}

/// `POST /account/delete`, `POST /api/account/delete`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteAccount {
    /// The password of the account.
    #[schema(max_length = 256, format = "password", examples("plum-harbor-velvet-signal"))]
    pub current_password: String,
}

/// `POST /admin/users`, `POST /api/admin/users`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    /// Kept in lower case.
    #[schema(max_length = 254, format = "email", examples("ann@example.com"))]
    pub email: String,
    /// Any script; no control characters, line separators or direction overrides. May be empty.
    #[schema(max_length = 100, examples("Ann"))]
    #[serde(default)]
    pub name: String,
    /// Another name to sign in with: letters, digits, `.`, `_`, `-`, `+`. Kept in lower case.
    #[schema(max_length = 150, examples("ann"))]
    pub username: Option<String>,
    /// `user` unless given.
    #[schema(pattern = "^(user|superuser)?$", examples("user"))]
    pub role: Option<String>,
}

/// `POST /admin/users/<id>/role`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    pub role: String,
}

/// `POST /admin/users/<id>/delete`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeleteUser {
    /// `yes` when the box is ticked.
    pub understood: Option<String>,
}

/// `PATCH /api/admin/users/<id>`; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeUser {
    /// Any script; no control characters, line separators or direction overrides. May be empty.
    #[schema(max_length = 100, examples("Ann"))]
    pub name: Option<String>,
    /// What the account may do from now on.
    #[schema(pattern = "^(user|superuser)$", examples("superuser"))]
    pub role: Option<String>,
    /// Whether nobody may sign in to it.
    pub locked: Option<bool>,
}

/// `POST /confirm`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfirmPage {
    pub password: String,
    pub code: Option<String>,
    pub next: Option<String>,
}

/// `POST /api/auth/confirm`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Confirm {
    /// The password of the account.
    #[schema(max_length = 256, format = "password", examples("plum-harbor-velvet-signal"))]
    pub password: String,
    /// Where the account has a second factor: the six digits that the app shows, or a recovery code.
    #[schema(pattern = "^[ -]*(([0-9][ -]*){6}|([0-9A-TV-Za-tv-z][ -]*){16})$", examples("123 456"))]
    pub code: Option<String>,
}

/// `POST /api/auth/token/refresh`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshToken {
    /// As it was answered last.
    #[schema(max_length = 256)]
    pub refresh_token: String,
}

/// `POST /api/auth/logout`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Logout {
    /// Ends the session of this token instead of the caller's.
    #[schema(max_length = 256)]
    pub refresh_token: Option<String>,
}

/// `POST /stay`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stay {
    pub next: Option<String>,
}
