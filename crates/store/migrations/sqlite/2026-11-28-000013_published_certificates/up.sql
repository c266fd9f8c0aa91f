-- Certificates that their subscribers let third parties see, and no others (P-14): all that the role public reads of
-- subscribers' certificates. Registration's own; consent that is taken back takes the row away.
CREATE TABLE published_certificates (
    serial BLOB NOT NULL PRIMARY KEY,
    der    BLOB NOT NULL,
    since  INTEGER NOT NULL
) STRICT;
