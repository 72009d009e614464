-- +goose Up

-- When a matter of its own ended, for as long as its texts are there: what has
-- been kept long enough is found here. Derived from matter.data.
CREATE TABLE matter_kept (
    matter BIGINT PRIMARY KEY,
    kind TEXT NOT NULL,
    ended BIGINT NOT NULL
);
CREATE INDEX matter_kept_ended ON matter_kept (kind, ended, matter);

-- Those that had ended before. An envelope begins {"pos":N,"recorded":M, and M,
-- in µs, has 16 digits.
INSERT INTO matter_kept (matter, kind, ended)
SELECT m.id, m.kind, CAST(substr(e.envelope, 20 + length(e.pos || ''), 16) AS BIGINT)
FROM matter m JOIN event e ON e.pos = (SELECT max(x.pos) FROM event x WHERE x.subject = m.id AND x.envelope LIKE '%"kind":"' || m.kind || '/%')
WHERE m.status = 'ended' AND m.parent = 0 AND NOT EXISTS (SELECT 1 FROM erasure r WHERE r.id = m.id);

-- The event of the person who holds back the erasure of a matter, while he does.
CREATE TABLE matter_hold (
    matter BIGINT PRIMARY KEY,
    event BIGINT NOT NULL,
    rev BIGINT NOT NULL
);
