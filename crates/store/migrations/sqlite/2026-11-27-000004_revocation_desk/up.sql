-- Revocation codes: how a subscriber suspends a certificate without an officer. Registration's own; only the hash is kept.
CREATE TABLE revocation_codes (
    serial   BLOB   NOT NULL PRIMARY KEY, -- one code for each certificate: another takes its place
    hash     BLOB   NOT NULL UNIQUE,      -- Argon2id
    given_by BLOB   NOT NULL,             -- the officer who handed it over
    given    INTEGER NOT NULL
) STRICT;

-- When an officer confirmed what a code had brought about.
ALTER TABLE revocation_requests ADD COLUMN confirmed INTEGER;
CREATE INDEX revocation_requests_newest ON revocation_requests (received, order_id);
-- What was suspended by code within a day: the CA counts.
CREATE INDEX orders_by_code ON orders (order_id) WHERE kind = 'suspend-by-code';
