-- Segments of time-stamp journals that are in the audit log: one row, one event, one transaction each.
CREATE TABLE tsu_segments (
    node    BIGINT NOT NULL,
    segment BIGINT NOT NULL CHECK (segment >= 0),
    head    BYTEA  NOT NULL, -- SHA-256 over its last line
    records BIGINT NOT NULL CHECK (records >= 1), -- of the node's whole journal up to its end
    PRIMARY KEY (node, segment)
);

CREATE TRIGGER tsu_segments_no_delete BEFORE DELETE ON tsu_segments FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('rows of tsu_segments are never deleted');
CREATE TRIGGER tsu_segments_no_truncate BEFORE TRUNCATE ON tsu_segments FOR EACH STATEMENT EXECUTE FUNCTION ndoba_refuse('rows of tsu_segments are never deleted');
CREATE TRIGGER tsu_segments_no_update BEFORE UPDATE ON tsu_segments FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('rows of tsu_segments never change');
