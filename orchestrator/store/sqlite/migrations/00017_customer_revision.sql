-- +goose Up

-- Every change of a customer that journeys can see raises the revision, so that
-- the news of an older one is known to be old.
ALTER TABLE customers ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;

-- What holds of the customer's decisions about messages: by category, then by
-- channel, '' being every other one. The decisions are in consents.
ALTER TABLE customers ADD COLUMN consents TEXT NOT NULL DEFAULT '{}';
UPDATE customers SET consents = (SELECT coalesce(json_group_object(category, json(states)), '{}') FROM (
    SELECT category, json_group_object(channel, state) AS states FROM consents AS c
    WHERE c.workspace = customers.workspace AND c.customer = customers.id
        AND seq = (SELECT max(seq) FROM consents AS d WHERE d.workspace = c.workspace AND d.customer = c.customer
            AND d.category = c.category AND d.channel = c.channel)
        AND seq >= (SELECT coalesce(max(seq), 0) FROM consents AS d WHERE d.workspace = c.workspace AND d.customer = c.customer
            AND d.category = c.category AND d.channel = '')
    GROUP BY category));

-- How to undo what an ended child has done, as its enrollment has written it.
ALTER TABLE children ADD COLUMN undo TEXT NOT NULL DEFAULT '';

-- +goose Down

ALTER TABLE children DROP COLUMN undo;
ALTER TABLE customers DROP COLUMN consents;
ALTER TABLE customers DROP COLUMN revision;
