//! What superusers change of an account: its name, its role, and whether it is locked.
use super::Operator;
use crate::{
    accounts::{Accounts, AdminError},
    model::{
        event::EventKind,
        id::UserId,
        letter::Letter,
        name::Name,
        session::EndReason,
        user::{Role, User},
    },
    store,
};

/// What is to change; what is `None` stays.
#[derive(Default)]
pub struct Change<'a> {
    /// The name, as typed.
    pub name: Option<&'a str>,
    /// The role, as typed.
    pub role: Option<&'a str>,
    /// Whether nobody may sign in.
    pub locked: Option<bool>,
}

impl Accounts {
    /// Changes the account of `id`, all at once or nothing. A new role or a lock ends every session of it, on every node when this returns,
    /// and its owner gets a letter.
    ///
    /// # Errors
    /// See [`AdminError`].
    pub async fn change_account(
        &self,
        operator: &Operator<'_>,
        id: &UserId,
        change: &Change<'_>,
    ) -> Result<User, AdminError> {
        let name = change.name.map(Name::parse).transpose().map_err(|fault| vec![fault.of("name")])?;
        let role = change.role.map(Role::parse).transpose().map_err(|fault| vec![fault.of("role")])?;
        let now = self.clock.now();
        let (mut tx, user) = self.begin_on(operator, id).await?;
        let role = role.filter(|role| *role != user.role);
        let locked = change.locked.filter(|locked| *locked != user.locked_at.is_some());
        let weakens = role == Some(Role::User) || locked == Some(true);
        if weakens && store::users::is_last_superuser(&mut *tx, id).await? {
            return Err(AdminError::LastSuperuser);
        }
        if let Some(name) = name {
            store::users::rename(&mut *tx, id, name.as_str()).await?;
        }
        let mut letters = Vec::new();
        if let Some(role) = role {
            store::users::set_role(&mut *tx, id, role).await?;
            let event = operator.by().event(EventKind::RoleChanged, id).with("role", role.as_str());
            self.record(&mut *tx, event, now).await?;
            letters.push(Letter::RoleChanged { role: role.as_str().into(), at: now.to_string() });
        }
        if let Some(locked) = locked {
            store::users::set_locked(&mut *tx, id, locked.then_some(now)).await?;
            let kind = if locked { EventKind::UserLocked } else { EventKind::UserUnlocked };
            self.record(&mut *tx, operator.by().event(kind, id), now).await?;
            let at = now.to_string();
            letters.push(if locked { Letter::AccountLocked { at } } else { Letter::AccountUnlocked { at } });
        }
        for letter in &letters {
            self.queue_letter(&mut *tx, &user.email, letter, None, now).await?;
        }
        let changed = store::users::by_id(&mut *tx, id).await?.ok_or(AdminError::NotFound)?;
        self.index(&mut tx, &changed).await?;
        if role.is_some() || locked == Some(true) {
            let reason = if locked == Some(true) { EndReason::Locked } else { EndReason::RoleChanged };
            let ended = self.end_sessions(&mut tx, id, None, reason, operator.by(), now).await?;
            self.commit_end(tx, ended, now).await?;
        } else {
            tx.commit().await?;
        }
        self.mail.notify_one();
        Ok(changed)
    }
}
