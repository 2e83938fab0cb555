-- +goose Up

-- What customers are found by: words, and tokens of their workspace, tags and
-- traits; a row for each customer, by its seq. What leaves it leaves the file's
-- pages as well.
CREATE VIRTUAL TABLE customer_search USING fts5 (
    workspace, words, tags, traits,
    tokenize = "unicode61 remove_diacritics 2", prefix = '1 2 3 4', columnsize = 0
);
INSERT INTO customer_search (customer_search, rank) VALUES ('secure-delete', 1);
ALTER TABLE customers DROP COLUMN search;

-- Lists of enrollments by status.
CREATE INDEX enrollments_status ON enrollments (workspace, status, seq);
CREATE INDEX enrollments_journey_status ON enrollments (workspace, journey, status, seq);
CREATE INDEX enrollments_held_step ON enrollments (workspace, journey, step, seq) WHERE status = 'held';

-- The audit log by who did what to what.
CREATE INDEX audit_actor ON audit (workspace, actor, seq);
CREATE INDEX audit_action ON audit (workspace, action, seq);
CREATE INDEX audit_object ON audit (workspace, object, seq);

-- Customers whose data was erased: only a hash of their id.
CREATE TABLE erased (
    workspace TEXT    NOT NULL,
    customer  TEXT    NOT NULL, -- sha256
    at        INTEGER NOT NULL,
    PRIMARY KEY (workspace, customer)
) STRICT;

-- What a workspace has set: its name, its color, its languages, as JSON.
CREATE TABLE workspaces (
    workspace TEXT    NOT NULL PRIMARY KEY,
    settings  TEXT    NOT NULL,
    at        INTEGER NOT NULL
) STRICT;

-- +goose Down

DROP TABLE workspaces;
DROP TABLE erased;
DROP INDEX audit_object;
DROP INDEX audit_action;
DROP INDEX audit_actor;
DROP INDEX enrollments_held_step;
DROP INDEX enrollments_journey_status;
DROP INDEX enrollments_status;
ALTER TABLE customers ADD COLUMN search TEXT NOT NULL DEFAULT '';
DROP TABLE customer_search;
