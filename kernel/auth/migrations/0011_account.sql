-- +goose Up
-- What a person signs in with: an argon2id hash that carries its parameters.
-- turn counts the passwords; a session of an earlier turn is no longer valid.
CREATE TABLE account (
    person BIGINT PRIMARY KEY,
    hash TEXT NOT NULL,
    turn BIGINT NOT NULL,
    rev BIGINT NOT NULL
);

-- Failed attempts to sign in. who is a person, or a negative bucket that many
-- unknown logins share, so that guessing cannot fill the table.
CREATE TABLE lockout (
    who BIGINT PRIMARY KEY,
    failures BIGINT NOT NULL,
    stage BIGINT NOT NULL,
    last BIGINT NOT NULL,
    until BIGINT NOT NULL,
    rev BIGINT NOT NULL
);

-- Open sessions. digest is the SHA-256 of the token, which only the browser
-- holds. A session that ends is deleted; its events remain.
CREATE TABLE session (
    digest BYTEA PRIMARY KEY,
    id BIGINT NOT NULL,
    person BIGINT NOT NULL,
    turn BIGINT NOT NULL,
    opened BIGINT NOT NULL,
    seen BIGINT NOT NULL,
    agent TEXT NOT NULL,
    rev BIGINT NOT NULL
);
CREATE INDEX session_person ON session (person, id);

-- One row while the installation has no administrator: the digest of the setup
-- token; emptied by its use.
CREATE TABLE setup (
    id BIGINT PRIMARY KEY,
    digest BYTEA NOT NULL,
    done BOOLEAN NOT NULL,
    rev BIGINT NOT NULL
);
