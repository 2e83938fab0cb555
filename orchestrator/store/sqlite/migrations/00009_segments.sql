-- +goose Up

CREATE TABLE segments (
    workspace  TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    title      TEXT    NOT NULL,
    rule       TEXT    NOT NULL,
    version    INTEGER NOT NULL,
    members    INTEGER NOT NULL, -- kept by the transactions that change them
    updated_at INTEGER NOT NULL,
    updated_by TEXT    NOT NULL,
    running    INTEGER NOT NULL, -- of the backfill, as all that follows
    announce   INTEGER NOT NULL,
    rate       INTEGER NOT NULL,
    total      INTEGER NOT NULL,
    seen       INTEGER NOT NULL,
    joined     INTEGER NOT NULL,
    departed   INTEGER NOT NULL,
    troubled   INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at   INTEGER NOT NULL,
    cursor     INTEGER NOT NULL,
    PRIMARY KEY (workspace, name)
) STRICT;
CREATE INDEX segments_running ON segments (started_at) WHERE running = 1;

-- One row that changes with every segment.
CREATE TABLE segment_revision (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    n   INTEGER NOT NULL
) STRICT;
INSERT INTO segment_revision (one, n) VALUES (1, 1);

CREATE TABLE segment_members (
    seq       INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace TEXT    NOT NULL,
    segment   TEXT    NOT NULL,
    customer  TEXT    NOT NULL,
    since     INTEGER NOT NULL,
    UNIQUE (workspace, segment, customer)
) STRICT;
CREATE INDEX segment_members_list ON segment_members (workspace, segment, seq);
CREATE INDEX segment_members_customer ON segment_members (workspace, customer);

-- When time alone may change who is a member.
CREATE TABLE segment_due (
    workspace TEXT    NOT NULL,
    segment   TEXT    NOT NULL,
    customer  TEXT    NOT NULL,
    at        INTEGER NOT NULL,
    PRIMARY KEY (workspace, segment, customer)
) STRICT, WITHOUT ROWID;
CREATE INDEX segment_due_at ON segment_due (at);

-- Events that a rule counts: the type, and the field after a line break when
-- its numbers are summed.
CREATE TABLE facts (
    workspace TEXT    NOT NULL,
    customer  TEXT    NOT NULL,
    series    TEXT    NOT NULL,
    at        INTEGER NOT NULL,
    event     INTEGER NOT NULL,
    value     INTEGER NOT NULL, -- millionths
    PRIMARY KEY (workspace, customer, series, at, event)
) STRICT, WITHOUT ROWID;

-- What facts come to in an hour of UTC, and in all.
CREATE TABLE fact_hours (
    workspace TEXT    NOT NULL,
    customer  TEXT    NOT NULL,
    series    TEXT    NOT NULL,
    hour      INTEGER NOT NULL,
    n         INTEGER NOT NULL,
    total     INTEGER NOT NULL,
    PRIMARY KEY (workspace, customer, series, hour)
) STRICT, WITHOUT ROWID;

CREATE TABLE fact_totals (
    workspace TEXT    NOT NULL,
    customer  TEXT    NOT NULL,
    series    TEXT    NOT NULL,
    n         INTEGER NOT NULL,
    total     INTEGER NOT NULL,
    first     INTEGER NOT NULL,
    last      INTEGER NOT NULL,
    PRIMARY KEY (workspace, customer, series)
) STRICT, WITHOUT ROWID;

CREATE TABLE campaigns (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    id         TEXT    NOT NULL UNIQUE,
    workspace  TEXT    NOT NULL,
    journey    TEXT    NOT NULL,
    segment    TEXT    NOT NULL,
    key        TEXT    NOT NULL,
    firing     INTEGER NOT NULL, -- 0 when a person started it
    rate       INTEGER NOT NULL,
    state      TEXT    NOT NULL,
    created_by TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    ended_at   INTEGER NOT NULL,
    total      INTEGER NOT NULL,
    seen       INTEGER NOT NULL,
    entered    INTEGER NOT NULL,
    upto       INTEGER NOT NULL, -- members that joined later are not asked
    cursor     INTEGER NOT NULL,
    UNIQUE (workspace, key)
) STRICT;
CREATE INDEX campaigns_list ON campaigns (workspace, seq);
CREATE INDEX campaigns_journey ON campaigns (workspace, journey, seq);
CREATE INDEX campaigns_running ON campaigns (seq) WHERE state = 'running';

-- How many customers were answered so by a campaign.
CREATE TABLE campaign_codes (
    campaign TEXT    NOT NULL REFERENCES campaigns (id),
    code     TEXT    NOT NULL,
    n        INTEGER NOT NULL,
    PRIMARY KEY (campaign, code)
) STRICT, WITHOUT ROWID;

-- When journeys with a schedule begin their next campaign.
CREATE TABLE schedules (
    workspace TEXT    NOT NULL,
    journey   TEXT    NOT NULL,
    cron      TEXT    NOT NULL,
    zone      TEXT    NOT NULL,
    next      INTEGER NOT NULL,
    PRIMARY KEY (workspace, journey)
) STRICT;

CREATE TABLE firings (
    seq       INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace TEXT    NOT NULL,
    journey   TEXT    NOT NULL,
    at        INTEGER NOT NULL, -- of several that were missed, the first
    until     INTEGER NOT NULL, -- and the last
    n         INTEGER NOT NULL,
    campaign  TEXT    NOT NULL, -- '' when it was missed
    reason    TEXT    NOT NULL, -- why
    UNIQUE (workspace, journey, at)
) STRICT;
CREATE INDEX firings_list ON firings (workspace, journey, seq);

-- +goose Down

DROP TABLE firings;
DROP TABLE schedules;
DROP TABLE campaign_codes;
DROP TABLE campaigns;
DROP TABLE fact_totals;
DROP TABLE fact_hours;
DROP TABLE facts;
DROP TABLE segment_due;
DROP TABLE segment_members;
DROP TABLE segment_revision;
DROP TABLE segments;
