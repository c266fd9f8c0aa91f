-- Revocation codes: how a subscriber suspends a certificate without an officer. Registration's own; only the hash is kept.
CREATE TABLE revocation_codes (
    serial   BYTEA  NOT NULL PRIMARY KEY, -- one code for each certificate: another takes its place
    hash     BYTEA  NOT NULL UNIQUE,      -- Argon2id
    given_by BYTEA  NOT NULL,             -- the officer who handed it over
    given    BIGINT NOT NULL
);

-- When an officer confirmed what a code had brought about.
ALTER TABLE revocation_requests ADD COLUMN confirmed BIGINT;
CREATE INDEX revocation_requests_newest ON revocation_requests (received, order_id);
-- What was suspended by code within a day: the CA counts.
CREATE INDEX orders_by_code ON orders (order_id) WHERE kind = 'suspend-by-code';

-- Names as certificates show them, in small letters: how the desk finds one. Written with the certificate.
CREATE TABLE certificate_names (
    name   TEXT COLLATE "C" NOT NULL, -- compared by its octets: a prefix is a range
    serial BYTEA NOT NULL,
    PRIMARY KEY (name, serial)
);
CREATE INDEX certificate_names_by_serial ON certificate_names (serial);
CREATE INDEX orders_by_application ON orders (application) WHERE application IS NOT NULL;
