-- +goose Up
-- Instructions (批示), as given or as entered for a leader.
CREATE TABLE instruction (
    id BIGINT PRIMARY KEY,
    office BIGINT NOT NULL,
    leader BIGINT NOT NULL,
    verbatim TEXT NOT NULL,
    medium TEXT NOT NULL,
    title TEXT NOT NULL,
    received BIGINT NOT NULL,
    entered BIGINT NOT NULL,
    entered_by BIGINT NOT NULL,
    confirmed BIGINT NOT NULL,
    rev BIGINT NOT NULL
);
CREATE INDEX instruction_leader ON instruction (leader, confirmed);
CREATE INDEX instruction_office ON instruction (office, id);

-- Reports and lists brought in, and what was proposed from them.
CREATE TABLE intake (
    id BIGINT PRIMARY KEY,
    office BIGINT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    title TEXT NOT NULL,
    hash TEXT NOT NULL,
    entered BIGINT NOT NULL,
    entered_by BIGINT NOT NULL,
    proposals BIGINT NOT NULL,
    rev BIGINT NOT NULL
);
CREATE INDEX intake_office ON intake (office, id);

CREATE TABLE proposal ( /* clustered */
    intake BIGINT NOT NULL,
    n BIGINT NOT NULL,
    state TEXT NOT NULL,
    body TEXT NOT NULL,
    source BIGINT NOT NULL,
    matter BIGINT NOT NULL,
    rev BIGINT NOT NULL,
    PRIMARY KEY (intake, n)
);
