-- +goose Up

-- When the customer's channel first said that it has a message, and that it
-- shows it; 0 before.
ALTER TABLE messages ADD COLUMN delivered_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN displayed_at INTEGER NOT NULL DEFAULT 0;

-- +goose Down

ALTER TABLE messages DROP COLUMN displayed_at;
ALTER TABLE messages DROP COLUMN delivered_at;
