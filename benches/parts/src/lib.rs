//! The parts of a request, each with what it needs to be measured alone.
pub mod cookies;
pub mod page;
pub mod passwords;
pub mod revocations;
pub mod tokens;

use nightlatch::clock::Timestamp;

/// When all of it happens.
const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
