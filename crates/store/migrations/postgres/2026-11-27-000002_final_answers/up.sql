-- Final OCSP answers of CAs that have ended: signed by the CA's key, served without it.
CREATE TABLE final_answers (
    ca       TEXT   NOT NULL,
    serial   BYTEA  NOT NULL,
    hash     TEXT   NOT NULL CHECK (hash IN ('sha1', 'sha256')), -- of the CertID
    der      BYTEA  NOT NULL,
    produced BIGINT NOT NULL,
    PRIMARY KEY (ca, serial, hash),
    FOREIGN KEY (ca, serial) REFERENCES certificates (ca, serial)
);

-- The accounting for their signatures: a row before the token is asked, its end after.
CREATE TABLE final_batches (
    key_label TEXT   NOT NULL,
    epoch     TEXT   NOT NULL,
    number    BIGINT NOT NULL,
    node      TEXT   NOT NULL,
    at        BIGINT NOT NULL,
    ca        TEXT   NOT NULL,
    intents   BIGINT NOT NULL CHECK (intents >= 1),
    signed    BIGINT CHECK (signed IS NULL OR (signed >= 0 AND signed <= intents)),
    PRIMARY KEY (key_label, epoch, number)
);

-- CAs of which every certificate has its final answers.
CREATE TABLE final_cas (
    ca       TEXT   NOT NULL PRIMARY KEY,
    finished BIGINT NOT NULL
);

CREATE TRIGGER final_answers_no_delete BEFORE DELETE ON final_answers FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('rows of final_answers are never deleted');
CREATE TRIGGER final_answers_no_truncate BEFORE TRUNCATE ON final_answers FOR EACH STATEMENT EXECUTE FUNCTION ndoba_refuse('rows of final_answers are never deleted');
CREATE TRIGGER final_batches_no_delete BEFORE DELETE ON final_batches FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('rows of final_batches are never deleted');
CREATE TRIGGER final_batches_no_truncate BEFORE TRUNCATE ON final_batches FOR EACH STATEMENT EXECUTE FUNCTION ndoba_refuse('rows of final_batches are never deleted');
CREATE TRIGGER final_cas_no_delete BEFORE DELETE ON final_cas FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('rows of final_cas are never deleted');
CREATE TRIGGER final_cas_no_truncate BEFORE TRUNCATE ON final_cas FOR EACH STATEMENT EXECUTE FUNCTION ndoba_refuse('rows of final_cas are never deleted');
CREATE TRIGGER final_answers_no_update BEFORE UPDATE ON final_answers FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('rows of final_answers never change');
CREATE TRIGGER final_cas_no_update BEFORE UPDATE ON final_cas FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('rows of final_cas never change');
CREATE TRIGGER final_batches_immutable BEFORE UPDATE OF key_label, epoch, number, node, at, ca, intents ON final_batches FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('these columns of final_batches never change');
CREATE TRIGGER final_batches_ends_once BEFORE UPDATE ON final_batches FOR EACH ROW
    WHEN (OLD.signed IS NOT NULL) EXECUTE FUNCTION ndoba_refuse('a batch ends once');
