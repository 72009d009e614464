-- +goose Up
CREATE TABLE derived ( /* clustered */
    kind TEXT NOT NULL,
    n BIGINT NOT NULL,
    raw BYTEA NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (kind, n)
);
