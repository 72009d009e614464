-- +goose Up
-- Of what papers speak: an erasure of a matter or of an instruction goes from it
-- to every paper that repeats its words. A paper of a week speaks of many.
CREATE TABLE paper_count (
    subject BIGINT PRIMARY KEY,
    papers BIGINT NOT NULL,
    rev BIGINT NOT NULL
);

CREATE TABLE paper_subject ( /* clustered */
    subject BIGINT NOT NULL,
    n BIGINT NOT NULL,
    paper BIGINT NOT NULL,
    PRIMARY KEY (subject, n)
);
