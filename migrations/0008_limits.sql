-- How often what was done. Every `id` is a keyed hash of who did it and of what was done, so that a copy of these tables names nobody.

-- So much may be done in a span of time: what was done in the one that goes on, and when that is over.
CREATE TABLE budgets (
    id      TEXT   NOT NULL PRIMARY KEY,
    used    BIGINT NOT NULL,
    ends_at BIGINT NOT NULL
);
CREATE INDEX budgets_by_end ON budgets (ends_at);

-- Wrong passwords in a row: how many, how long the last one has to be waited for since when, and when all is forgotten. No reference to
-- `users`: a guess at an account that is being deleted would fail.
CREATE TABLE guesses (
    id         TEXT   NOT NULL PRIMARY KEY,
    user_id    TEXT,
    failures   BIGINT NOT NULL,
    wait       BIGINT NOT NULL,
    failed_at  BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX guesses_of_user ON guesses (user_id);
CREATE INDEX guesses_by_end ON guesses (expires_at);
