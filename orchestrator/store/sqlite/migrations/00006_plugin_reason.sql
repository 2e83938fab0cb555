-- +goose Up
ALTER TABLE plugins ADD COLUMN reason TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE plugins DROP COLUMN reason;
