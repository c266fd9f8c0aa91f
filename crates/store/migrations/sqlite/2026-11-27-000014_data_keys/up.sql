-- Personal data is sealed at rest (ADR 0020). Data keys, each wrapped by a key of registration's token: all that there
-- is of them outside a token and a running process. Registration's own.
CREATE TABLE data_keys (
    number     INTEGER NOT NULL PRIMARY KEY CHECK (number >= 1), -- stands in each value sealed under it
    wrapped_by TEXT    NOT NULL, -- the label of the wrapping key
    public     BLOB    NOT NULL, -- seals to it, opens nothing
    wrapped    BLOB    NOT NULL,
    created    INTEGER NOT NULL
) STRICT;

-- data_key: under which one a row is sealed; NULL for rows from before, in clear until registration has sealed them.
-- A key that a row needs cannot be deleted, and no row can be sealed under one that was.
-- SQLite changes no column's type: the table is made anew.
CREATE TABLE applications_sealed (
    id         BLOB   NOT NULL PRIMARY KEY,
    version    INTEGER NOT NULL CHECK (version >= 1),
    state      TEXT   NOT NULL CHECK (state IN ('draft', 'submitted', 'returned', 'rejected', 'withdrawn', 'delivered', 'accepted')),
    content    BLOB   NOT NULL, -- JSON, sealed
    subject    BLOB   NOT NULL, -- keyed digest of personal number or identification code, out of content
    salt       BLOB   NOT NULL, -- sealed
    opened_by  BLOB   NOT NULL,
    opened     INTEGER NOT NULL,
    updated    INTEGER NOT NULL,
    order_id   BLOB,
    remark     BLOB, -- sealed
    replaces   BLOB, -- the certificate that the new one replaces
    data_key   INTEGER REFERENCES data_keys (number)
) STRICT;
INSERT INTO applications_sealed
    SELECT id, version, state, CAST(content AS BLOB), CAST(subject AS BLOB), salt, opened_by, opened, updated, order_id,
        CAST(remark AS BLOB), replaces, NULL
    FROM applications;
DROP TABLE applications;
ALTER TABLE applications_sealed RENAME TO applications;
CREATE INDEX applications_newest ON applications (opened, id);
CREATE INDEX applications_by_subject ON applications (subject);
CREATE INDEX applications_by_data_key ON applications (data_key);

ALTER TABLE evidence ADD COLUMN data_key INTEGER REFERENCES data_keys (number);
CREATE INDEX evidence_by_data_key ON evidence (data_key);
ALTER TABLE agreement_copies ADD COLUMN data_key INTEGER REFERENCES data_keys (number);
CREATE INDEX agreement_copies_by_data_key ON agreement_copies (data_key);
