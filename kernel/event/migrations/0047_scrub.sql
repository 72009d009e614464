-- +goose Up
-- Up to which erasure the files of the database have been scrubbed (one row, id 1),
-- and when a scrub began that has not ended (µs; 0 for none).
CREATE TABLE scrub (
    id BIGINT PRIMARY KEY,
    upto BIGINT NOT NULL,
    begun BIGINT NOT NULL,
    rev BIGINT NOT NULL
);
