//! What all requests answered by a mailed code have in common.
use std::time::Duration;

use super::Accounts;
use crate::{
    clock::Timestamp,
    model::{
        code::{Code, Purpose, RequestId},
        email::Email,
    },
};

/// How long a request can be answered, with a new code too: the life of the cookie that holds it.
pub const REQUEST_TTL: Duration = Duration::from_secs(15 * 60);

impl Accounts {
    /// The keyed hash of `code`, bound to the purpose, the request and the address it was mailed to.
    pub(super) fn code_mac(&self, purpose: Purpose, name_hash: &str, email: &Email, code: &Code) -> String {
        self.secret.code_mac(&[purpose.as_str(), name_hash, email.as_str(), code.digits()])
    }

    /// Whether `code` is the one mailed for this request, in constant time.
    pub(super) fn is_code(&self, mac: &str, purpose: Purpose, name_hash: &str, email: &Email, code: &Code) -> bool {
        self.secret.is_code_mac(mac, &[purpose.as_str(), name_hash, email.as_str(), code.digits()])
    }

    pub(super) fn request_name(&self, request: &RequestId) -> String {
        self.secret.request_name(request.reveal())
    }

    pub(super) fn code_expiry(&self, now: Timestamp) -> Timestamp {
        now.plus(self.rules.code_ttl)
    }
}
