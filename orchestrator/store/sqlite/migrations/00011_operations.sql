-- +goose Up

ALTER TABLE enrollments ADD COLUMN paused INTEGER NOT NULL DEFAULT 0;
ALTER TABLE enrollments ADD COLUMN branches TEXT NOT NULL DEFAULT '';
CREATE INDEX enrollments_flight ON enrollments (workspace, journey, number, digest, step, status, paused) WHERE status <> 'ended';
CREATE INDEX enrollments_branches ON enrollments (workspace, journey) WHERE branches <> '' AND status <> 'ended';

ALTER TABLE journeys ADD COLUMN paused_from TEXT NOT NULL DEFAULT '';

ALTER TABLE incidents ADD COLUMN branch TEXT NOT NULL DEFAULT '';
ALTER TABLE incidents ADD COLUMN plugin TEXT NOT NULL DEFAULT '';
ALTER TABLE incidents ADD COLUMN pattern TEXT NOT NULL DEFAULT '';
ALTER TABLE incidents ADD COLUMN cause TEXT NOT NULL DEFAULT '';
CREATE INDEX incidents_cause ON incidents (workspace, cause, opened_at) WHERE resolved_at = 0;

CREATE TABLE bulk_jobs (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    id         TEXT    NOT NULL UNIQUE,
    workspace  TEXT    NOT NULL,
    journey    TEXT    NOT NULL,
    command    TEXT    NOT NULL, -- JSON, null when resolution is set
    resolution TEXT    NOT NULL,
    state      TEXT    NOT NULL,
    rate       INTEGER NOT NULL,
    created_by TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    ended_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX bulk_jobs_list ON bulk_jobs (workspace, seq);
CREATE INDEX bulk_jobs_running ON bulk_jobs (seq) WHERE state = 'running';

CREATE TABLE bulk_items (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    job        TEXT    NOT NULL REFERENCES bulk_jobs (id),
    enrollment TEXT    NOT NULL,
    incident   TEXT    NOT NULL, -- '' when the job is about enrollments
    state      TEXT    NOT NULL,
    attempts   INTEGER NOT NULL,
    reason     TEXT    NOT NULL,
    retry_at   INTEGER NOT NULL,
    UNIQUE (job, enrollment, incident)
) STRICT;
CREATE INDEX bulk_items_state ON bulk_items (job, state, retry_at, seq);

-- +goose Down

DROP TABLE bulk_items;
DROP TABLE bulk_jobs;
ALTER TABLE journeys DROP COLUMN paused_from;
DROP INDEX incidents_cause;
ALTER TABLE incidents DROP COLUMN cause;
ALTER TABLE incidents DROP COLUMN pattern;
ALTER TABLE incidents DROP COLUMN plugin;
ALTER TABLE incidents DROP COLUMN branch;
DROP INDEX enrollments_branches;
DROP INDEX enrollments_flight;
ALTER TABLE enrollments DROP COLUMN branches;
ALTER TABLE enrollments DROP COLUMN paused;
