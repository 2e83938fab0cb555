-- +goose Up

CREATE TABLE tasks (
    seq          INTEGER PRIMARY KEY AUTOINCREMENT,
    id           TEXT    NOT NULL UNIQUE, -- enrollment/step/visit
    workspace    TEXT    NOT NULL,
    enrollment   TEXT    NOT NULL,
    journey      TEXT    NOT NULL,
    customer     TEXT    NOT NULL,
    step         TEXT    NOT NULL,
    visit        INTEGER NOT NULL,
    title        TEXT    NOT NULL,
    instructions TEXT    NOT NULL,
    assignee     TEXT    NOT NULL,
    form         TEXT    NOT NULL, -- '' for none
    due_at       INTEGER NOT NULL,
    escalations  TEXT    NOT NULL,
    escalated    INTEGER NOT NULL,
    state        TEXT    NOT NULL,
    result       TEXT    NOT NULL, -- '' for none
    by           TEXT    NOT NULL,
    opened_at    INTEGER NOT NULL,
    closed_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX tasks_list ON tasks (workspace, seq);
CREATE INDEX tasks_state ON tasks (workspace, state, seq);
CREATE INDEX tasks_assignee ON tasks (workspace, assignee, seq);
CREATE INDEX tasks_customer ON tasks (workspace, customer, seq);
CREATE INDEX tasks_open ON tasks (enrollment) WHERE state = 'open';

-- What customers said to surveys, or that they said nothing.
CREATE TABLE answers (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace  TEXT    NOT NULL,
    customer   TEXT    NOT NULL,
    journey    TEXT    NOT NULL,
    enrollment TEXT    NOT NULL,
    step       TEXT    NOT NULL,
    visit      INTEGER NOT NULL,
    kind       TEXT    NOT NULL,
    pair       TEXT    NOT NULL,
    driver     TEXT    NOT NULL,
    scene      TEXT    NOT NULL,
    answered   INTEGER NOT NULL,
    score      INTEGER NOT NULL, -- -1 for none
    text       TEXT    NOT NULL,
    at         INTEGER NOT NULL,
    UNIQUE (enrollment, step, visit)
) STRICT;
CREATE INDEX answers_list ON answers (workspace, seq);
CREATE INDEX answers_journey ON answers (workspace, journey, seq);
CREATE INDEX answers_kind ON answers (workspace, kind, seq);
CREATE INDEX answers_pair ON answers (workspace, customer, pair, at) WHERE kind = 'expectation' AND answered = 1;

-- One row per effect of a step that happened: the same key again does nothing.
CREATE TABLE effects (
    key       TEXT    NOT NULL PRIMARY KEY, -- enrollment/step/visit
    workspace TEXT    NOT NULL,
    at        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Enrollments that were begun by a step of another one.
CREATE TABLE children (
    seq       INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace TEXT    NOT NULL,
    child     TEXT    NOT NULL,
    parent    TEXT    NOT NULL,
    step      TEXT    NOT NULL,
    visit     INTEGER NOT NULL,
    mode      TEXT    NOT NULL, -- child | handover
    depth     INTEGER NOT NULL,
    UNIQUE (workspace, child),
    UNIQUE (workspace, parent, step, visit)
) STRICT;
CREATE INDEX children_parent ON children (workspace, parent, seq);

ALTER TABLE customers ADD COLUMN tags TEXT NOT NULL DEFAULT 'null'; -- a sorted list

-- +goose Down

ALTER TABLE customers DROP COLUMN tags;
DROP TABLE children;
DROP TABLE effects;
DROP TABLE answers;
DROP TABLE tasks;
