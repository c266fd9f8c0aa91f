-- Segments of time-stamp journals that are in the audit log: one row, one event, one transaction each.
CREATE TABLE tsu_segments (
    node    INTEGER NOT NULL,
    segment INTEGER NOT NULL CHECK (segment >= 0),
    head    BLOB    NOT NULL, -- SHA-256 over its last line
    records INTEGER NOT NULL CHECK (records >= 1), -- of the node's whole journal up to its end
    PRIMARY KEY (node, segment)
) STRICT;

CREATE TRIGGER tsu_segments_no_delete BEFORE DELETE ON tsu_segments BEGIN SELECT RAISE(ABORT, 'refused: rows of tsu_segments are never deleted'); END;
CREATE TRIGGER tsu_segments_no_update BEFORE UPDATE ON tsu_segments BEGIN SELECT RAISE(ABORT, 'refused: rows of tsu_segments never change'); END;
