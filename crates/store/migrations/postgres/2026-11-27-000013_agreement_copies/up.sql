-- The copies of agreements that subscribers signed. Registration's own; erased with their applications.
CREATE TABLE agreement_copies (
    application BYTEA  NOT NULL,
    sha256      BYTEA  NOT NULL, -- over the content
    media_type  TEXT   NOT NULL,
    content     BYTEA  NOT NULL, -- at most 2 MiB
    added_by    BYTEA  NOT NULL, -- the officer who attached it
    added       BIGINT NOT NULL,
    PRIMARY KEY (application, sha256)
);
