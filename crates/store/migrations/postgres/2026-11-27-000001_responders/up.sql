-- What responders asked their CAs for. Written by `public`; the CA believes the two signatures only.
CREATE TABLE responder_requests (
    id        BYTEA  NOT NULL PRIMARY KEY, -- SHA-256 over document
    ca        TEXT   NOT NULL,
    key_label TEXT   NOT NULL, -- of the new key
    document  BYTEA  NOT NULL, -- canonical bytes
    signature BYTEA  NOT NULL, -- by the enrolment key
    csr       BYTEA  NOT NULL, -- signed by the new key
    received  BIGINT NOT NULL
);
CREATE INDEX responder_requests_newest ON responder_requests (ca, received);

-- What the CA made of each: one row from the moment it acts on it.
CREATE TABLE responder_certificates (
    request         BYTEA  NOT NULL PRIMARY KEY REFERENCES responder_requests (id),
    ca              TEXT   NOT NULL,
    state           TEXT   NOT NULL CHECK (state IN ('signing', 'issued', 'lost', 'refused')),
    authorisation   BYTEA ,
    number          BIGINT, -- under the authorisation, from 1
    serial          BYTEA ,
    lost_before     BIGINT NOT NULL CHECK (lost_before >= 0),
    der             BYTEA ,
    refusal_code    TEXT  ,
    refusal_message TEXT  ,
    decided         BIGINT NOT NULL,
    UNIQUE (authorisation, number),
    UNIQUE (ca, serial),
    CHECK ((state = 'issued') = (der IS NOT NULL)),
    CHECK ((state = 'refused') = (refusal_code IS NOT NULL AND refusal_message IS NOT NULL)),
    CHECK (state = 'refused' OR (authorisation IS NOT NULL AND number IS NOT NULL AND serial IS NOT NULL))
);
CREATE INDEX responder_certificates_issued ON responder_certificates (ca, decided) WHERE state = 'issued';

CREATE TRIGGER responder_requests_no_delete BEFORE DELETE ON responder_requests FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('rows of responder_requests are never deleted');
CREATE TRIGGER responder_requests_no_truncate BEFORE TRUNCATE ON responder_requests FOR EACH STATEMENT EXECUTE FUNCTION ndoba_refuse('rows of responder_requests are never deleted');
CREATE TRIGGER responder_certificates_no_delete BEFORE DELETE ON responder_certificates FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('rows of responder_certificates are never deleted');
CREATE TRIGGER responder_certificates_no_truncate BEFORE TRUNCATE ON responder_certificates FOR EACH STATEMENT EXECUTE FUNCTION ndoba_refuse('rows of responder_certificates are never deleted');
CREATE TRIGGER responder_requests_no_update BEFORE UPDATE ON responder_requests FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('rows of responder_requests never change');
CREATE TRIGGER responder_certificates_immutable BEFORE UPDATE OF request, ca ON responder_certificates FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('these columns of responder_certificates never change');
CREATE TRIGGER responder_certificates_ends_once BEFORE UPDATE ON responder_certificates FOR EACH ROW
    WHEN (OLD.state IN ('issued', 'refused')) EXECUTE FUNCTION ndoba_refuse('a request that ended stays ended');
CREATE TRIGGER responder_certificates_counts_up BEFORE UPDATE ON responder_certificates FOR EACH ROW
    WHEN (NEW.number < OLD.number OR NEW.lost_before < OLD.lost_before) EXECUTE FUNCTION ndoba_refuse('numbers under an authorisation never decrease');
