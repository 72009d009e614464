-- +goose Up
-- How far each follower of the event log has come: pos is the next position it
-- will read. error is empty while it goes forward; otherwise the event at pos
-- has been tried so many times without success, last at failed (µs UTC).
CREATE TABLE follower (
    name TEXT PRIMARY KEY,
    pos BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    error TEXT NOT NULL,
    failed BIGINT NOT NULL,
    rev BIGINT NOT NULL
);
