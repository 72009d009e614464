-- +goose Up
-- What became of the matters, added up by day: the numbers of the leaders' page
-- and of a unit's own record. Derived from the log by the follower
-- docket.record; check counts again and compares. opened and ended count matters
-- of their own; the others count units' parts: how many were handled, how many
-- of them had a date and how many kept it, how many the office sent back, how
-- many stood under an instruction that its giver has answered, and how many of
-- those he called settled; overdue counts steps that passed their date.
CREATE TABLE record ( /* clustered */
    office BIGINT NOT NULL,
    day TEXT NOT NULL,
    unit BIGINT NOT NULL,
    kind TEXT NOT NULL,
    opened BIGINT NOT NULL,
    ended BIGINT NOT NULL,
    parts BIGINT NOT NULL,
    dated BIGINT NOT NULL,
    in_time BIGINT NOT NULL,
    returned BIGINT NOT NULL,
    answered BIGINT NOT NULL,
    solved BIGINT NOT NULL,
    overdue BIGINT NOT NULL,
    rev BIGINT NOT NULL,
    PRIMARY KEY (office, day, unit, kind)
);
CREATE INDEX record_unit ON record (unit, day);
