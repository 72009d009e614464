-- +goose Up
-- Contents of files, by their SHA-256. whole is false while the chunks of one are
-- being written. touched (µs) is when it was last uploaded: what nothing is bound
-- to is swept a day later.
CREATE TABLE blob (
    digest BYTEA PRIMARY KEY,
    size BIGINT NOT NULL,
    type TEXT NOT NULL,
    touched BIGINT NOT NULL,
    whole BOOLEAN NOT NULL,
    rev BIGINT NOT NULL
);

CREATE TABLE blob_chunk ( /* clustered */
    digest BYTEA NOT NULL,
    n BIGINT NOT NULL,
    data BYTEA NOT NULL,
    PRIMARY KEY (digest, n)
);

-- What a person has uploaded and may bind: whoever only knows a digest may not.
CREATE TABLE upload ( /* clustered */
    person BIGINT NOT NULL,
    digest BYTEA NOT NULL,
    name TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (person, digest)
);

-- A file of a matter or an instruction. id is the position of the event that
-- bound it. An erased one keeps id, subject, size and time.
CREATE TABLE attachment (
    id BIGINT PRIMARY KEY,
    subject BIGINT NOT NULL,
    digest BYTEA NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    size BIGINT NOT NULL,
    added BIGINT NOT NULL,
    person BIGINT NOT NULL,
    erased BOOLEAN NOT NULL,
    rev BIGINT NOT NULL
);
CREATE INDEX attachment_subject ON attachment (subject, id);
CREATE INDEX attachment_digest ON attachment (digest);

-- Which contents a subject has, so that a retry binds nothing twice, and how
-- many bytes altogether.
CREATE TABLE attachment_bound ( /* clustered */
    subject BIGINT NOT NULL,
    digest BYTEA NOT NULL,
    id BIGINT NOT NULL,
    PRIMARY KEY (subject, digest)
);
CREATE TABLE attachment_total (
    subject BIGINT PRIMARY KEY,
    bytes BIGINT NOT NULL,
    rev BIGINT NOT NULL
);
