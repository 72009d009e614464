-- +goose Up
-- Machine clients. A client is a person of the directory without a password;
-- digest is the SHA-256 of its secret, which is shown once. actions is a JSON
-- list of what it may call.
CREATE TABLE client (
    digest BYTEA PRIMARY KEY,
    id BIGINT NOT NULL,
    post BIGINT NOT NULL,
    actions TEXT NOT NULL,
    expires BIGINT NOT NULL,
    revoked BOOLEAN NOT NULL,
    seen BIGINT NOT NULL,
    made BIGINT NOT NULL,
    maker BIGINT NOT NULL,
    rev BIGINT NOT NULL
);
CREATE UNIQUE INDEX client_id ON client (id);
