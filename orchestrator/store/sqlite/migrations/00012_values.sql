-- What is too large for the history of an enrollment. The enrollment's end
-- deletes it.

-- +goose Up

CREATE TABLE enrollment_values (
    enrollment TEXT NOT NULL REFERENCES enrollments (id),
    sha        TEXT NOT NULL,
    value      BLOB NOT NULL,
    PRIMARY KEY (enrollment, sha)
) STRICT;
