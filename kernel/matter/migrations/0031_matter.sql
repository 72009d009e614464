-- +goose Up
-- Definitions as published: every version that a matter was ever begun on.
CREATE TABLE definition (
    hash TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    version BIGINT NOT NULL,
    published BIGINT NOT NULL,
    source TEXT NOT NULL
);

-- A matter. id is the position of the event that opened it. data is its whole
-- record as JSON: the pure machine's state, the clocks with the open steps, and
-- what no list asks for. The columns before it are those that lists, rights and
-- indexes need; an act writes stage, mark and data, and seldom more.
CREATE TABLE matter (
    id BIGINT PRIMARY KEY,
    kind TEXT NOT NULL,
    parent BIGINT NOT NULL,
    number TEXT NOT NULL,
    title TEXT NOT NULL,
    office BIGINT NOT NULL,
    unit BIGINT NOT NULL,
    originator BIGINT NOT NULL,
    opened BIGINT NOT NULL,
    status TEXT NOT NULL,
    stage TEXT NOT NULL,
    mark BIGINT NOT NULL,
    data BYTEA NOT NULL,
    rev BIGINT NOT NULL
);
CREATE INDEX matter_parent ON matter (parent, id) WHERE parent <> 0;
CREATE INDEX matter_number ON matter (number) WHERE number <> '';
CREATE INDEX matter_unit ON matter (unit, id);
CREATE INDEX matter_originator ON matter (originator, id);
CREATE INDEX matter_kind ON matter (kind, id);
CREATE INDEX matter_opened ON matter (opened);
CREATE INDEX matter_open ON matter (id) WHERE status <> 'ended';
CREATE INDEX matter_stage ON matter (kind, stage, id) WHERE status <> 'ended';
CREATE INDEX matter_unit_open ON matter (unit, id) WHERE status <> 'ended';
CREATE INDEX matter_originator_open ON matter (originator, id) WHERE status <> 'ended';
CREATE INDEX matter_late ON matter (id) WHERE mark >= 100;

-- The open steps, one row each: inboxes and timers read it. Derived from
-- matter.data, which says the rest about each.
CREATE TABLE task ( /* clustered */
    matter BIGINT NOT NULL,
    slot TEXT NOT NULL,
    n BIGINT NOT NULL,
    office BIGINT NOT NULL,
    unit BIGINT NOT NULL,
    need TEXT NOT NULL,
    person BIGINT NOT NULL,
    due BIGINT NOT NULL,
    mark BIGINT NOT NULL,
    next BIGINT NOT NULL,
    PRIMARY KEY (matter, slot)
);
CREATE INDEX task_person ON task (person, due) WHERE person <> 0;
CREATE INDEX task_need ON task (need, due) WHERE need <> '';
CREATE INDEX task_next ON task (next) WHERE next <> 0;
CREATE INDEX task_late ON task (due) WHERE mark >= 100;

-- Who has taken part in a matter, besides its units. Derived.
CREATE TABLE matter_party ( /* clustered */
    person BIGINT NOT NULL,
    matter BIGINT NOT NULL,
    PRIMARY KEY (person, matter)
);

-- Notices of the State Council that came after this program was built.
CREATE TABLE calendar_notice (
    id BIGINT PRIMARY KEY,
    text TEXT NOT NULL
);
