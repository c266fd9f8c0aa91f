-- A long CRL goes on here behind crls.der, its first part, so that no statement carries all of it.
CREATE TABLE crl_parts (
    ca     TEXT    NOT NULL,
    number INTEGER NOT NULL,
    part   INTEGER NOT NULL CHECK (part >= 1),
    octets BLOB    NOT NULL,
    PRIMARY KEY (ca, number, part),
    FOREIGN KEY (ca, number) REFERENCES crls (ca, number)
) STRICT;

CREATE TRIGGER crl_parts_no_delete BEFORE DELETE ON crl_parts BEGIN SELECT RAISE(ABORT, 'refused: rows of crl_parts are never deleted'); END;
CREATE TRIGGER crl_parts_no_update BEFORE UPDATE ON crl_parts BEGIN SELECT RAISE(ABORT, 'refused: rows of crl_parts never change'); END;
