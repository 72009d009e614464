-- +goose Up
-- How well the bundled help would have done on the office's own history: each
-- matter proposed from the earlier ones alone, and compared with what was then
-- decided. The last measurement of each office.
CREATE TABLE help_measure (
    office BIGINT PRIMARY KEY,
    measured BIGINT NOT NULL,
    n BIGINT NOT NULL,
    unit_first BIGINT NOT NULL,
    unit_three BIGINT NOT NULL,
    handling BIGINT NOT NULL,
    alike BIGINT NOT NULL,
    rev BIGINT NOT NULL
);

-- Suggestions that somebody took over into a form. id is the event's position.
CREATE TABLE help_taken (
    id BIGINT PRIMARY KEY,
    matter BIGINT NOT NULL,
    what TEXT NOT NULL,
    taken BIGINT NOT NULL
);
CREATE INDEX help_taken_matter ON help_taken (matter, id);

-- For whom the help is off: person 0 is the whole installation.
CREATE TABLE help_switch (
    person BIGINT PRIMARY KEY,
    off BOOLEAN NOT NULL,
    rev BIGINT NOT NULL
);
