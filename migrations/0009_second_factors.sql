-- Second factors. `second_factor_at` stands in the account's own row, which every sign-in locks: none overlooks a factor that is just
-- being turned on.
ALTER TABLE users ADD COLUMN second_factor_at BIGINT;
CREATE INDEX users_one_factor ON users (id) WHERE role = 'superuser' AND second_factor_at IS NULL;

-- What an authenticator app shares with us, sealed. Until the app has proven itself, only the session that began it may see it.
CREATE TABLE second_factors (
    user_id    TEXT   NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    session_id TEXT   NOT NULL,
    sealed     TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    -- The number of the last 30 seconds of which a code was taken.
    last_step  BIGINT NOT NULL
);

-- What opens the account when the app is lost. `id` is a keyed hash of the account and the code.
CREATE TABLE recovery_codes (
    id      TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE
);
CREATE INDEX recovery_codes_of_user ON recovery_codes (user_id);

-- Guesses at codes outlive a reset of the password, unlike guesses at that.
ALTER TABLE guesses ADD COLUMN of_codes BIGINT;
