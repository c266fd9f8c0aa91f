-- Final OCSP answers of CAs that have ended: signed by the CA's key, served without it.
CREATE TABLE final_answers (
    ca       TEXT    NOT NULL,
    serial   BLOB    NOT NULL,
    hash     TEXT    NOT NULL CHECK (hash IN ('sha1', 'sha256')), -- of the CertID
    der      BLOB    NOT NULL,
    produced INTEGER NOT NULL,
    PRIMARY KEY (ca, serial, hash),
    FOREIGN KEY (ca, serial) REFERENCES certificates (ca, serial)
) STRICT;

-- The accounting for their signatures: a row before the token is asked, its end after.
CREATE TABLE final_batches (
    key_label TEXT    NOT NULL,
    epoch     TEXT    NOT NULL,
    number    INTEGER NOT NULL,
    node      TEXT    NOT NULL,
    at        INTEGER NOT NULL,
    ca        TEXT    NOT NULL,
    intents   INTEGER NOT NULL CHECK (intents >= 1),
    signed    INTEGER CHECK (signed IS NULL OR (signed >= 0 AND signed <= intents)),
    PRIMARY KEY (key_label, epoch, number)
) STRICT;

-- CAs of which every certificate has its final answers.
CREATE TABLE final_cas (
    ca       TEXT    NOT NULL PRIMARY KEY,
    finished INTEGER NOT NULL
) STRICT;

CREATE TRIGGER final_answers_no_delete BEFORE DELETE ON final_answers BEGIN SELECT RAISE(ABORT, 'refused: rows of final_answers are never deleted'); END;
CREATE TRIGGER final_batches_no_delete BEFORE DELETE ON final_batches BEGIN SELECT RAISE(ABORT, 'refused: rows of final_batches are never deleted'); END;
CREATE TRIGGER final_cas_no_delete BEFORE DELETE ON final_cas BEGIN SELECT RAISE(ABORT, 'refused: rows of final_cas are never deleted'); END;
CREATE TRIGGER final_answers_no_update BEFORE UPDATE ON final_answers BEGIN SELECT RAISE(ABORT, 'refused: rows of final_answers never change'); END;
CREATE TRIGGER final_cas_no_update BEFORE UPDATE ON final_cas BEGIN SELECT RAISE(ABORT, 'refused: rows of final_cas never change'); END;
CREATE TRIGGER final_batches_immutable BEFORE UPDATE OF key_label, epoch, number, node, at, ca, intents ON final_batches BEGIN SELECT RAISE(ABORT, 'refused: these columns of final_batches never change'); END;
CREATE TRIGGER final_batches_ends_once BEFORE UPDATE ON final_batches
    WHEN OLD.signed IS NOT NULL BEGIN SELECT RAISE(ABORT, 'refused: a batch ends once'); END;
