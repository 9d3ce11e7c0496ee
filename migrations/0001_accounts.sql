-- One set for SQLite and PostgreSQL: TEXT and BIGINT only, times in milliseconds since the epoch, every value from the program.

CREATE TABLE users (
    id                TEXT   NOT NULL PRIMARY KEY,
    email             TEXT   NOT NULL UNIQUE,
    name              TEXT   NOT NULL,
    role              TEXT   NOT NULL,
    password_hash     TEXT,
    version           BIGINT NOT NULL,
    locked_at         BIGINT,
    email_verified_at BIGINT,
    created_at        BIGINT NOT NULL,
    last_signin_at    BIGINT
);

CREATE TABLE sessions (
    id            TEXT   NOT NULL PRIMARY KEY,
    user_id       TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind          TEXT   NOT NULL,
    version       BIGINT NOT NULL,
    auth_time     BIGINT NOT NULL,
    created_at    BIGINT NOT NULL,
    ends_at       BIGINT NOT NULL,
    ip            TEXT,
    user_agent    TEXT,
    last_seen_at  BIGINT NOT NULL,
    ended_at      BIGINT,
    end_reason    TEXT,
    -- Of the last refresh token of a session of kind `api`: how many came before it, the hash of its secret, when it was made, and
    -- until when it is good.
    refresh_counter BIGINT,
    refresh_hash    TEXT,
    refreshed_at    BIGINT,
    refresh_until   BIGINT
);
CREATE INDEX sessions_of_user ON sessions (user_id, created_at);

-- Sessions that ended so lately that a token of theirs may still verify; they outlive the account they belonged to.
CREATE TABLE endings (
    session_id TEXT   NOT NULL PRIMARY KEY,
    reason     TEXT   NOT NULL,
    until      BIGINT NOT NULL,
    number     BIGINT NOT NULL
);
CREATE INDEX endings_until ON endings (until);
CREATE INDEX endings_number ON endings (number);

-- One row: the number of the last transaction that ended sessions. Taken under its lock, so that numbers become visible in their order.
CREATE TABLE feed (
    id     BIGINT NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL
);
INSERT INTO feed (id, number) VALUES (1, 0);

-- Running nodes, and the number up to which each knows of every ending.
CREATE TABLE nodes (
    id           TEXT   NOT NULL PRIMARY KEY,
    registration BIGINT NOT NULL,
    seen         BIGINT NOT NULL,
    started_at   BIGINT NOT NULL
);

-- Browsers that signed in before. `id` is a keyed hash of what the browser's cookie holds.
CREATE TABLE devices (
    id         TEXT   NOT NULL,
    user_id    TEXT   NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    used_at    BIGINT NOT NULL,
    PRIMARY KEY (id, user_id)
);
CREATE INDEX devices_of_user ON devices (user_id);

-- Pending sign-ups and resets. `id` and `code_mac` are keyed hashes: a copy of this table lets nobody answer a request.
CREATE TABLE requests (
    id              TEXT   NOT NULL PRIMARY KEY,
    purpose         TEXT   NOT NULL,
    email           TEXT   NOT NULL,
    user_id         TEXT   REFERENCES users (id) ON DELETE CASCADE,
    name            TEXT,
    password_hash   TEXT,
    code_mac        TEXT   NOT NULL,
    code_sent_at    BIGINT NOT NULL,
    code_expires_at BIGINT NOT NULL,
    attempts        BIGINT NOT NULL,
    resends         BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    used_at         BIGINT
);
CREATE INDEX requests_of_user ON requests (user_id);
CREATE INDEX requests_of_address ON requests (email);

-- The mail queue. `sealed` holds the letter encrypted, and nothing once it was sent.
CREATE TABLE letters (
    id              TEXT   NOT NULL PRIMARY KEY,
    recipient       TEXT   NOT NULL,
    sealed          TEXT   NOT NULL,
    created_at      BIGINT NOT NULL,
    not_after       BIGINT,
    attempts        BIGINT NOT NULL,
    next_attempt_at BIGINT NOT NULL,
    sent_at         BIGINT,
    dropped_at      BIGINT,
    last_error      TEXT
);
CREATE INDEX letters_to ON letters (recipient);
CREATE INDEX letters_pending ON letters (next_attempt_at) WHERE sent_at IS NULL AND dropped_at IS NULL;

CREATE TABLE events (
    id         TEXT   NOT NULL PRIMARY KEY,
    type       TEXT   NOT NULL,
    user_id    TEXT,
    actor_id   TEXT,
    session_id TEXT,
    ip         TEXT,
    user_agent TEXT,
    data       TEXT   NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX events_of_user ON events (user_id, id);

-- Signing keys, sealed. Two nodes that make the same generation at once agree on the row that came first.
CREATE TABLE keys (
    purpose    TEXT   NOT NULL,
    generation BIGINT NOT NULL,
    kid        TEXT   NOT NULL,
    sealed     TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (purpose, generation)
);
