-- The copies of agreements that subscribers signed. Registration's own; erased with their applications.
CREATE TABLE agreement_copies (
    application BLOB    NOT NULL,
    sha256      BLOB    NOT NULL, -- over the content
    media_type  TEXT    NOT NULL,
    content     BLOB    NOT NULL, -- at most 2 MiB
    added_by    BLOB    NOT NULL, -- the officer who attached it
    added       INTEGER NOT NULL,
    PRIMARY KEY (application, sha256)
) STRICT;
