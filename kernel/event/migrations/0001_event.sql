-- +goose Up
-- The one event log. pos is gapless from 0. hashes are the stored hashes of the
-- Merkle tree (tlog) that this leaf completes: the leaf's own first, 32 bytes
-- each. Erasing a body empties salt and body; digest, and with it the leaf, stay.
CREATE TABLE event (
    pos BIGINT PRIMARY KEY,
    recorded BIGINT NOT NULL,
    occurred BIGINT NOT NULL,
    kind TEXT NOT NULL,
    subject BIGINT NOT NULL,
    actor BIGINT NOT NULL,
    behalf BIGINT NOT NULL,
    unit BIGINT NOT NULL,
    idem BYTEA NOT NULL,
    digest BYTEA NOT NULL,
    salt BYTEA NOT NULL,
    body BYTEA NOT NULL,
    hashes BYTEA NOT NULL
);
CREATE UNIQUE INDEX event_idem ON event (actor, idem);
CREATE INDEX event_subject ON event (subject, pos);

-- The head of the log: its size and the right-hand edge of the tree, and the epoch of
-- its signatures. Derived
-- from the events; check compares the two.
CREATE TABLE log_head (
    id BIGINT PRIMARY KEY,
    size BIGINT NOT NULL,
    edge BYTEA NOT NULL,
    epoch BIGINT NOT NULL,
    rev BIGINT NOT NULL
);
