//! A row of another application's users, as its text says it.

/// What a row may say of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Field {
    /// The name for programs; kept where it is one of ours.
    Id,
    /// Where its letters go.
    Email,
    /// Another name to sign in with.
    Username,
    /// What its owner is called.
    Name,
    /// The first part of that, where it is kept in two.
    FirstName,
    /// The second.
    LastName,
    /// Whether it looks after the others.
    Superuser,
    /// The same in a word: `user` or `superuser`.
    Role,
    /// When it was made.
    CreatedAt,
    /// Whether its owner may sign in.
    Active,
    /// Since when not.
    LockedAt,
    /// When the address was proven.
    EmailVerifiedAt,
    /// When somebody last signed in here.
    LastSigninAt,
    /// The hash of its password.
    PasswordHash,
}

use Field::*;

impl Field {
    /// Every one, with its own name first and then those that others give it.
    const NAMES: [(Self, &[&str]); 14] = [
        (Id, &["id"]),
        (Email, &["email", "email_address", "mail"]),
        (Username, &["username", "user_name", "login"]),
        (Name, &["name", "full_name", "display_name"]),
        (FirstName, &["first_name"]),
        (LastName, &["last_name"]),
        (Superuser, &["superuser", "is_superuser"]),
        (Role, &["role"]),
        (CreatedAt, &["created_at", "created", "date_joined"]),
        (Active, &["is_active", "active"]),
        (LockedAt, &["locked_at"]),
        (EmailVerifiedAt, &["email_verified_at"]),
        (LastSigninAt, &["last_signin_at"]),
        (PasswordHash, &["password_hash", "password"]),
    ];

    /// Their number.
    pub const COUNT: usize = Self::NAMES.len();

    /// Its own name.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize].1[0]
    }

    /// The field of this own name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, names)| names[0] == name).map(|(field, _)| *field)
    }

    /// The own names of all, for people.
    pub fn list() -> String {
        Self::NAMES.map(|(_, names)| names[0]).join(", ")
    }

    /// Which of `columns` each field is in, by the names that are common.
    pub fn usual(columns: &[String]) -> Places {
        Self::NAMES.map(|(_, names)| {
            names.iter().find_map(|name| columns.iter().position(|column| column.eq_ignore_ascii_case(name)))
        })
    }
}

/// In which column each field is.
pub type Places = [Option<usize>; Field::COUNT];

/// What one row says.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// Its line in the file, or its number in the table; the first is 1.
    pub number: u64,
    /// The text of each field.
    pub fields: [Option<String>; Field::COUNT],
}

impl Row {
    /// What it says of `field`, if anything.
    pub fn get(&self, field: Field) -> Option<&str> {
        self.fields[field as usize].as_deref().map(str::trim).filter(|text| !text.is_empty())
    }
}
