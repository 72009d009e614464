-- +goose Up
-- A typed edge between two objects; pos is the event that made it.
CREATE TABLE link ( /* clustered */
    source BIGINT NOT NULL,
    rel TEXT NOT NULL,
    target BIGINT NOT NULL,
    pos BIGINT NOT NULL,
    PRIMARY KEY (source, rel, target)
);
CREATE INDEX link_target ON link (target, rel);
