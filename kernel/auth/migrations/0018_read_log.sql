-- +goose Up
-- Who read what. nonce keeps reads of one microsecond apart, and those of
-- several replicas. duty is the post by which the reader was there (duty@unit).
CREATE TABLE read_log (
    moment BIGINT NOT NULL,
    nonce BIGINT NOT NULL,
    person BIGINT NOT NULL,
    session BIGINT NOT NULL,
    kind TEXT NOT NULL,
    object BIGINT NOT NULL,
    duty TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (moment, nonce)
);
CREATE INDEX read_log_person ON read_log (person, moment, nonce);
CREATE INDEX read_log_object ON read_log (object, moment, nonce);
