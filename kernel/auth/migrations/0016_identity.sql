-- +goose Up
-- A person's identity at a provider of OpenID Connect. digest is the SHA-256 of
-- issuer and subject: the subject may be a name or a number of the person's.
CREATE TABLE identity (
    digest BYTEA PRIMARY KEY,
    person BIGINT NOT NULL,
    issuer TEXT NOT NULL,
    since BIGINT NOT NULL,
    rev BIGINT NOT NULL
);
CREATE INDEX identity_person ON identity (person);
