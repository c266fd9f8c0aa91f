-- What responders asked their CAs for. Written by `public`; the CA believes the two signatures only.
CREATE TABLE responder_requests (
    id        BLOB    NOT NULL PRIMARY KEY, -- SHA-256 over document
    ca        TEXT    NOT NULL,
    key_label TEXT    NOT NULL, -- of the new key
    document  BLOB    NOT NULL, -- canonical bytes
    signature BLOB    NOT NULL, -- by the enrolment key
    csr       BLOB    NOT NULL, -- signed by the new key
    received  INTEGER NOT NULL
) STRICT;
CREATE INDEX responder_requests_newest ON responder_requests (ca, received);

-- What the CA made of each: one row from the moment it acts on it.
CREATE TABLE responder_certificates (
    request         BLOB    NOT NULL PRIMARY KEY REFERENCES responder_requests (id),
    ca              TEXT    NOT NULL,
    state           TEXT    NOT NULL CHECK (state IN ('signing', 'issued', 'lost', 'refused')),
    authorisation   BLOB   ,
    number          INTEGER, -- under the authorisation, from 1
    serial          BLOB   ,
    lost_before     INTEGER NOT NULL CHECK (lost_before >= 0),
    der             BLOB   ,
    refusal_code    TEXT   ,
    refusal_message TEXT   ,
    decided         INTEGER NOT NULL,
    UNIQUE (authorisation, number),
    UNIQUE (ca, serial),
    CHECK ((state = 'issued') = (der IS NOT NULL)),
    CHECK ((state = 'refused') = (refusal_code IS NOT NULL AND refusal_message IS NOT NULL)),
    CHECK (state = 'refused' OR (authorisation IS NOT NULL AND number IS NOT NULL AND serial IS NOT NULL))
) STRICT;
CREATE INDEX responder_certificates_issued ON responder_certificates (ca, decided) WHERE state = 'issued';

CREATE TRIGGER responder_requests_no_delete BEFORE DELETE ON responder_requests BEGIN SELECT RAISE(ABORT, 'refused: rows of responder_requests are never deleted'); END;
CREATE TRIGGER responder_certificates_no_delete BEFORE DELETE ON responder_certificates BEGIN SELECT RAISE(ABORT, 'refused: rows of responder_certificates are never deleted'); END;
CREATE TRIGGER responder_requests_no_update BEFORE UPDATE ON responder_requests BEGIN SELECT RAISE(ABORT, 'refused: rows of responder_requests never change'); END;
CREATE TRIGGER responder_certificates_immutable BEFORE UPDATE OF request, ca ON responder_certificates BEGIN SELECT RAISE(ABORT, 'refused: these columns of responder_certificates never change'); END;
CREATE TRIGGER responder_certificates_ends_once BEFORE UPDATE ON responder_certificates
    WHEN OLD.state IN ('issued', 'refused') BEGIN SELECT RAISE(ABORT, 'refused: a request that ended stays ended'); END;
CREATE TRIGGER responder_certificates_counts_up BEFORE UPDATE ON responder_certificates
    WHEN NEW.number < OLD.number OR NEW.lost_before < OLD.lost_before BEGIN SELECT RAISE(ABORT, 'refused: numbers under an authorisation never decrease'); END;
