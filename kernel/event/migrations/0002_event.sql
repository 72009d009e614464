-- +goose Up
-- The one event log. pos is gapless from 0. envelope is the text that is hashed,
-- which repeats pos, subject and actor; body is the salt and then the JSON, and
-- is emptied by an erasure; proof is the digest of the body, 32 bytes, and then
-- the stored hashes of the Merkle tree (tlog) that this leaf completes, the
-- leaf's own first, 32 bytes each. An event is written with every act and never
-- again, so it has few columns: each costs more than its bytes.
CREATE TABLE event (
    pos BIGINT PRIMARY KEY,
    subject BIGINT NOT NULL,
    actor BIGINT NOT NULL,
    idem BYTEA NOT NULL,
    envelope TEXT NOT NULL,
    body BYTEA NOT NULL,
    proof BYTEA NOT NULL
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
