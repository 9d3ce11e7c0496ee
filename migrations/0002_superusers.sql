-- What superusers need: another name to sign in with, ways to find an account, and a row that every change of who may do what takes first.

ALTER TABLE users ADD COLUMN username TEXT;
CREATE UNIQUE INDEX users_by_username ON users (username);
CREATE INDEX users_by_age ON users (created_at, id);
CREATE INDEX users_locked ON users (created_at, id) WHERE locked_at IS NOT NULL;
CREATE INDEX users_invited ON users (created_at, id) WHERE password_hash IS NULL;
CREATE INDEX users_superuser ON users (created_at, id) WHERE role = 'superuser';

-- What an account is found by, in lower case: address, domain, username, name and each word of it.
CREATE TABLE user_words (
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    word    TEXT NOT NULL,
    PRIMARY KEY (user_id, word)
);
CREATE INDEX user_words_by_word ON user_words (word, user_id);
INSERT INTO user_words (user_id, word) SELECT id, email FROM users;

-- One row. Whoever changes roles, locks or deletes accounts writes it first, so that they come one after another.
CREATE TABLE roster (
    id      BIGINT NOT NULL PRIMARY KEY,
    changes BIGINT NOT NULL
);
INSERT INTO roster (id, changes) VALUES (1, 0);

CREATE INDEX sessions_by_age ON sessions (created_at, id);
CREATE INDEX sessions_open ON sessions (created_at, id) WHERE ended_at IS NULL;
CREATE INDEX events_of_type ON events (type, id);
