//! What a row says, in our terms.
use super::row::{Field, Row};
use crate::{
    clock::Timestamp,
    hasher::{HashRefusal, StoredHash},
    model::{
        email::Email,
        id::UserId,
        name::Name,
        user::{Role, User},
        username::Username,
    },
    store::newcomers::Newcomer,
};

/// How rows are taken.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terms {
    /// Whether accounts without an address of their own come by their username.
    pub username_only: bool,
    /// Whether addresses count as proven where the row does not say when: the other application saw to that.
    pub proven: bool,
    /// Whether accounts that an import brought get the name and the hash of their row, as long as nobody has signed in to them.
    pub update: bool,
}

/// What is wrong with a row that cannot be meant so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    /// It cannot be read at all, for this reason.
    Row(String),
    /// Not a moment.
    Time(Field),
    /// Neither yes nor no.
    Flag(Field),
    /// Not a role.
    Role,
    /// Not a hash that can be kept.
    Hash(HashRefusal),
}

/// Why an account is left out, though its row is sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// No address.
    NoAddress,
    /// What stands there is no address.
    BadAddress,
    /// Another row has the same address.
    SharedAddress,
    /// Another row has it in other letter case.
    CaseOnly,
    /// No address, and no username that can be kept either.
    NoName,
    /// No address, and no password either: nobody could ever sign in.
    NoPassword,
    /// The username is another account's, and there is no address.
    UsernameTaken,
}

/// What was changed of an account to make it fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// It comes by its username only.
    UsernameOnly(Left),
    /// Its username has characters that are not allowed here, such as `@`.
    UsernameDropped,
    /// Its username is another account's.
    UsernameTaken,
    /// Its name was cut, or lost characters that do not print.
    NameChanged,
}

/// A row that can become an account, whether or not there is an address.
pub struct Candidate {
    /// The address, or why there is none.
    pub email: Result<Email, Left>,
    /// The address as it is written, without space around it.
    pub spelling: String,
    /// The username, where it can be kept.
    pub username: Option<Username>,
    /// The name for programs, where it has one that can be kept.
    pub(super) id: Option<UserId>,
    /// What was changed.
    pub notes: Vec<Note>,
    /// Whether it had only its username where it was exported, so that this has been agreed to.
    agreed: bool,
    newcomer: Newcomer,
}

impl Candidate {
    /// Reads a row.
    ///
    /// # Errors
    /// See [`Broken`].
    pub fn read(row: &Row, terms: &Terms, now: Timestamp) -> Result<Self, Broken> {
        let mut notes = Vec::new();
        let spelling = row.get(Field::Email).unwrap_or_default().to_owned();
        let agreed = Email::stored(spelling.clone()).is_stand_in();
        let missing = if spelling.is_empty() || agreed { Left::NoAddress } else { Left::BadAddress };
        let email = Email::parse(&spelling).map_err(|_| missing);
        let typed = row.get(Field::Username);
        let username = typed.and_then(|typed| Username::parse(typed).ok());
        // Many applications keep the address in both.
        if typed.is_some_and(|typed| username.is_none() && !typed.eq_ignore_ascii_case(&spelling)) {
            notes.push(Note::UsernameDropped);
        }
        let (name, changed) = name_of(row);
        if changed {
            notes.push(Note::NameChanged);
        }
        let role = role_of(row)?;
        let created_at = moment(row, Field::CreatedAt)?.unwrap_or(now).min(now);
        let locked_at = match (moment(row, Field::LockedAt)?, flag(row, Field::Active)?) {
            (None, Some(false)) => Some(now),
            (locked_at, _) => locked_at,
        };
        let verified = moment(row, Field::EmailVerifiedAt)?.or(terms.proven.then_some(now));
        let user = User {
            id: UserId::new(now),
            email: Email::nobody(),
            name,
            username: username.clone(),
            role,
            version: 1,
            locked_at,
            email_verified_at: verified,
            second_factor_at: None,
            created_at,
        };
        let newcomer = Newcomer { user, password_hash: hash(row)?, last_signin_at: moment(row, Field::LastSigninAt)? };
        let id = row.get(Field::Id).and_then(UserId::parse);
        Ok(Self { email, spelling, username, id, notes, agreed, newcomer })
    }

    /// What it is called in a list: its address as it is written, or its username.
    pub fn called(&self) -> String {
        let username = self.username.as_ref().map_or("", Username::as_str);
        if self.spelling.is_empty() { username.to_owned() } else { self.spelling.clone() }
    }

    /// Goes on without its username, which another has too.
    pub(super) fn lose_username(&mut self) {
        self.username = None;
        self.newcomer.user.username = None;
        self.notes.push(Note::UsernameTaken);
    }

    /// The account, with its address or by its username only.
    ///
    /// # Errors
    /// Neither will do.
    pub fn into_newcomer(self, terms: &Terms) -> Result<(Newcomer, Vec<Note>), Left> {
        let Self { email, username, id, mut notes, agreed, mut newcomer, .. } = self;
        let (user, by_username) = (&mut newcomer.user, terms.username_only || agreed);
        if let Some(id) = id {
            user.id = id;
        }
        match (email, username) {
            (Ok(email), _) => user.email = email,
            (Err(_), Some(_)) if by_username && newcomer.password_hash.is_none() => return Err(Left::NoPassword),
            (Err(left), Some(username)) if by_username => {
                user.email = Email::stand_in(&username);
                user.email_verified_at = None;
                if !agreed {
                    notes.push(Note::UsernameOnly(left));
                }
            }
            (Err(_), None) if by_username => return Err(Left::NoName),
            (Err(left), _) => return Err(left),
        }
        Ok((newcomer, notes))
    }
}

/// The name, and whether it had to be changed.
fn name_of(row: &Row) -> (String, bool) {
    let parts = [row.get(Field::FirstName), row.get(Field::LastName)];
    let parts = || parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let typed = row.get(Field::Name).map_or_else(parts, str::to_owned);
    let name = Name::parse(&typed);
    let changed = name.is_err();
    (name.unwrap_or_else(|_| Name::cut(&typed)).as_str().to_owned(), changed)
}

fn role_of(row: &Row) -> Result<Role, Broken> {
    let role = Role::parse(row.get(Field::Role).unwrap_or_default()).map_err(|_| Broken::Role)?;
    let superuser = flag(row, Field::Superuser)?.unwrap_or(false);
    Ok(if superuser { Role::Superuser } else { role })
}

/// The hash; `None` for an account nobody can sign in to with a password, which Django writes with a `!`.
fn hash(row: &Row) -> Result<Option<String>, Broken> {
    let Some(text) = row.get(Field::PasswordHash).filter(|text| !text.starts_with('!')) else { return Ok(None) };
    StoredHash::foreign(text).map_err(Broken::Hash)?;
    Ok(Some(text.to_owned()))
}

fn flag(row: &Row, field: Field) -> Result<Option<bool>, Broken> {
    let Some(text) = row.get(field) else { return Ok(None) };
    match text.to_ascii_lowercase().as_str() {
        "1" | "t" | "true" | "y" | "yes" => Ok(Some(true)),
        "0" | "f" | "false" | "n" | "no" => Ok(Some(false)),
        _ => Err(Broken::Flag(field)),
    }
}

fn moment(row: &Row, field: Field) -> Result<Option<Timestamp>, Broken> {
    let Some(text) = row.get(field) else { return Ok(None) };
    match Timestamp::parse(text).or_else(|| printed(text)) {
        Some(moment) => Ok(Some(moment)),
        None => Err(Broken::Time(field)),
    }
}

/// A moment as databases print it, `2026-01-02 03:04:05.678+00`, in UTC where no zone is told; or the seconds since the epoch.
fn printed(text: &str) -> Option<Timestamp> {
    if let Ok(seconds) = text.parse::<f64>() {
        // Until the year 9999.
        return (0.0..253_402_300_800.0).contains(&seconds).then(|| Timestamp::from_millis((seconds * 1000.0) as i64));
    }
    let (date, time) = text.split_once([' ', 'T'])?;
    let (time, zone) = time.split_at(time.find(['+', '-', 'Z', 'z']).unwrap_or(time.len()));
    let zone = match zone.len() {
        0 => "Z".to_owned(),
        3 => format!("{zone}:00"),
        5 => format!("{}:{}", zone.get(..3)?, zone.get(3..)?),
        _ => zone.to_owned(),
    };
    let seconds = if time.len() == 5 { ":00" } else { "" };
    Timestamp::parse(&format!("{date}T{time}{seconds}{zone}"))
}

#[cfg(test)]
mod tests;
