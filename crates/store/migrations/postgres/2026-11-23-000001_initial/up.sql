-- One logical schema for two engines; ../../sqlite holds the other spelling, and a test compares them.
-- Times: microseconds since 1970-01-01T00:00:00Z. Serial numbers: big-endian octets without a sign octet.

-- What this database is: installation id and creation time. Never changes.
CREATE TABLE meta (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);
-- Counted up when this text is edited, which ends with the product's first version: a database of another edition is refused.
INSERT INTO meta (key, value) VALUES ('edition-20261123000001', '4');

-- The CAs as their ceremonies made them.
CREATE TABLE authorities (
    ca          TEXT   NOT NULL PRIMARY KEY,
    ski         BYTEA  NOT NULL UNIQUE,
    certificate BYTEA  NOT NULL,
    not_before  BIGINT NOT NULL
);

-- Counters of a CA. The row's lock makes commit order the order of versions.
CREATE TABLE ca_status (
    ca                 TEXT   NOT NULL PRIMARY KEY,
    version            BIGINT NOT NULL CHECK (version >= 0),
    highest_crl_number BIGINT NOT NULL CHECK (highest_crl_number >= 0)
);

-- The register of officers: a chain of signed documents. Trusted for nothing but order: signatures are verified on reading.
CREATE TABLE officer_grants (
    seq      BIGINT NOT NULL PRIMARY KEY CHECK (seq >= 1),
    document BYTEA  NOT NULL,
    appended BIGINT NOT NULL
);

CREATE TABLE officer_grant_signatures (
    seq      BIGINT NOT NULL REFERENCES officer_grants (seq),
    position BIGINT NOT NULL,
    jws      TEXT   NOT NULL,
    PRIMARY KEY (seq, position)
);

-- PERSONAL DATA: registration's own. No other role reads it.
CREATE TABLE applications (
    id         BYTEA  NOT NULL PRIMARY KEY,
    version    BIGINT NOT NULL CHECK (version >= 1),
    state      TEXT   NOT NULL CHECK (state IN ('draft', 'submitted', 'returned', 'rejected', 'withdrawn', 'delivered', 'accepted')),
    content    TEXT   NOT NULL, -- JSON
    subject    TEXT   NOT NULL, -- personal number or identification code, out of content
    salt       BYTEA  NOT NULL,
    opened_by  BYTEA  NOT NULL,
    opened     BIGINT NOT NULL,
    updated    BIGINT NOT NULL,
    order_id   BYTEA,
    remark     TEXT,
    replaces   BYTEA -- the certificate that the new one replaces
);
CREATE INDEX applications_newest ON applications (opened, id);
CREATE INDEX applications_by_subject ON applications (subject);

-- What officers sign and the CA carries out. The CA believes content and signatures only.
CREATE TABLE orders (
    order_id         BYTEA  NOT NULL PRIMARY KEY,
    digest           BYTEA  NOT NULL UNIQUE,
    kind             TEXT   NOT NULL CHECK (kind IN ('issue', 'reissue', 'revoke', 'suspend', 'release', 'certify-unit', 'suspend-by-code')),
    ca               TEXT   NOT NULL,
    content          BYTEA  NOT NULL,
    csr              BYTEA,
    application      BYTEA,
    target           BYTEA, -- the serial that revoke, suspend and release are about
    drafted_by       BYTEA  NOT NULL,
    created          BIGINT NOT NULL,
    expires          BIGINT NOT NULL,
    state            TEXT   NOT NULL CHECK (state IN ('open', 'queued', 'claimed', 'done', 'refused', 'withdrawn', 'expired')),
    received         BIGINT, -- since it waits for the CA; for revocations, since the request reached the provider
    lost_before      BIGINT NOT NULL CHECK (lost_before >= 0),
    result           BYTEA,  -- the serial that was made or changed
    refusal_code     TEXT,
    refusal_message  TEXT,
    CHECK ((state = 'done') = (result IS NOT NULL)),
    CHECK ((state = 'refused') = (refusal_code IS NOT NULL AND refusal_message IS NOT NULL)),
    CHECK (state NOT IN ('queued', 'claimed', 'done') OR received IS NOT NULL)
);
CREATE INDEX orders_waiting ON orders (kind, received, order_id) WHERE state = 'queued';
CREATE INDEX orders_claimed ON orders (order_id) WHERE state = 'claimed';
CREATE INDEX orders_open ON orders (expires) WHERE state = 'open';
CREATE INDEX orders_by_target ON orders (target) WHERE target IS NOT NULL;

CREATE TABLE order_signatures (
    order_id BYTEA  NOT NULL REFERENCES orders (order_id),
    position BIGINT NOT NULL,
    role     TEXT   NOT NULL,
    officer  BYTEA  NOT NULL,
    jws      TEXT   NOT NULL,
    added    BIGINT NOT NULL,
    PRIMARY KEY (order_id, position),
    UNIQUE (order_id, role)
);

-- PERSONAL DATA: the evidence whose digests orders name.
CREATE TABLE evidence (
    digest   BYTEA NOT NULL PRIMARY KEY,
    order_id BYTEA NOT NULL REFERENCES orders (order_id),
    kind     TEXT  NOT NULL,
    content  BYTEA NOT NULL
);
CREATE INDEX evidence_by_order ON evidence (order_id);

-- When and how a request to end or suspend a certificate reached the provider (the 24 h clock).
CREATE TABLE revocation_requests (
    order_id BYTEA  NOT NULL PRIMARY KEY REFERENCES orders (order_id),
    serial   BYTEA  NOT NULL,
    received BIGINT NOT NULL,
    decided  BIGINT,
    channel  TEXT   NOT NULL
);
CREATE INDEX revocation_requests_by_serial ON revocation_requests (serial);

-- Which request an idempotency key was, and what it made.
CREATE TABLE idempotency (
    officer  BYTEA  NOT NULL,
    key      TEXT   NOT NULL,
    request  BYTEA  NOT NULL,
    resource TEXT   NOT NULL,
    created  BIGINT NOT NULL,
    PRIMARY KEY (officer, key)
);

-- Whose a subject name is, for the life of the CA (EN 319 411-1 GEN-6.3.3-10).
CREATE TABLE dn_owners (
    ca    TEXT  NOT NULL,
    name  BYTEA NOT NULL, -- SHA-256 over the DER Name
    owner BYTEA NOT NULL,
    PRIMARY KEY (ca, name)
);

-- The issuance ledger: everything known before the token was asked, and what came of it.
CREATE TABLE certificates (
    ca             TEXT   NOT NULL,
    serial         BYTEA  NOT NULL,
    order_id       BYTEA,
    ceremony       BYTEA, -- digest of the ceremony's plan, where no order stands behind it
    kind           TEXT   NOT NULL,
    tbs            BYTEA, -- dropped once the certificate that contains it is recorded
    tbs_digest     BYTEA  NOT NULL,
    profile        TEXT   NOT NULL,
    profile_digest BYTEA  NOT NULL,
    lint           TEXT   NOT NULL,
    subject_name   BYTEA  NOT NULL,
    name_owner     BYTEA  NOT NULL,
    spki           BYTEA  NOT NULL,
    not_before     BIGINT NOT NULL,
    not_after      BIGINT NOT NULL,
    recorded       BIGINT NOT NULL,
    der            BYTEA,
    issued         BIGINT,
    PRIMARY KEY (ca, serial),
    CHECK ((order_id IS NULL) <> (ceremony IS NULL)),
    CHECK ((der IS NULL) = (issued IS NULL)),
    CHECK (der IS NOT NULL OR tbs IS NOT NULL)
);
CREATE INDEX certificates_by_key ON certificates (spki);
CREATE INDEX certificates_by_order ON certificates (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX certificates_newest ON certificates (recorded, serial);
CREATE INDEX certificates_by_serial ON certificates (serial);

-- What relying parties are told: the only table of certificates that `ocsp` reads.
-- `certificateHold` as reason is a suspension; any other is for ever.
CREATE TABLE certificate_status (
    ca          TEXT   NOT NULL,
    serial      BYTEA  NOT NULL,
    state       TEXT   NOT NULL CHECK (state IN ('signing', 'issued', 'issued_lost')),
    certificate BYTEA, -- SHA-256 over the DER
    revoked     BIGINT,
    reason      TEXT,
    PRIMARY KEY (ca, serial),
    FOREIGN KEY (ca, serial) REFERENCES certificates (ca, serial),
    CHECK ((revoked IS NULL) = (reason IS NULL)),
    CHECK ((state = 'issued') = (certificate IS NOT NULL)),
    CHECK (state <> 'issued_lost' OR revoked IS NOT NULL)
);
CREATE INDEX certificate_status_revoked ON certificate_status (ca, serial) WHERE revoked IS NOT NULL;
CREATE INDEX certificate_status_suspended ON certificate_status (revoked) WHERE reason = 'certificateHold';

-- Every change of a status, in order: the history behind the present of certificate_status.
CREATE TABLE revocation_records (
    ca       TEXT   NOT NULL,
    version  BIGINT NOT NULL, -- the CA's status version that the change made
    serial   BYTEA  NOT NULL,
    action   TEXT   NOT NULL CHECK (action IN ('lost', 'release', 'revoke', 'suspend')),
    reason   TEXT,
    order_id BYTEA,
    received BIGINT NOT NULL,
    at       BIGINT NOT NULL,
    PRIMARY KEY (ca, version)
);
CREATE INDEX revocation_records_by_serial ON revocation_records (ca, serial);
CREATE INDEX revocation_records_by_order ON revocation_records (order_id) WHERE order_id IS NOT NULL;

-- Every signature that was intended with an issuing key: one row per call of the token, and what became of it.
CREATE TABLE attempts (
    key_label  TEXT   NOT NULL,
    epoch      TEXT   NOT NULL,
    number     BIGINT NOT NULL,
    node       TEXT   NOT NULL,
    at         BIGINT NOT NULL,
    ca         TEXT   NOT NULL,
    serial     BYTEA,
    repetition BIGINT NOT NULL CHECK (repetition >= 0), -- a deterministic signature in doubt is made again by an attempt of its own
    crl_number BIGINT,
    digest     BYTEA NOT NULL, -- what the token was asked to sign: by it a signature finds its row
    outcome    TEXT   NOT NULL CHECK (outcome IN ('open', 'signed', 'lost', 'repeated', 'unsigned')),
    PRIMARY KEY (key_label, epoch, number),
    UNIQUE (ca, serial, repetition),
    UNIQUE (ca, crl_number),
    CHECK ((serial IS NULL) <> (crl_number IS NULL))
);
CREATE INDEX attempts_open ON attempts (at) WHERE outcome = 'open';
CREATE INDEX attempts_uses ON attempts (key_label, epoch, node, outcome, at);

-- What each token had signed with a key when a row of the epoch was last written, by the process's own count.
CREATE TABLE key_counts (
    key_label  TEXT   NOT NULL,
    epoch      TEXT   NOT NULL,
    node       TEXT   NOT NULL,
    signatures BIGINT NOT NULL CHECK (signatures >= 0),
    at         BIGINT NOT NULL,
    PRIMARY KEY (key_label, epoch)
);

CREATE TABLE crls (
    ca             TEXT   NOT NULL,
    number         BIGINT NOT NULL CHECK (number >= 1),
    tbs_digest     BYTEA  NOT NULL,
    status_version BIGINT,
    this_update    BIGINT,
    next_update    BIGINT,
    der            BYTEA,
    PRIMARY KEY (ca, number),
    CHECK ((der IS NULL) = (status_version IS NULL)),
    CHECK ((der IS NULL) = (this_update IS NULL)),
    CHECK ((der IS NULL) = (next_update IS NULL))
);

-- Acts as they were committed, without personal data. `leaf` is set by the sequencer, once.
CREATE TABLE audit_events (
    id    BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event BYTEA  NOT NULL,
    leaf  BIGINT UNIQUE
);
CREATE INDEX audit_events_unsequenced ON audit_events (id) WHERE leaf IS NULL;

-- The log: gap-free, in the order of the sequencer.
CREATE TABLE audit_leaves (
    leaf  BIGINT NOT NULL PRIMARY KEY CHECK (leaf >= 0),
    entry BYTEA  NOT NULL
);

CREATE TABLE audit_checkpoints (
    number BIGINT NOT NULL PRIMARY KEY CHECK (number >= 0),
    size   BIGINT NOT NULL CHECK (size >= 0),
    signed BYTEA  NOT NULL, -- canonical octets without the token
    token  BYTEA            -- an RFC 3161 token over them, when one was had
);

-- Public keys that ever sealed checkpoints: handed out with exports. A verifier holds its own, from the ceremony's report.
CREATE TABLE audit_keys (
    fingerprint BYTEA  NOT NULL PRIMARY KEY, -- SHA-256 over spki
    spki        BYTEA  NOT NULL,
    registered  BIGINT NOT NULL
);

-- Things to be done after a commit, by whoever does them.
CREATE TABLE outbox (
    id       BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind     TEXT   NOT NULL CHECK (kind IN ('crl-due', 'notice')),
    ca       TEXT   NOT NULL,
    serial   BYTEA  NOT NULL,
    created  BIGINT NOT NULL,
    finished BIGINT
);
CREATE INDEX outbox_waiting ON outbox (id) WHERE finished IS NULL;
CREATE INDEX outbox_crl_due ON outbox (ca) WHERE finished IS NULL AND kind = 'crl-due';

-- Signs of life of the `ca` nodes: they date what a replica knows.
CREATE TABLE heartbeat (
    node          TEXT   NOT NULL PRIMARY KEY,
    at            BIGINT NOT NULL,
    token_answers BIGINT NOT NULL CHECK (token_answers IN (0, 1))
);

-- ==== Refusals: the rules of the ledger that no program, ours included, may break.

CREATE FUNCTION ndoba_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'refused: %', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER meta_no_delete BEFORE DELETE ON meta FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('rows of meta are never deleted');
CREATE TRIGGER meta_no_truncate BEFORE TRUNCATE ON meta FOR EACH STATEMENT EXECUTE FUNCTION ndoba_refuse('rows of meta are never deleted');
CREATE TRIGGER authorities_no_delete BEFORE DELETE ON authorities FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('rows of authorities are never deleted');
CREATE TRIGGER authorities_no_truncate BEFORE TRUNCATE ON authorities FOR EACH STATEMENT EXECUTE FUNCTION ndoba_refuse('rows of authorities are never deleted');
CREATE TRIGGER ca_status_no_delete BEFORE DELETE ON ca_status FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('rows of ca_status are never deleted');
CREATE TRIGGER ca_status_no_truncate BEFORE TRUNCATE ON ca_status FOR EACH STATEMENT EXECUTE FUNCTION ndoba_refuse('rows of ca_status are never deleted');
CREATE TRIGGER officer_grants_no_delete BEFORE DELETE ON officer_grants FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('rows of officer_grants are never deleted');
CREATE TRIGGER officer_grants_no_truncate BEFORE TRUNCATE ON officer_grants FOR EACH STATEMENT EXECUTE FUNCTION ndoba_refuse('rows of officer_grants are never deleted');
CREATE TRIGGER officer_grant_signatures_no_delete BEFORE DELETE ON officer_grant_signatures FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('rows of officer_grant_signatures are never deleted');
CREATE TRIGGER officer_grant_signatures_no_truncate BEFORE TRUNCATE ON officer_grant_signatures FOR EACH STATEMENT EXECUTE FUNCTION ndoba_refuse('rows of officer_grant_signatures are never deleted');
CREATE TRIGGER orders_no_delete BEFORE DELETE ON orders FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('rows of orders are never deleted');
CREATE TRIGGER orders_no_truncate BEFORE TRUNCATE ON orders FOR EACH STATEMENT EXECUTE FUNCTION ndoba_refuse('rows of orders are never deleted');
CREATE TRIGGER order_signatures_no_delete BEFORE DELETE ON order_signatures FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('rows of order_signatures are never deleted');
CREATE TRIGGER order_signatures_no_truncate BEFORE TRUNCATE ON order_signatures FOR EACH STATEMENT EXECUTE FUNCTION ndoba_refuse('rows of order_signatures are never deleted');
CREATE TRIGGER revocation_requests_no_delete BEFORE DELETE ON revocation_requests FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('rows of revocation_requests are never deleted');
CREATE TRIGGER revocation_requests_no_truncate BEFORE TRUNCATE ON revocation_requests FOR EACH STATEMENT EXECUTE FUNCTION ndoba_refuse('rows of revocation_requests are never deleted');
CREATE TRIGGER dn_owners_no_delete BEFORE DELETE ON dn_owners FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('rows of dn_owners are never deleted');
CREATE TRIGGER dn_owners_no_truncate BEFORE TRUNCATE ON dn_owners FOR EACH STATEMENT EXECUTE FUNCTION ndoba_refuse('rows of dn_owners are never deleted');
CREATE TRIGGER certificates_no_delete BEFORE DELETE ON certificates FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('rows of certificates are never deleted');
CREATE TRIGGER certificates_no_truncate BEFORE TRUNCATE ON certificates FOR EACH STATEMENT EXECUTE FUNCTION ndoba_refuse('rows of certificates are never deleted');
CREATE TRIGGER certificate_status_no_delete BEFORE DELETE ON certificate_status FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('rows of certificate_status are never deleted');
CREATE TRIGGER certificate_status_no_truncate BEFORE TRUNCATE ON certificate_status FOR EACH STATEMENT EXECUTE FUNCTION ndoba_refuse('rows of certificate_status are never deleted');
CREATE TRIGGER revocation_records_no_delete BEFORE DELETE ON revocation_records FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('rows of revocation_records are never deleted');
CREATE TRIGGER revocation_records_no_truncate BEFORE TRUNCATE ON revocation_records FOR EACH STATEMENT EXECUTE FUNCTION ndoba_refuse('rows of revocation_records are never deleted');
CREATE TRIGGER attempts_no_delete BEFORE DELETE ON attempts FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('rows of attempts are never deleted');
CREATE TRIGGER attempts_no_truncate BEFORE TRUNCATE ON attempts FOR EACH STATEMENT EXECUTE FUNCTION ndoba_refuse('rows of attempts are never deleted');
CREATE TRIGGER key_counts_no_delete BEFORE DELETE ON key_counts FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('rows of key_counts are never deleted');
CREATE TRIGGER key_counts_no_truncate BEFORE TRUNCATE ON key_counts FOR EACH STATEMENT EXECUTE FUNCTION ndoba_refuse('rows of key_counts are never deleted');
CREATE TRIGGER crls_no_delete BEFORE DELETE ON crls FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('rows of crls are never deleted');
CREATE TRIGGER crls_no_truncate BEFORE TRUNCATE ON crls FOR EACH STATEMENT EXECUTE FUNCTION ndoba_refuse('rows of crls are never deleted');
CREATE TRIGGER audit_events_no_delete BEFORE DELETE ON audit_events FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('rows of audit_events are never deleted');
CREATE TRIGGER audit_events_no_truncate BEFORE TRUNCATE ON audit_events FOR EACH STATEMENT EXECUTE FUNCTION ndoba_refuse('rows of audit_events are never deleted');
CREATE TRIGGER audit_leaves_no_delete BEFORE DELETE ON audit_leaves FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('rows of audit_leaves are never deleted');
CREATE TRIGGER audit_leaves_no_truncate BEFORE TRUNCATE ON audit_leaves FOR EACH STATEMENT EXECUTE FUNCTION ndoba_refuse('rows of audit_leaves are never deleted');
CREATE TRIGGER audit_checkpoints_no_delete BEFORE DELETE ON audit_checkpoints FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('rows of audit_checkpoints are never deleted');
CREATE TRIGGER audit_checkpoints_no_truncate BEFORE TRUNCATE ON audit_checkpoints FOR EACH STATEMENT EXECUTE FUNCTION ndoba_refuse('rows of audit_checkpoints are never deleted');
CREATE TRIGGER audit_keys_no_delete BEFORE DELETE ON audit_keys FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('rows of audit_keys are never deleted');
CREATE TRIGGER audit_keys_no_truncate BEFORE TRUNCATE ON audit_keys FOR EACH STATEMENT EXECUTE FUNCTION ndoba_refuse('rows of audit_keys are never deleted');

CREATE TRIGGER meta_no_update BEFORE UPDATE ON meta FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('rows of meta never change');
CREATE TRIGGER authorities_no_update BEFORE UPDATE ON authorities FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('rows of authorities never change');
CREATE TRIGGER officer_grants_no_update BEFORE UPDATE ON officer_grants FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('rows of officer_grants never change');
CREATE TRIGGER officer_grant_signatures_no_update BEFORE UPDATE ON officer_grant_signatures FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('rows of officer_grant_signatures never change');
CREATE TRIGGER order_signatures_no_update BEFORE UPDATE ON order_signatures FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('rows of order_signatures never change');
CREATE TRIGGER dn_owners_no_update BEFORE UPDATE ON dn_owners FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('rows of dn_owners never change');
CREATE TRIGGER revocation_records_no_update BEFORE UPDATE ON revocation_records FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('rows of revocation_records never change');
CREATE TRIGGER audit_leaves_no_update BEFORE UPDATE ON audit_leaves FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('rows of audit_leaves never change');
CREATE TRIGGER audit_keys_no_update BEFORE UPDATE ON audit_keys FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('rows of audit_keys never change');

CREATE TRIGGER orders_immutable BEFORE UPDATE OF order_id, digest, kind, ca, content, csr, application, target, drafted_by, created, expires ON orders
    FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('these columns of orders never change');
CREATE TRIGGER certificates_immutable BEFORE UPDATE OF ca, serial, order_id, ceremony, kind, tbs_digest, profile, profile_digest, lint, subject_name, name_owner, spki, not_before, not_after, recorded ON certificates
    FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('these columns of certificates never change');
CREATE TRIGGER certificate_status_immutable BEFORE UPDATE OF ca, serial ON certificate_status
    FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('these columns of certificate_status never change');
CREATE TRIGGER attempts_immutable BEFORE UPDATE OF key_label, epoch, number, node, at, ca, serial, repetition, crl_number, digest ON attempts
    FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('these columns of attempts never change');
CREATE TRIGGER crls_immutable BEFORE UPDATE OF ca, number, tbs_digest ON crls
    FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('these columns of crls never change');
CREATE TRIGGER audit_events_immutable BEFORE UPDATE OF id, event ON audit_events
    FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('these columns of audit_events never change');
CREATE TRIGGER audit_checkpoints_immutable BEFORE UPDATE OF number, size, signed ON audit_checkpoints
    FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('these columns of audit_checkpoints never change');

CREATE TRIGGER ca_status_counts_up BEFORE UPDATE ON ca_status FOR EACH ROW
    WHEN (NEW.version < OLD.version OR NEW.highest_crl_number < OLD.highest_crl_number)
    EXECUTE FUNCTION ndoba_refuse('counters of a CA never decrease');
CREATE TRIGGER key_counts_count_up BEFORE UPDATE ON key_counts FOR EACH ROW
    WHEN (NEW.signatures < OLD.signatures OR NEW.key_label <> OLD.key_label OR NEW.epoch <> OLD.epoch)
    EXECUTE FUNCTION ndoba_refuse('a count of signatures never decreases');
CREATE TRIGGER orders_ends_once BEFORE UPDATE ON orders FOR EACH ROW
    WHEN (OLD.state IN ('done', 'refused', 'withdrawn', 'expired') AND (NEW.state <> OLD.state OR NEW.result IS DISTINCT FROM OLD.result))
    EXECUTE FUNCTION ndoba_refuse('an order that ended stays ended');
CREATE TRIGGER certificates_made_once BEFORE UPDATE ON certificates FOR EACH ROW
    WHEN ((OLD.der IS NOT NULL AND (NEW.der IS DISTINCT FROM OLD.der OR NEW.issued IS DISTINCT FROM OLD.issued)) OR (NEW.tbs IS NOT NULL AND NEW.tbs IS DISTINCT FROM OLD.tbs))
    EXECUTE FUNCTION ndoba_refuse('a certificate is made once');
CREATE TRIGGER certificate_status_revoked_for_ever BEFORE UPDATE ON certificate_status FOR EACH ROW
    WHEN (OLD.revoked IS NOT NULL AND OLD.reason <> 'certificateHold' AND (NEW.revoked IS DISTINCT FROM OLD.revoked OR NEW.reason IS DISTINCT FROM OLD.reason))
    EXECUTE FUNCTION ndoba_refuse('a revoked certificate stays revoked');
CREATE TRIGGER certificate_status_decided_once BEFORE UPDATE ON certificate_status FOR EACH ROW
    WHEN (OLD.state <> 'signing' AND (NEW.state <> OLD.state OR NEW.certificate IS DISTINCT FROM OLD.certificate))
    EXECUTE FUNCTION ndoba_refuse('issued or lost is decided once');
CREATE TRIGGER attempts_ends_once BEFORE UPDATE ON attempts FOR EACH ROW
    WHEN (OLD.outcome <> 'open' AND NEW.outcome <> OLD.outcome)
    EXECUTE FUNCTION ndoba_refuse('an attempt ends once');
CREATE TRIGGER crls_signed_once BEFORE UPDATE ON crls FOR EACH ROW
    WHEN (OLD.der IS NOT NULL AND NEW.der IS DISTINCT FROM OLD.der)
    EXECUTE FUNCTION ndoba_refuse('a CRL is signed once');
CREATE TRIGGER audit_checkpoints_stamped_once BEFORE UPDATE ON audit_checkpoints FOR EACH ROW
    WHEN (OLD.token IS NOT NULL AND NEW.token IS DISTINCT FROM OLD.token)
    EXECUTE FUNCTION ndoba_refuse('a checkpoint is time-stamped once');
CREATE TRIGGER audit_events_sequenced_once BEFORE UPDATE ON audit_events FOR EACH ROW
    WHEN (OLD.leaf IS NOT NULL AND NEW.leaf IS DISTINCT FROM OLD.leaf)
    EXECUTE FUNCTION ndoba_refuse('an event is sequenced once');
