-- +goose Up
-- What is observed, by which indicators, and who is compared with whom. about is
-- the row of the reference table as it was entered: column → text, in JSON.
CREATE TABLE observed ( /* clustered */
    sort TEXT NOT NULL,
    code TEXT NOT NULL,
    about TEXT NOT NULL,
    rev BIGINT NOT NULL,
    PRIMARY KEY (sort, code)
);

-- Releases: files as bureaus publish them. vintage is the day from which they
-- were known. Cells of a release that is not published are in no panel.
CREATE TABLE release (
    id BIGINT PRIMARY KEY,
    freq BIGINT NOT NULL,
    vintage TEXT NOT NULL,
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    reading TEXT NOT NULL,
    state TEXT NOT NULL,
    cells BIGINT NOT NULL,
    newest BIGINT NOT NULL,
    brought BIGINT NOT NULL,
    brought_by BIGINT NOT NULL,
    published BIGINT NOT NULL,
    published_by BIGINT NOT NULL,
    found BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    retracted BIGINT NOT NULL,
    rev BIGINT NOT NULL
);
CREATE INDEX release_state ON release (state, freq, vintage, id);
CREATE INDEX release_digest ON release (digest);

-- The cells of a release, packed by indicator: whoever reads one reads its series.
CREATE TABLE release_series (
    release BIGINT NOT NULL,
    indicator TEXT NOT NULL,
    part BIGINT NOT NULL,
    cells BYTEA NOT NULL,
    PRIMARY KEY (release, indicator, part)
);
CREATE INDEX release_series_indicator ON release_series (indicator, release);

-- What the quality gate noticed of a cell, and what a person decided of it.
-- release is the one that the cell came with, found the one at whose gate it was
-- noticed: two that wait at once each have their own doubt about an earlier cell. state: waiting and held keep the cell out of every fact, kept believes
-- it, break parts the levels before from those after.
CREATE TABLE doubt (
    release BIGINT NOT NULL,
    indicator TEXT NOT NULL,
    subject TEXT NOT NULL,
    period BIGINT NOT NULL,
    found BIGINT NOT NULL,
    rule TEXT NOT NULL,
    value DOUBLE PRECISION NOT NULL,
    expected DOUBLE PRECISION NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    decided BIGINT NOT NULL,
    decided_by BIGINT NOT NULL,
    rev BIGINT NOT NULL,
    PRIMARY KEY (found, release, indicator, subject, period)
);

-- The newest published release of each frequency: whoever publishes names the one
-- that his facts were compared with.
CREATE TABLE release_head (
    freq BIGINT PRIMARY KEY,
    release BIGINT NOT NULL,
    rev BIGINT NOT NULL
);

-- Facts that were told. id is the position of the event that told it first; told
-- is the fact as programs read it, and what follows it is taken from it, to be
-- found by.
CREATE TABLE told_fact (
    id BIGINT PRIMARY KEY,
    freq BIGINT NOT NULL,
    release BIGINT NOT NULL,
    state TEXT NOT NULL,
    ended BIGINT NOT NULL,
    told TEXT NOT NULL,
    indicator TEXT NOT NULL,
    subject TEXT NOT NULL,
    score DOUBLE PRECISION NOT NULL,
    rev BIGINT NOT NULL
);
CREATE INDEX told_fact_release ON told_fact (release, score);
CREATE INDEX told_fact_series ON told_fact (freq, indicator, state);
CREATE INDEX told_fact_subject ON told_fact (subject, indicator, id);
CREATE INDEX told_fact_ended ON told_fact (ended) WHERE ended <> 0;

-- Notes (材料) with live quotes of facts, kept here until documents exist.
CREATE TABLE fact_note (
    id BIGINT PRIMARY KEY,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    author BIGINT NOT NULL,
    written BIGINT NOT NULL,
    rev BIGINT NOT NULL
);
CREATE INDEX fact_note_written ON fact_note (written);

CREATE TABLE fact_quote ( /* clustered */
    fact BIGINT NOT NULL,
    note BIGINT NOT NULL,
    PRIMARY KEY (fact, note)
);
CREATE INDEX fact_quote_note ON fact_quote (note);

-- Evaluations of measures (政策评估): the protocol is frozen before a result is
-- seen. result is empty until it was computed, and never changed afterwards.
CREATE TABLE evaluation (
    id BIGINT PRIMARY KEY,
    title TEXT NOT NULL,
    protocol TEXT NOT NULL,
    digest TEXT NOT NULL,
    frozen BIGINT NOT NULL,
    frozen_by BIGINT NOT NULL,
    computed BIGINT NOT NULL,
    result TEXT NOT NULL,
    rev BIGINT NOT NULL
);

-- What others decided, announced or showed (外部动态), and what it led to here.
CREATE TABLE abroad (
    id BIGINT PRIMARY KEY,
    day TEXT NOT NULL,
    place TEXT NOT NULL,
    sort TEXT NOT NULL,
    title TEXT NOT NULL,
    content TEXT NOT NULL,
    lesson TEXT NOT NULL,
    source TEXT NOT NULL,
    entered BIGINT NOT NULL,
    entered_by BIGINT NOT NULL,
    rev BIGINT NOT NULL
);
CREATE INDEX abroad_day ON abroad (day, id);

-- Targets for indicators (目标): what a work report or a measure has set out to
-- reach, in the words that set it. withdrawn is 0 while one is in force.
CREATE TABLE target (
    id BIGINT PRIMARY KEY,
    freq BIGINT NOT NULL,
    indicator TEXT NOT NULL,
    subject TEXT NOT NULL,
    by_period BIGINT NOT NULL,
    growth BOOLEAN NOT NULL,
    value DOUBLE PRECISION NOT NULL,
    source TEXT NOT NULL,
    matter BIGINT NOT NULL,
    set_at BIGINT NOT NULL,
    set_by BIGINT NOT NULL,
    withdrawn BIGINT NOT NULL,
    rev BIGINT NOT NULL
);
CREATE INDEX target_series ON target (freq, indicator, withdrawn);

-- What targets in force are for: one target each.
CREATE TABLE target_aim ( /* clustered */
    freq BIGINT NOT NULL,
    indicator TEXT NOT NULL,
    subject TEXT NOT NULL,
    by_period BIGINT NOT NULL,
    form TEXT NOT NULL,
    target BIGINT NOT NULL,
    rev BIGINT NOT NULL,
    PRIMARY KEY (freq, indicator, subject, by_period, form)
);
