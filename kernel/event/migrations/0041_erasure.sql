-- +goose Up
-- What was erased: id is an object, whose events before the erasing one have lost
-- their bodies, or the position of a single such event. event is the one that
-- says so; check wants an entry for every body that is gone.
CREATE TABLE erasure (
    id BIGINT PRIMARY KEY,
    event BIGINT NOT NULL
);
