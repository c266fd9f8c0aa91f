-- For a database in which nothing is sealed yet; content that is would not be read again.
DROP INDEX agreement_copies_by_data_key;
ALTER TABLE agreement_copies DROP COLUMN data_key;
DROP INDEX evidence_by_data_key;
ALTER TABLE evidence DROP COLUMN data_key;
CREATE TABLE applications_clear (
    id         BLOB   NOT NULL PRIMARY KEY,
    version    INTEGER NOT NULL CHECK (version >= 1),
    state      TEXT   NOT NULL CHECK (state IN ('draft', 'submitted', 'returned', 'rejected', 'withdrawn', 'delivered', 'accepted')),
    content    TEXT   NOT NULL,
    subject    TEXT   NOT NULL,
    salt       BLOB   NOT NULL,
    opened_by  BLOB   NOT NULL,
    opened     INTEGER NOT NULL,
    updated    INTEGER NOT NULL,
    order_id   BLOB,
    remark     TEXT,
    replaces   BLOB
) STRICT;
INSERT INTO applications_clear
    SELECT id, version, state, CAST(content AS TEXT), CAST(subject AS TEXT), salt, opened_by, opened, updated, order_id,
        CAST(remark AS TEXT), replaces
    FROM applications;
DROP TABLE applications;
ALTER TABLE applications_clear RENAME TO applications;
CREATE INDEX applications_newest ON applications (opened, id);
CREATE INDEX applications_by_subject ON applications (subject);
DROP TABLE data_keys;
