-- The stream to RabbitMQ: an event waits while `publish_after` is set, and is not taken before that time.
ALTER TABLE events ADD COLUMN publish_after BIGINT;
ALTER TABLE events ADD COLUMN publish_attempts BIGINT NOT NULL DEFAULT 0;
-- Given before the first attempt and never changed, so that a repeated delivery can be recognised.
ALTER TABLE events ADD COLUMN sequence BIGINT;
ALTER TABLE events ADD COLUMN publish_error TEXT;
-- Set for an event that the broker will not take, whatever is tried.
ALTER TABLE events ADD COLUMN parked_at BIGINT;
CREATE INDEX events_pending ON events (publish_after, id, created_at) WHERE publish_after IS NOT NULL;
CREATE INDEX events_numbered ON events (sequence) WHERE publish_after IS NOT NULL;
CREATE INDEX events_parked ON events (parked_at) WHERE parked_at IS NOT NULL;

-- One row: the last number given to an event, and the outage of the broker while there is one.
CREATE TABLE outbox (
    id       BIGINT NOT NULL PRIMARY KEY,
    number   BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    retry_at BIGINT NOT NULL,
    error    TEXT
);
INSERT INTO outbox (id, number, failures, retry_at) VALUES (1, 0, 0, 0);

-- What one node at a time does, and until when it is that node's to do.
CREATE TABLE leases (
    name   TEXT   NOT NULL PRIMARY KEY,
    holder TEXT   NOT NULL,
    until  BIGINT NOT NULL
);
