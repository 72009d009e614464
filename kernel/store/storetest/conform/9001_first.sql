-- +goose Up
-- Tables of the conformance suite: one of each sort that a Table can describe.
CREATE TABLE thing (
    id BIGINT PRIMARY KEY,
    name TEXT NOT NULL,
    amount BIGINT NOT NULL,
    ratio DOUBLE PRECISION NOT NULL,
    held BOOLEAN NOT NULL,
    raw BYTEA NOT NULL,
    rev BIGINT NOT NULL
);
CREATE INDEX thing_name ON thing (name);

CREATE TABLE fixed (
    id BIGINT PRIMARY KEY,
    text TEXT NOT NULL
);
