-- A long CRL goes on here behind crls.der, its first part, so that no statement carries all of it.
CREATE TABLE crl_parts (
    ca     TEXT   NOT NULL,
    number BIGINT NOT NULL,
    part   BIGINT NOT NULL CHECK (part >= 1),
    octets BYTEA  NOT NULL,
    PRIMARY KEY (ca, number, part),
    FOREIGN KEY (ca, number) REFERENCES crls (ca, number)
);

CREATE TRIGGER crl_parts_no_delete BEFORE DELETE ON crl_parts FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('rows of crl_parts are never deleted');
CREATE TRIGGER crl_parts_no_truncate BEFORE TRUNCATE ON crl_parts FOR EACH STATEMENT EXECUTE FUNCTION ndoba_refuse('rows of crl_parts are never deleted');
CREATE TRIGGER crl_parts_no_update BEFORE UPDATE ON crl_parts FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('rows of crl_parts never change');
