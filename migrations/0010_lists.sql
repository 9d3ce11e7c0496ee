-- The lists of superusers: a few accounts in the order of their addresses, and the sessions of somebody who began two at once.
CREATE INDEX users_locked_by_address ON users (email) WHERE locked_at IS NOT NULL;
CREATE INDEX users_invited_by_address ON users (email) WHERE password_hash IS NULL;
CREATE INDEX users_superuser_by_address ON users (email) WHERE role = 'superuser';
DROP INDEX sessions_of_user;
CREATE INDEX sessions_of_user ON sessions (user_id, created_at, id);
