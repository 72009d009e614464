-- +goose Up
-- Who is to be told of which event. No words of a matter stand here: text is the
-- key of a sentence and step the step's id, and what is shown is composed when it
-- is shown. seen is when the person read it; 0 for not yet.
CREATE TABLE notice (
    person BIGINT NOT NULL,
    pos BIGINT NOT NULL,
    class TEXT NOT NULL,
    subject BIGINT NOT NULL,
    text TEXT NOT NULL,
    step TEXT NOT NULL,
    at BIGINT NOT NULL,
    seen BIGINT NOT NULL,
    rev BIGINT NOT NULL,
    PRIMARY KEY (person, pos)
);
CREATE INDEX notice_unread ON notice (person, subject, pos) WHERE seen = 0;
CREATE INDEX notice_pos ON notice (pos, person);

-- A notice on its way through one channel. next is when it is to be tried, or
-- when the lease of who sends it ends; 0 when nothing more is to be done. first is
-- when sending was first begun; digest that of the letter then sent.
CREATE TABLE delivery (
    person BIGINT NOT NULL,
    pos BIGINT NOT NULL,
    channel TEXT NOT NULL,
    state TEXT NOT NULL,
    tries BIGINT NOT NULL,
    next BIGINT NOT NULL,
    first BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    digest BYTEA NOT NULL,
    error TEXT NOT NULL,
    ref TEXT NOT NULL,
    rev BIGINT NOT NULL,
    PRIMARY KEY (person, pos, channel)
);
CREATE INDEX delivery_next ON delivery (next) WHERE next <> 0;
CREATE INDEX delivery_state ON delivery (state, changed);
CREATE INDEX delivery_changed ON delivery (changed);

-- How a person wants to be told. ways is JSON: by channel, the address and the
-- classes that are not to be sent there. Minutes are of the day in Shanghai.
CREATE TABLE notice_setting (
    person BIGINT PRIMARY KEY,
    quiet_from BIGINT NOT NULL,
    quiet_to BIGINT NOT NULL,
    ways TEXT NOT NULL,
    rev BIGINT NOT NULL
);
