//! The sentences, and which case of the domain gets which.
use std::time::Duration;

use rocket::{Request, http::Status};

use super::{FieldError, Kind, Problem, ended_because};
use crate::{
    accounts::{
        ActError, AdminError, CodeError, FactorError, InputError, Internal, RefreshError, SigninError, SignupError,
    },
    model::{
        code::RequestId,
        invalid::{Fault, Invalid},
        password::PasswordRefusal,
        session::EndReason,
    },
    web::routing,
};

impl Problem {
    /// Fields to correct.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [only] => format!("{}: {}", only.field, only.message),
            _ => "Please correct what is named in `errors`.".to_owned(),
        };
        Self { errors, ..Self::new(Kind::InvalidInput, detail) }
    }

    /// A text that no database can store.
    pub fn nul(field: &str) -> Self {
        Self::invalid(vec![FieldError::new(field, "characters", "This must not hold the character NUL.")])
    }

    /// Not a whole number, or not one of these.
    pub fn out_of_range(field: &str, least: i64, most: i64) -> Self {
        Self::invalid(vec![FieldError::new(field, "range", &format!("A number from {least} to {most} is wanted."))])
    }

    /// A body that holds no fields at all.
    pub fn no_fields(detail: &str) -> Self {
        Self::new(Kind::InvalidInput, detail)
    }

    /// The request itself is no good, whatever its body says.
    pub fn unreadable(detail: &str) -> Self {
        Self::new(Kind::Unreadable, detail)
    }

    /// The address is none (RFC 3986), whatever some browsers send.
    pub fn bad_address() -> Self {
        Self::unreadable("The address holds characters that must be percent-encoded there.")
    }

    /// The request is for no host, or for more than one (RFC 9112, 3.2).
    pub fn no_host() -> Self {
        Self::unreadable("The request must say once which host it is for.")
    }

    /// The body ended early, or nobody can tell where it ends.
    pub fn cut_off() -> Self {
        Self::unreadable("The request's body did not arrive whole.")
    }

    /// The body was sent too slowly.
    pub fn too_slow() -> Self {
        Self::new(Kind::TooSlow, "The request's body did not arrive in time. Please try again.")
    }

    /// The body is longer than `kib` KiB.
    pub fn payload_too_large(kib: u64) -> Self {
        Self::new(Kind::PayloadTooLarge, format!("A body here may be up to {kib} KiB long."))
    }

    /// No session; says why to the holder of a genuine token of one that ended.
    pub fn not_signed_in(reason: Option<EndReason>) -> Self {
        Self { reason, ..Self::new(Kind::NotSignedIn, "Sign in to go on.") }
    }

    /// The role does not allow it; or it would, but superusers must have a second factor.
    pub fn forbidden(second_factor_required: bool) -> Self {
        let who = if second_factor_required { "Superusers with a second factor are." } else { "Superusers are." };
        Self::new(Kind::Forbidden, format!("Your account is not allowed to do this. {who}"))
    }

    /// The password was given too long ago.
    pub fn fresh_sign_in_required() -> Self {
        Self::new(Kind::FreshSigninRequired, "This asks for your password once more, since you signed in a while ago.")
    }

    /// Guests only; the signed-in go to their dashboard.
    pub fn signed_in_already() -> Self {
        Self { header: crate::web::next::HOME.into(), ..Self::new(Kind::Elsewhere, "You are signed in already.") }
    }

    /// The same page under the public URL.
    pub fn elsewhere(place: String) -> Self {
        Self { header: place, ..Self::new(Kind::Elsewhere, "This page is on another address of this site.") }
    }

    /// Another site made the browser send this.
    pub fn cross_site(origin: &str) -> Self {
        let how = format!(
            "Changes are taken from this site's own pages only. Open {origin} and try again. \
             A program sends no cookie, or the header X-Requested-With with any value."
        );
        Self::new(Kind::CrossSite, how)
    }

    /// What Rocket says by a status alone.
    pub(super) fn of_status(status: Status, request: &Request<'_>) -> Self {
        match status.code {
            400 => Self::unreadable("The request could not be read."),
            401 => Self::not_signed_in(ended_because(request)),
            403 => Self::forbidden(false),
            404 => Self::unrouted(request),
            413 => Self::payload_too_large(16),
            422 => Self::invalid(Vec::new()),
            503 => Self::overloaded(),
            code if (400..500).contains(&code) => Self::unreadable("The request could not be answered."),
            code => Self::internal(Internal::new(&format!("the framework answered {code}"))),
        }
    }

    /// Rocket knows only "no route": here is why there is none.
    fn unrouted(request: &Request<'_>) -> Self {
        match routing::miss(request) {
            routing::Miss::Path => Self::new(Kind::NotFound, "Check the address, or begin at the start page."),
            routing::Miss::Method(allow) => {
                let detail = format!("This address can only be used by {allow}. Begin at the start page.");
                Self { header: allow, ..Self::new(Kind::MethodNotAllowed, detail) }
            }
            routing::Miss::ContentType(wanted) => Self::unsupported_media_type(&wanted),
        }
    }

    /// The body is of another kind than `wanted`.
    pub fn unsupported_media_type(wanted: &str) -> Self {
        Self::new(Kind::UnsupportedMediaType, format!("Send the body with Content-Type: {wanted}."))
    }

    /// Nothing is stored under this name.
    pub fn not_found() -> Self {
        Self::new(Kind::NotFound, "What you are looking for is not here, or not any more.")
    }

    /// The caller's network asked too often; it may do so again after this time.
    pub fn too_many_requests(after: Duration) -> Self {
        let seconds = after.as_millis().div_ceil(1000).max(1);
        let (number, unit) = if seconds < 120 { (seconds, "second") } else { (seconds.div_ceil(60), "minute") };
        let s = if number == 1 { "" } else { "s" };
        let detail = format!("Your network has tried this too often. Please try again in {number} {unit}{s}.");
        Self { header: seconds.to_string(), ..Self::new(Kind::TooManyRequests, detail) }
    }

    /// Too much at once.
    pub fn overloaded() -> Self {
        Self::new(Kind::Overloaded, "Many people are signing in at this moment. Please try again in a few seconds.")
    }

    /// A fault of ours, or a database that does not answer.
    pub fn internal(cause: Internal) -> Self {
        if cause.is_outage() {
            let detail = "The server cannot do this at the moment. Please try again in a few seconds.";
            return Self { cause: Some(cause), ..Self::new(Kind::Overloaded, detail) };
        }
        let detail = "This is our fault, not yours, and it was written down. Please try again in a while.";
        Self { cause: Some(cause), ..Self::new(Kind::Internal, detail) }
    }

    fn invalid_code() -> Self {
        let detail =
            "This code is wrong, was used before, or is too old. Look for the newest letter, or ask for a new code.";
        let errors = vec![FieldError::new("code", "invalid", detail)];
        Self { errors, ..Self::new(Kind::InvalidCode, detail) }
    }

    fn invalid_factor_code() -> Self {
        let detail = "This code is wrong, was used before, or came too late. Try the next code of your app, or a recovery code that you have not used.";
        let errors = vec![FieldError::new("code", "invalid", detail)];
        Self { errors, ..Self::new(Kind::InvalidCode, detail) }
    }

    /// The password is right; the rest of the sign-in is under `request`.
    fn second_factor_required(request: RequestId) -> Self {
        let detail =
            "The password is right. Send the code of your authenticator app, or a recovery code, with this request.";
        Self { request: Some(request), ..Self::new(Kind::SecondFactorRequired, detail) }
    }

    /// One field to correct.
    pub fn fault(fault: Invalid) -> Self {
        Self::faults(vec![fault])
    }

    fn faults(faults: Vec<Invalid>) -> Self {
        let worded = |Invalid { field, why }| {
            let (code, message) = fault(&why);
            FieldError::new(field, code, &message)
        };
        Self::invalid(faults.into_iter().map(worded).collect())
    }

    /// The box was not ticked that says what is about to be destroyed.
    pub fn not_understood(field: &str) -> Self {
        Self::invalid(vec![FieldError::new(field, "missing", "Tick this first. Nothing was deleted.")])
    }

    fn wrong_password(field: &str) -> Self {
        let detail = "This is not your password. Nothing was changed.";
        let errors = vec![FieldError::new(field, "wrong", detail)];
        Self { errors, ..Self::new(Kind::InvalidCredentials, detail) }
    }

    fn signed_out_meanwhile() -> Self {
        Self::new(Kind::NotSignedIn, "Your session ended meanwhile. Sign in to go on.")
    }

    fn signup_closed() -> Self {
        Self::new(Kind::Forbidden, "Accounts are made by invitation here. Ask the people who run this site for one.")
    }

    fn last_superuser() -> Self {
        let detail =
            "This is the only superuser. Make somebody else one first, or nobody could look after the accounts.";
        Self::new(Kind::Conflict, detail)
    }

    fn own_second_factor() -> Self {
        Self::new(Kind::Conflict, "Your own second factor is turned off on your account's page, with a code.")
    }

    fn taken_by_another(field: &str) -> Self {
        let detail = "Another account has this already.";
        Self { errors: vec![FieldError::new(field, "taken", detail)], ..Self::new(Kind::Conflict, detail) }
    }

    fn taken() -> Self {
        let detail = "This address has an account already. Sign in, or set a new password if you forgot yours.";
        let errors = vec![FieldError::new("email", "taken", detail)];
        Self { errors, ..Self::new(Kind::Conflict, detail) }
    }
}

fn fault(why: &Fault) -> (&'static str, String) {
    match why {
        Fault::TooLong { max } => ("too_long", format!("This is too long: {max} characters are the most.")),
        Fault::Characters => {
            ("characters", "This holds characters that cannot be used here, such as line breaks.".into())
        }
        Fault::NotAnAddress => ("email", "Enter an email address, like ann@example.com.".into()),
        Fault::NotAUsername => {
            ("username", "Use letters, digits, dots, dashes, underscores and plus signs; no @ and no spaces.".into())
        }
        Fault::NotARole => ("role", "The roles are `user` and `superuser`.".into()),
        Fault::NotACursor => ("cursor", "Use the `next_cursor` of the page before.".into()),
        Fault::NotAnId => ("id", "An id has 32 characters, as the lists show it.".into()),
        Fault::NotAnEvent => ("type", "There are no events of this type.".into()),
        Fault::NotATime => ("time", "Write a time as 2026-11-24 or 2026-11-24T14:05:00Z.".into()),
        Fault::OneOf(words) => ("choice", format!("Choose one of these: {words}.")),
        Fault::NotACode => ("code", "Enter the eight digits of the code.".into()),
        Fault::NotAFactorCode => {
            ("code", "Enter the six digits that your app shows, or a recovery code of 16 characters.".into())
        }
        Fault::Missing => ("missing", "This is missing.".into()),
        Fault::Password(why) => password(why),
    }
}

fn password(why: &PasswordRefusal) -> (&'static str, String) {
    const HINT: &str = "Four random words are easy to remember.";
    match why {
        PasswordRefusal::TooShort { missing } => {
            let s = if *missing == 1 { "" } else { "s" };
            ("too_short", format!("{missing} more character{s} needed. {HINT}"))
        }
        PasswordRefusal::TooLong => ("too_long", "This is too long: 256 characters are the most.".into()),
        PasswordRefusal::InvalidCharacter => {
            ("characters", "This holds characters that cannot be typed, such as line breaks.".into())
        }
        PasswordRefusal::Common => ("common", format!("Many people use this password, so it is tried first. {HINT}")),
        PasswordRefusal::Repetitive => {
            ("repetitive", format!("This repeats or counts up, so it is guessed soon. {HINT}"))
        }
        PasswordRefusal::Related => {
            ("related", format!("This is too close to your address, your name or this site. {HINT}"))
        }
    }
}

/// Why a session ended, for the sign-in page.
pub fn ending(reason: EndReason) -> &'static str {
    match reason {
        EndReason::Expired => "You were signed out because this page was not used for a while.",
        EndReason::AbsoluteLimit => "You were signed out because you had been signed in for a long time.",
        EndReason::LoggedOut => "You signed out.",
        EndReason::Replaced => "You signed in again, which ended your earlier session.",
        EndReason::PasswordChanged => "You were signed out because your password was changed.",
        EndReason::EmailChanged => "You were signed out because the address of your account was changed.",
        EndReason::Deleted => "You were signed out because your account was deleted.",
        EndReason::LoggedOutEverywhere => "You signed out everywhere.",
        EndReason::EndedByYou => "You ended this session from another one.",
        EndReason::RefreshReused => "You were signed out because an old refresh token was used again.",
        EndReason::PasswordReset => "You were signed out because your password was set anew.",
        EndReason::Forced => "You were signed out by the people who run this site.",
        EndReason::RoleChanged => "You were signed out because the role of your account was changed.",
        EndReason::Locked => "You were signed out because your account was locked.",
    }
}

impl From<Internal> for Problem {
    fn from(cause: Internal) -> Self {
        Self::internal(cause)
    }
}

impl From<InputError> for Problem {
    fn from(error: InputError) -> Self {
        match error {
            InputError::Invalid(faults) => Self::faults(faults),
            InputError::TooMany(after) => Self::too_many_requests(after),
            InputError::Internal(cause) => Self::internal(cause),
        }
    }
}

impl From<SignupError> for Problem {
    fn from(error: SignupError) -> Self {
        match error {
            SignupError::Invalid(faults) => Self::faults(faults),
            SignupError::Closed => Self::signup_closed(),
            SignupError::Taken => Self::taken(),
            SignupError::Overloaded => Self::overloaded(),
            SignupError::TooMany(after) => Self::too_many_requests(after),
            SignupError::Internal(cause) => Self::internal(cause),
        }
    }
}

impl From<SigninError> for Problem {
    fn from(error: SigninError) -> Self {
        let refused = "Address or password is wrong, or the address is not confirmed yet.";
        match error {
            SigninError::Invalid(faults) => Self::faults(faults),
            SigninError::Refused => Self::new(Kind::InvalidCredentials, refused),
            SigninError::SecondFactor(request) => Self::second_factor_required(request),
            SigninError::Overloaded => Self::overloaded(),
            SigninError::TooMany(after) => Self::too_many_requests(after),
            SigninError::Internal(cause) => Self::internal(cause),
        }
    }
}

impl From<ActError> for Problem {
    fn from(error: ActError) -> Self {
        match error {
            ActError::Invalid(faults) => Self::faults(faults),
            ActError::WrongPassword(field) => Self::wrong_password(field),
            ActError::WrongCode => Self::invalid_factor_code(),
            ActError::NotFresh => Self::fresh_sign_in_required(),
            ActError::SignedOut => Self::signed_out_meanwhile(),
            ActError::LastSuperuser => Self::last_superuser(),
            ActError::Overloaded => Self::overloaded(),
            ActError::TooMany(after) => Self::too_many_requests(after),
            ActError::Internal(cause) => Self::internal(cause),
        }
    }
}

impl From<AdminError> for Problem {
    fn from(error: AdminError) -> Self {
        match error {
            AdminError::Invalid(faults) => Self::faults(faults),
            AdminError::NotFound => Self::not_found(),
            AdminError::Taken(field) => Self::taken_by_another(field),
            AdminError::LastSuperuser => Self::last_superuser(),
            AdminError::Own => Self::own_second_factor(),
            AdminError::SignedOut => Self::signed_out_meanwhile(),
            AdminError::Overloaded => Self::overloaded(),
            AdminError::Internal(cause) => Self::internal(cause),
        }
    }
}

impl From<RefreshError> for Problem {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::Refused(reason) => Self::not_signed_in(reason),
            RefreshError::Internal(cause) => Self::internal(cause),
        }
    }
}

impl From<FactorError> for Problem {
    fn from(error: FactorError) -> Self {
        let conflict = |detail: &str| Self::new(Kind::Conflict, detail);
        match error {
            FactorError::Invalid(faults) => Self::faults(faults),
            FactorError::Refused => Self::invalid_factor_code(),
            FactorError::On => conflict("There is a second factor already. Turn that off first to use another app."),
            FactorError::Off => conflict("There is no second factor."),
            FactorError::NotBegun => {
                conflict("Begin first: there is no secret in this session that waits for its code.")
            }
            FactorError::SignedOut => Self::signed_out_meanwhile(),
            FactorError::TooMany(after) => Self::too_many_requests(after),
            FactorError::Internal(cause) => Self::internal(cause),
        }
    }
}

impl From<CodeError> for Problem {
    fn from(error: CodeError) -> Self {
        match error {
            CodeError::Invalid(faults) => Self::faults(faults),
            CodeError::Closed => Self::signup_closed(),
            CodeError::Refused => Self::invalid_code(),
            CodeError::Taken => Self::taken(),
            CodeError::Overloaded => Self::overloaded(),
            CodeError::TooMany(after) => Self::too_many_requests(after),
            CodeError::Internal(cause) => Self::internal(cause),
        }
    }
}
