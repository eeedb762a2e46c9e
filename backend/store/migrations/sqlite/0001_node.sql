-- Which node this is. One row, written when the database is made and never changed: two nodes that
-- report the same id share a database.
CREATE TABLE node (
    one        INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    id         TEXT    NOT NULL,
    created_at TEXT    NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
) STRICT;
