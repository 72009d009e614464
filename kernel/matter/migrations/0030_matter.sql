-- +goose Up
-- Definitions as published: every version that a matter was ever begun on.
CREATE TABLE definition (
    hash TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    version BIGINT NOT NULL,
    published BIGINT NOT NULL,
    source TEXT NOT NULL
);

-- A matter. id is the position of the event that opened it. state is the pure
-- machine's; clocks holds the open steps with their limits. Columns after
-- clocks repeat parts of them for lists.
CREATE TABLE matter (
    id BIGINT PRIMARY KEY,
    kind TEXT NOT NULL,
    def TEXT NOT NULL,
    parent BIGINT NOT NULL,
    part TEXT NOT NULL,
    root BIGINT NOT NULL,
    source BIGINT NOT NULL,
    number TEXT NOT NULL,
    title TEXT NOT NULL,
    office BIGINT NOT NULL,
    unit BIGINT NOT NULL,
    originator BIGINT NOT NULL,
    opened BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    last BIGINT NOT NULL,
    state BYTEA NOT NULL,
    clocks BYTEA NOT NULL,
    status TEXT NOT NULL,
    outcome TEXT NOT NULL,
    stage TEXT NOT NULL,
    due BIGINT NOT NULL,
    mark BIGINT NOT NULL,
    rev BIGINT NOT NULL
);
CREATE INDEX matter_parent ON matter (parent, id) WHERE parent <> 0;
CREATE INDEX matter_number ON matter (number) WHERE number <> '';
CREATE INDEX matter_unit ON matter (unit, id);
CREATE INDEX matter_originator ON matter (originator, id) WHERE originator <> 0;
CREATE INDEX matter_open ON matter (id) WHERE status <> 'ended';
CREATE INDEX matter_stage ON matter (kind, stage, id) WHERE status <> 'ended';
CREATE INDEX matter_late ON matter (id) WHERE mark >= 100;

-- The open steps, one row each: inboxes and timers read it. Derived from
-- matter.clocks.
CREATE TABLE task ( /* clustered */
    matter BIGINT NOT NULL,
    slot TEXT NOT NULL,
    kind TEXT NOT NULL,
    step TEXT NOT NULL,
    n BIGINT NOT NULL,
    office BIGINT NOT NULL,
    unit BIGINT NOT NULL,
    duty TEXT NOT NULL,
    need TEXT NOT NULL,
    person BIGINT NOT NULL,
    since BIGINT NOT NULL,
    due BIGINT NOT NULL,
    provisional BIGINT NOT NULL,
    mark BIGINT NOT NULL,
    next BIGINT NOT NULL,
    PRIMARY KEY (matter, slot)
);
CREATE INDEX task_person ON task (person, due) WHERE person <> 0;
CREATE INDEX task_need ON task (need, due) WHERE need <> '';
CREATE INDEX task_next ON task (next) WHERE next <> 0;
CREATE INDEX task_provisional ON task (provisional) WHERE provisional <> 0;

-- Who has taken part in a matter, besides its units. Derived.
CREATE TABLE matter_party ( /* clustered */
    person BIGINT NOT NULL,
    matter BIGINT NOT NULL,
    since BIGINT NOT NULL,
    PRIMARY KEY (person, matter)
);

-- Notices of the State Council that came after this program was built.
CREATE TABLE calendar_notice (
    id BIGINT PRIMARY KEY,
    text TEXT NOT NULL
);
