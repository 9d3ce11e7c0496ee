-- How many events of each type an hour held (hours since the epoch, UTC), so that nobody counts events to show them.
CREATE TABLE tallies (
    hour   BIGINT NOT NULL,
    type   TEXT   NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (hour, type)
);
