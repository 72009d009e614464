-- +goose Up
-- The directory (组织与人员): units as a tree, people, and posts, which say who
-- holds which duty in which unit and from when to when. Ids are positions of
-- the events that made them.
CREATE TABLE unit (
    id BIGINT PRIMARY KEY,
    parent BIGINT NOT NULL,
    level TEXT NOT NULL,
    kind TEXT NOT NULL,
    duty_key TEXT NOT NULL,
    name TEXT NOT NULL,
    name_en TEXT NOT NULL,
    rev BIGINT NOT NULL
);

CREATE TABLE person (
    id BIGINT PRIMARY KEY,
    login TEXT NOT NULL,
    name TEXT NOT NULL,
    name_en TEXT NOT NULL,
    status TEXT NOT NULL,
    rev BIGINT NOT NULL
);

-- Logins are compared without case, so they are stored in lower case, and a
-- table of their own makes each unique for ever.
CREATE TABLE login (
    login TEXT PRIMARY KEY,
    person BIGINT NOT NULL
);

CREATE TABLE post (
    id BIGINT PRIMARY KEY,
    person BIGINT NOT NULL,
    unit BIGINT NOT NULL,
    duty TEXT NOT NULL,
    title TEXT NOT NULL,
    title_en TEXT NOT NULL,
    from_day TEXT NOT NULL,
    to_day TEXT NOT NULL,
    rev BIGINT NOT NULL
);

-- One row: the version of the three tables above. Every change of them counts
-- it up, so that a writer can tell whether the snapshot it decides by is new.
CREATE TABLE directory (
    id BIGINT PRIMARY KEY,
    version BIGINT NOT NULL,
    rev BIGINT NOT NULL
);
