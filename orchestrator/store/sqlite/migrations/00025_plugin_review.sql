-- +goose Up

ALTER TABLE plugins ADD COLUMN held INTEGER NOT NULL DEFAULT 0; -- it goes live only when it is promoted
ALTER TABLE plugins ADD COLUMN reviewed_by TEXT NOT NULL DEFAULT '';

-- +goose Down

ALTER TABLE plugins DROP COLUMN reviewed_by;
ALTER TABLE plugins DROP COLUMN held;
