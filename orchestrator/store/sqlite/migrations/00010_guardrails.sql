-- +goose Up

-- What customers have decided about messages. Rows are only added: the newest
-- one about a channel, or about all ('') counts.
CREATE TABLE consents (
    seq       INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace TEXT    NOT NULL,
    customer  TEXT    NOT NULL,
    channel   TEXT    NOT NULL,
    category  TEXT    NOT NULL,
    state     TEXT    NOT NULL,
    how       TEXT    NOT NULL,
    by        TEXT    NOT NULL,
    note      TEXT    NOT NULL,
    at        INTEGER NOT NULL,
    FOREIGN KEY (workspace, customer) REFERENCES customers (workspace, id)
) STRICT;
CREATE INDEX consents_list ON consents (workspace, customer, seq);
CREATE INDEX consents_newest ON consents (workspace, customer, category, channel, seq, state);

CREATE TABLE guardrails (
    workspace TEXT    NOT NULL PRIMARY KEY,
    settings  TEXT    NOT NULL,
    at        INTEGER NOT NULL
) STRICT;

ALTER TABLE messages ADD COLUMN journey TEXT NOT NULL DEFAULT '';
ALTER TABLE messages ADD COLUMN at INTEGER NOT NULL DEFAULT 0; -- journey time
ALTER TABLE messages ADD COLUMN test TEXT NOT NULL DEFAULT ''; -- the enrollment, when it is a test
UPDATE messages SET at = sent_at;
-- What caps count.
CREATE INDEX messages_caps ON messages (workspace, customer, test, at, category, journey) WHERE category <> 'transactional';

-- Messages that wait to be sent.
CREATE TABLE wishes (
    workspace  TEXT    NOT NULL,
    message    TEXT    NOT NULL,
    customer   TEXT    NOT NULL,
    enrollment TEXT    NOT NULL,
    journey    TEXT    NOT NULL,
    step       TEXT    NOT NULL,
    category   TEXT    NOT NULL,
    test       TEXT    NOT NULL,
    priority   INTEGER NOT NULL,
    wanted_at  INTEGER NOT NULL,
    until      INTEGER NOT NULL,
    PRIMARY KEY (workspace, message)
) STRICT;
CREATE INDEX wishes_customer ON wishes (workspace, customer);
CREATE INDEX wishes_enrollment ON wishes (enrollment);

-- +goose Down

DROP TABLE wishes;
DROP INDEX messages_caps;
ALTER TABLE messages DROP COLUMN test;
ALTER TABLE messages DROP COLUMN at;
ALTER TABLE messages DROP COLUMN journey;
DROP TABLE guardrails;
DROP TABLE consents;
