-- Personal data is sealed at rest (ADR 0020). Data keys, each wrapped by a key of registration's token: all that there
-- is of them outside a token and a running process. Registration's own.
CREATE TABLE data_keys (
    number     BIGINT NOT NULL PRIMARY KEY CHECK (number >= 1), -- stands in each value sealed under it
    wrapped_by TEXT   NOT NULL, -- the label of the wrapping key
    public     BYTEA  NOT NULL, -- seals to it, opens nothing
    wrapped    BYTEA  NOT NULL,
    created    BIGINT NOT NULL
);

-- data_key: under which one a row is sealed; NULL for rows from before, in clear until registration has sealed them.
-- A key that a row needs cannot be deleted, and no row can be sealed under one that was.
ALTER TABLE applications
    ALTER COLUMN content TYPE BYTEA USING convert_to(content, 'UTF8'), -- JSON, sealed
    ALTER COLUMN subject TYPE BYTEA USING convert_to(subject, 'UTF8'), -- keyed digest
    ALTER COLUMN remark TYPE BYTEA USING convert_to(remark, 'UTF8'), -- sealed
    ADD COLUMN data_key BIGINT REFERENCES data_keys (number);
CREATE INDEX applications_by_data_key ON applications (data_key);

ALTER TABLE evidence ADD COLUMN data_key BIGINT REFERENCES data_keys (number);
CREATE INDEX evidence_by_data_key ON evidence (data_key);
ALTER TABLE agreement_copies ADD COLUMN data_key BIGINT REFERENCES data_keys (number);
CREATE INDEX agreement_copies_by_data_key ON agreement_copies (data_key);
