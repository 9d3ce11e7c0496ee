//! All SQL: one file a table, free functions over an executor, the same statements for both databases.
pub mod budgets;
pub mod devices;
pub mod directory;
pub mod endings;
pub mod events;
pub mod guesses;
pub mod keys;
pub mod leases;
pub mod letters;
pub mod lines;
pub mod newcomers;
pub mod nodes;
pub mod outbox;
pub mod overview;
pub mod recovery_codes;
pub mod requests;
pub mod roll;
pub mod roster;
pub mod seals;
pub mod second_factors;
pub mod sessions;
pub mod stats;
pub mod tallies;
pub mod users;
pub mod words;

use sqlx::{Row, any::AnyRow};

use crate::clock::Timestamp;

/// Reads a nullable moment.
fn moment(row: &AnyRow, column: &str) -> sqlx::Result<Option<Timestamp>> {
    Ok(row.try_get::<Option<i64>, _>(column)?.map(Timestamp::from_millis))
}
