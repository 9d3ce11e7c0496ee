-- The audit trail is sealed: each event gets a keyed hash over itself and the seal before. Those without a time wait for theirs.
ALTER TABLE events ADD COLUMN sealed_at BIGINT;
CREATE INDEX events_unsealed ON events (id) WHERE sealed_at IS NULL;

CREATE TABLE seals (
    number   BIGINT NOT NULL PRIMARY KEY,
    event_id TEXT   NOT NULL UNIQUE,
    seal     TEXT   NOT NULL
);

-- One row: when the chain was begun, its last seal, the last one that retention deleted, the time of the latest event that went with those,
-- and a keyed hash of it all.
CREATE TABLE chain (
    id             BIGINT NOT NULL PRIMARY KEY,
    begun_at       BIGINT NOT NULL,
    number         BIGINT NOT NULL,
    seal           TEXT   NOT NULL,
    deleted_number BIGINT NOT NULL,
    deleted_seal   TEXT   NOT NULL,
    deleted_until  BIGINT NOT NULL,
    mac            TEXT   NOT NULL
);
INSERT INTO chain (id, begun_at, number, seal, deleted_number, deleted_seal, deleted_until, mac) VALUES (1, 0, 0, '', 0, '', 0, '');

-- What the sweeper asks for. A session is over when it was ended, and else when no refresh token or nothing at all prolongs it.
CREATE INDEX sessions_over ON sessions (COALESCE(ended_at, refresh_until, ends_at));
CREATE INDEX letters_done ON letters (COALESCE(sent_at, dropped_at));
CREATE INDEX requests_expired ON requests (expires_at);
CREATE INDEX devices_used ON devices (used_at);
