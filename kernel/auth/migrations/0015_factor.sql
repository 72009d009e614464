-- +goose Up
-- How a session began and when its holder last proved who he is.
ALTER TABLE session ADD COLUMN how TEXT NOT NULL DEFAULT 'password';
ALTER TABLE session ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN proven BIGINT NOT NULL DEFAULT 0;

-- The second factor of a person (RFC 6238): a secret sealed with the key beside
-- the signing key, and the last time step whose code was used.
CREATE TABLE factor (
    person BIGINT PRIMARY KEY,
    secret BYTEA NOT NULL,
    active BOOLEAN NOT NULL,
    step BIGINT NOT NULL,
    since BIGINT NOT NULL,
    rev BIGINT NOT NULL
);

-- Recovery codes: SHA-256 of the person and 80 random bits. One that is used is
-- deleted.
CREATE TABLE recovery (
    digest BYTEA PRIMARY KEY,
    person BIGINT NOT NULL,
    rev BIGINT NOT NULL
);
CREATE INDEX recovery_person ON recovery (person);
