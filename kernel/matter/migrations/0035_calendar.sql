-- +goose Up

-- The latest late notice, by its event: what a program that decides compares
-- its calendar with, since another may have entered one.
CREATE TABLE calendar (
    id BIGINT PRIMARY KEY,
    last BIGINT NOT NULL,
    rev BIGINT NOT NULL
);
