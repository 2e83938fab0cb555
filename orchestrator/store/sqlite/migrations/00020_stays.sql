-- +goose Up

-- The newest stay of an enrollment at a step: what the live view counts and lists.
CREATE TABLE stays (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    enrollment  TEXT    NOT NULL REFERENCES enrollments (id),
    step        TEXT    NOT NULL,
    workspace   TEXT    NOT NULL,
    journey     TEXT    NOT NULL,
    number      INTEGER NOT NULL, -- of the version that it is or was in
    test        INTEGER NOT NULL,
    state       TEXT    NOT NULL, -- waiting, failed, done, away
    arm         TEXT    NOT NULL, -- taken, '' for none
    success     INTEGER NOT NULL, -- bits, only where an arm was taken: 1 a goal was met afterwards, 2 completed
    came_at     INTEGER NOT NULL,
    since       INTEGER NOT NULL, -- came_at in journey time
    took        INTEGER NOT NULL, -- microseconds of journey time, when done
    entered_seq INTEGER NOT NULL, -- of the log
    done_seq    INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX stays_enrollment ON stays (enrollment, step);
CREATE INDEX stays_step ON stays (workspace, journey, step, came_at, seq, state, arm, number, test, success);
CREATE INDEX stays_now ON stays (workspace, journey, step, state, came_at, seq, number, test) WHERE state IN ('waiting', 'failed');

-- How many stays there are, by the hour and the day (UTC) that they came in.
-- Kept by the transactions that change stays.
CREATE TABLE stay_counts (
    workspace TEXT    NOT NULL,
    journey   TEXT    NOT NULL,
    span      TEXT    NOT NULL, -- h, d
    at        INTEGER NOT NULL, -- when the span begins
    step      TEXT    NOT NULL,
    state     TEXT    NOT NULL,
    arm       TEXT    NOT NULL,
    success   INTEGER NOT NULL,
    number    INTEGER NOT NULL,
    test      INTEGER NOT NULL,
    n         INTEGER NOT NULL,
    took      INTEGER NOT NULL, -- together
    PRIMARY KEY (workspace, journey, span, at, step, state, arm, success, number, test)
) STRICT, WITHOUT ROWID;

INSERT INTO stays (enrollment, step, workspace, journey, number, test, state, arm, success, came_at, since, took, entered_seq, done_seq)
SELECT e.id, l.step, e.workspace, e.journey, e.number, e.test,
    CASE WHEN EXISTS (SELECT 1 FROM incidents i WHERE i.enrollment = e.id AND i.resolved_at = 0 AND i.step = l.step) THEN 'failed'
        WHEN l.done > l.entered THEN 'done'
        WHEN e.status IN ('open', 'held') AND (e.step = l.step
            OR e.branches <> '' AND EXISTS (SELECT 1 FROM json_each(e.branches) WHERE json_extract(value, '$.step') = l.step)) THEN 'waiting'
        ELSE 'away' END,
    CASE WHEN l.done > l.entered THEN coalesce(json_extract(d.detail, '$.arm'), '') ELSE '' END,
    CASE WHEN l.done > l.entered AND json_extract(d.detail, '$.arm') <> '' THEN
        (e.outcome = 'completed') * 2 + EXISTS (SELECT 1 FROM journey_log g WHERE g.enrollment = e.id AND g.kind = 'goal' AND g.seq > l.done)
        ELSE 0 END,
    coalesce(n.at, d.at), coalesce(n.virtual_at, d.virtual_at),
    CASE WHEN l.done > l.entered THEN max(0, d.virtual_at - coalesce(n.virtual_at, d.virtual_at)) ELSE 0 END, l.entered, l.done
FROM (SELECT enrollment, step, max(CASE kind WHEN 'entered' THEN seq ELSE 0 END) AS entered, max(CASE kind WHEN 'done' THEN seq ELSE 0 END) AS done
        FROM journey_log WHERE kind IN ('entered', 'done') AND step <> '' GROUP BY enrollment, step) AS l
JOIN enrollments AS e ON e.id = l.enrollment
LEFT JOIN journey_log AS n ON n.enrollment = l.enrollment AND n.seq = l.entered
LEFT JOIN journey_log AS d ON d.enrollment = l.enrollment AND d.seq = l.done;

INSERT INTO stay_counts
SELECT workspace, journey, span, came_at - came_at % size, step, state, arm, success, number, test, count(*), sum(took)
FROM stays, (SELECT 'h' AS span, 3600000000 AS size UNION ALL SELECT 'd', 86400000000)
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10;

-- +goose Down

DROP TABLE stay_counts;
DROP TABLE stays;
