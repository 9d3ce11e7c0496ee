//! The shapes of what concerns the second factor.
use rocket::{Responder, serde::json::Json};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    accounts::{FactorState, Proposal},
    clock::Timestamp,
};

/// What an account has of a second factor.
#[derive(Serialize, ToSchema)]
pub struct FactorAnswer {
    /// Whether signing in asks for it.
    enabled: bool,
    /// Since when.
    #[schema(format = "date-time")]
    enabled_at: Option<String>,
    /// The recovery codes that were not used yet.
    recovery_codes_left: i64,
}

/// The same as it is exported.
#[derive(Serialize, ToSchema)]
pub struct ExportedFactorAnswer {
    /// Whether signing in asks for it.
    enabled: bool,
    /// Since when.
    #[schema(format = "date-time")]
    since: Option<String>,
    /// The recovery codes that were not used yet.
    recovery_codes_left: i64,
}

/// A secret that an authenticator app is to take.
#[derive(Serialize, ToSchema)]
pub struct ProposalAnswer {
    /// In base32, to be typed.
    secret: String,
    /// With all that belongs to it, for a QR code: `otpauth://totp/…`.
    uri: String,
}

/// 201: a secret was made.
#[derive(Responder)]
#[response(status = 201)]
pub struct Proposed(pub Json<ProposalAnswer>);

/// Recovery codes, which are shown once.
#[derive(Serialize, ToSchema)]
pub struct RecoveryCodesAnswer {
    /// Ten, each good for one use.
    pub recovery_codes: Vec<String>,
}

impl From<FactorState> for FactorAnswer {
    fn from(state: FactorState) -> Self {
        Self {
            enabled: state.enabled_at.is_some(),
            enabled_at: state.enabled_at.map(Timestamp::rfc3339),
            recovery_codes_left: state.recovery_codes_left,
        }
    }
}

impl From<FactorState> for ExportedFactorAnswer {
    fn from(state: FactorState) -> Self {
        let FactorAnswer { enabled, enabled_at: since, recovery_codes_left } = state.into();
        Self { enabled, since, recovery_codes_left }
    }
}

impl From<Proposal> for ProposalAnswer {
    fn from(Proposal { secret, uri }: Proposal) -> Self {
        Self { secret, uri }
    }
}
