-- +goose Up
-- A list of one unit's matters asks of each who gave it and which office runs it:
-- the index answers, and the row is read only if it belongs on the page.
DROP INDEX matter_unit;
CREATE INDEX matter_unit ON matter (unit, id, originator, office);
