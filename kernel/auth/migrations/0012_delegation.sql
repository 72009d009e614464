-- +goose Up
-- Delegations (委托) and standing deputies (AB角): who may act for whom, with
-- which post (0: all), for which kinds of matters (separated by spaces; '' for
-- all) and from which instant to which (µs; until is not included, 0 is no end).
-- A standing one counts only while its giver is absent. One that has been ended
-- stays, with when.
CREATE TABLE delegation (
    id BIGINT PRIMARY KEY,
    giver BIGINT NOT NULL,
    taker BIGINT NOT NULL,
    post BIGINT NOT NULL,
    kinds TEXT NOT NULL,
    since BIGINT NOT NULL,
    until BIGINT NOT NULL,
    standing BOOLEAN NOT NULL,
    reason TEXT NOT NULL,
    ended BIGINT NOT NULL,
    rev BIGINT NOT NULL
);

-- When people are away (不在岗).
CREATE TABLE absence (
    id BIGINT PRIMARY KEY,
    person BIGINT NOT NULL,
    since BIGINT NOT NULL,
    until BIGINT NOT NULL,
    reason TEXT NOT NULL,
    ended BIGINT NOT NULL,
    rev BIGINT NOT NULL
);
