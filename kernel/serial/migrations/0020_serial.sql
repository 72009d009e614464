-- +goose Up
-- The last number drawn of each series in each year.
CREATE TABLE serial (
    series TEXT NOT NULL,
    year BIGINT NOT NULL,
    last BIGINT NOT NULL,
    rev BIGINT NOT NULL,
    PRIMARY KEY (series, year)
);

-- Every number ever drawn, what it was given to, and why it is void, if it is.
CREATE TABLE serial_number ( /* clustered */
    series TEXT NOT NULL,
    year BIGINT NOT NULL,
    n BIGINT NOT NULL,
    subject BIGINT NOT NULL,
    void TEXT NOT NULL,
    rev BIGINT NOT NULL,
    PRIMARY KEY (series, year, n)
);
