-- +goose Up
-- Papers that were issued. What a paper says stands in its event alone, so that
-- an erasure finds one place; here is what proves its bytes.
CREATE TABLE paper (
    id BIGINT PRIMARY KEY,
    office BIGINT NOT NULL,
    matter BIGINT NOT NULL,
    sort TEXT NOT NULL,
    number TEXT NOT NULL,
    digest TEXT NOT NULL,
    size BIGINT NOT NULL,
    edition BIGINT NOT NULL,
    issued BIGINT NOT NULL,
    issued_by BIGINT NOT NULL
);
CREATE INDEX paper_matter ON paper (matter, id) WHERE matter <> 0;
CREATE INDEX paper_office ON paper (office, sort, id);
