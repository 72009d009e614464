-- +goose Up

-- From which units a matter is kept. Derived from matter.data.
CREATE TABLE matter_seal ( /* clustered */
    unit BIGINT NOT NULL,
    matter BIGINT NOT NULL,
    PRIMARY KEY (unit, matter)
);
