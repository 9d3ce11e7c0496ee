//! Moving in: accounts of another application, with the hashes of their passwords. Nobody is signed in by it, and nobody gets a letter.
mod read;
mod row;
mod survey;
mod take_in;

pub use read::{Broken, Candidate, Left, Note, Terms};
pub use row::{Field, Places, Row};
pub use survey::Survey;
pub use take_in::Fate;

pub use crate::store::newcomers::Newcomer;
