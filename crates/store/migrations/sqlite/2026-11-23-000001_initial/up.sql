-- One logical schema for two engines; ../../postgres holds the other spelling, and a test compares them.
-- Times: microseconds since 1970-01-01T00:00:00Z. Serial numbers: big-endian octets without a sign octet.

-- What this database is: installation id and creation time. Never changes.
CREATE TABLE meta (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
-- Counted up when this text is edited, which ends with the product's first version: a database of another edition is refused.
INSERT INTO meta (key, value) VALUES ('edition-20261123000001', '4');

-- The CAs as their ceremonies made them.
CREATE TABLE authorities (
    ca          TEXT   NOT NULL PRIMARY KEY,
    ski         BLOB   NOT NULL UNIQUE,
    certificate BLOB   NOT NULL,
    not_before  INTEGER NOT NULL
) STRICT;

-- Counters of a CA. The row's lock makes commit order the order of versions.
CREATE TABLE ca_status (
    ca                 TEXT   NOT NULL PRIMARY KEY,
    version            INTEGER NOT NULL CHECK (version >= 0),
    highest_crl_number INTEGER NOT NULL CHECK (highest_crl_number >= 0)
) STRICT;

-- The register of officers: a chain of signed documents. Trusted for nothing but order: signatures are verified on reading.
CREATE TABLE officer_grants (
    seq      INTEGER NOT NULL PRIMARY KEY CHECK (seq >= 1),
    document BLOB   NOT NULL,
    appended INTEGER NOT NULL
) STRICT;

CREATE TABLE officer_grant_signatures (
    seq      INTEGER NOT NULL REFERENCES officer_grants (seq),
    position INTEGER NOT NULL,
    jws      TEXT   NOT NULL,
    PRIMARY KEY (seq, position)
) STRICT;

-- PERSONAL DATA: registration's own. No other role reads it.
CREATE TABLE applications (
    id         BLOB   NOT NULL PRIMARY KEY,
    version    INTEGER NOT NULL CHECK (version >= 1),
    state      TEXT   NOT NULL CHECK (state IN ('draft', 'submitted', 'returned', 'rejected', 'withdrawn', 'delivered', 'accepted')),
    content    TEXT   NOT NULL, -- JSON
    subject    TEXT   NOT NULL, -- personal number or identification code, out of content
    salt       BLOB   NOT NULL,
    opened_by  BLOB   NOT NULL,
    opened     INTEGER NOT NULL,
    updated    INTEGER NOT NULL,
    order_id   BLOB,
    remark     TEXT,
    replaces   BLOB -- the certificate that the new one replaces
) STRICT;
CREATE INDEX applications_newest ON applications (opened, id);
CREATE INDEX applications_by_subject ON applications (subject);

-- What officers sign and the CA carries out. The CA believes content and signatures only.
CREATE TABLE orders (
    order_id         BLOB   NOT NULL PRIMARY KEY,
    digest           BLOB   NOT NULL UNIQUE,
    kind             TEXT   NOT NULL CHECK (kind IN ('issue', 'reissue', 'revoke', 'suspend', 'release', 'certify-unit', 'suspend-by-code')),
    ca               TEXT   NOT NULL,
    content          BLOB   NOT NULL,
    csr              BLOB,
    application      BLOB,
    target           BLOB, -- the serial that revoke, suspend and release are about
    drafted_by       BLOB   NOT NULL,
    created          INTEGER NOT NULL,
    expires          INTEGER NOT NULL,
    state            TEXT   NOT NULL CHECK (state IN ('open', 'queued', 'claimed', 'done', 'refused', 'withdrawn', 'expired')),
    received         INTEGER, -- since it waits for the CA; for revocations, since the request reached the provider
    lost_before      INTEGER NOT NULL CHECK (lost_before >= 0),
    result           BLOB,  -- the serial that was made or changed
    refusal_code     TEXT,
    refusal_message  TEXT,
    CHECK ((state = 'done') = (result IS NOT NULL)),
    CHECK ((state = 'refused') = (refusal_code IS NOT NULL AND refusal_message IS NOT NULL)),
    CHECK (state NOT IN ('queued', 'claimed', 'done') OR received IS NOT NULL)
) STRICT;
CREATE INDEX orders_waiting ON orders (kind, received, order_id) WHERE state = 'queued';
CREATE INDEX orders_claimed ON orders (order_id) WHERE state = 'claimed';
CREATE INDEX orders_open ON orders (expires) WHERE state = 'open';
CREATE INDEX orders_by_target ON orders (target) WHERE target IS NOT NULL;

CREATE TABLE order_signatures (
    order_id BLOB   NOT NULL REFERENCES orders (order_id),
    position INTEGER NOT NULL,
    role     TEXT   NOT NULL,
    officer  BLOB   NOT NULL,
    jws      TEXT   NOT NULL,
    added    INTEGER NOT NULL,
    PRIMARY KEY (order_id, position),
    UNIQUE (order_id, role)
) STRICT;

-- PERSONAL DATA: the evidence whose digests orders name.
CREATE TABLE evidence (
    digest   BLOB  NOT NULL PRIMARY KEY,
    order_id BLOB  NOT NULL REFERENCES orders (order_id),
    kind     TEXT  NOT NULL,
    content  BLOB  NOT NULL
) STRICT;
CREATE INDEX evidence_by_order ON evidence (order_id);

-- When and how a request to end or suspend a certificate reached the provider (the 24 h clock).
CREATE TABLE revocation_requests (
    order_id BLOB   NOT NULL PRIMARY KEY REFERENCES orders (order_id),
    serial   BLOB   NOT NULL,
    received INTEGER NOT NULL,
    decided  INTEGER,
    channel  TEXT   NOT NULL
) STRICT;
CREATE INDEX revocation_requests_by_serial ON revocation_requests (serial);

-- Which request an idempotency key was, and what it made.
CREATE TABLE idempotency (
    officer  BLOB   NOT NULL,
    key      TEXT   NOT NULL,
    request  BLOB   NOT NULL,
    resource TEXT   NOT NULL,
    created  INTEGER NOT NULL,
    PRIMARY KEY (officer, key)
) STRICT;

-- Whose a subject name is, for the life of the CA (EN 319 411-1 GEN-6.3.3-10).
CREATE TABLE dn_owners (
    ca    TEXT  NOT NULL,
    name  BLOB  NOT NULL, -- SHA-256 over the DER Name
    owner BLOB  NOT NULL,
    PRIMARY KEY (ca, name)
) STRICT;

-- The issuance ledger: everything known before the token was asked, and what came of it.
CREATE TABLE certificates (
    ca             TEXT   NOT NULL,
    serial         BLOB   NOT NULL,
    order_id       BLOB,
    ceremony       BLOB, -- digest of the ceremony's plan, where no order stands behind it
    kind           TEXT   NOT NULL,
    tbs            BLOB, -- dropped once the certificate that contains it is recorded
    tbs_digest     BLOB   NOT NULL,
    profile        TEXT   NOT NULL,
    profile_digest BLOB   NOT NULL,
    lint           TEXT   NOT NULL,
    subject_name   BLOB   NOT NULL,
    name_owner     BLOB   NOT NULL,
    spki           BLOB   NOT NULL,
    not_before     INTEGER NOT NULL,
    not_after      INTEGER NOT NULL,
    recorded       INTEGER NOT NULL,
    der            BLOB,
    issued         INTEGER,
    PRIMARY KEY (ca, serial),
    CHECK ((order_id IS NULL) <> (ceremony IS NULL)),
    CHECK ((der IS NULL) = (issued IS NULL)),
    CHECK (der IS NOT NULL OR tbs IS NOT NULL)
) STRICT;
CREATE INDEX certificates_by_key ON certificates (spki);
CREATE INDEX certificates_by_order ON certificates (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX certificates_newest ON certificates (recorded, serial);
CREATE INDEX certificates_by_serial ON certificates (serial);

-- What relying parties are told: the only table of certificates that `ocsp` reads.
-- `certificateHold` as reason is a suspension; any other is for ever.
CREATE TABLE certificate_status (
    ca          TEXT   NOT NULL,
    serial      BLOB   NOT NULL,
    state       TEXT   NOT NULL CHECK (state IN ('signing', 'issued', 'issued_lost')),
    certificate BLOB, -- SHA-256 over the DER
    revoked     INTEGER,
    reason      TEXT,
    PRIMARY KEY (ca, serial),
    FOREIGN KEY (ca, serial) REFERENCES certificates (ca, serial),
    CHECK ((revoked IS NULL) = (reason IS NULL)),
    CHECK ((state = 'issued') = (certificate IS NOT NULL)),
    CHECK (state <> 'issued_lost' OR revoked IS NOT NULL)
) STRICT;
CREATE INDEX certificate_status_revoked ON certificate_status (ca, serial) WHERE revoked IS NOT NULL;
CREATE INDEX certificate_status_suspended ON certificate_status (revoked) WHERE reason = 'certificateHold';

-- Every change of a status, in order: the history behind the present of certificate_status.
CREATE TABLE revocation_records (
    ca       TEXT   NOT NULL,
    version  INTEGER NOT NULL, -- the CA's status version that the change made
    serial   BLOB   NOT NULL,
    action   TEXT   NOT NULL CHECK (action IN ('lost', 'release', 'revoke', 'suspend')),
    reason   TEXT,
    order_id BLOB,
    received INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (ca, version)
) STRICT;
CREATE INDEX revocation_records_by_serial ON revocation_records (ca, serial);
CREATE INDEX revocation_records_by_order ON revocation_records (order_id) WHERE order_id IS NOT NULL;

-- Every signature that was intended with an issuing key: one row per call of the token, and what became of it.
CREATE TABLE attempts (
    key_label  TEXT   NOT NULL,
    epoch      TEXT   NOT NULL,
    number     INTEGER NOT NULL,
    node       TEXT   NOT NULL,
    at         INTEGER NOT NULL,
    ca         TEXT   NOT NULL,
    serial     BLOB,
    repetition INTEGER NOT NULL CHECK (repetition >= 0), -- a deterministic signature in doubt is made again by an attempt of its own
    crl_number INTEGER,
    digest     BLOB NOT NULL, -- what the token was asked to sign: by it a signature finds its row
    outcome    TEXT   NOT NULL CHECK (outcome IN ('open', 'signed', 'lost', 'repeated', 'unsigned')),
    PRIMARY KEY (key_label, epoch, number),
    UNIQUE (ca, serial, repetition),
    UNIQUE (ca, crl_number),
    CHECK ((serial IS NULL) <> (crl_number IS NULL))
) STRICT;
CREATE INDEX attempts_open ON attempts (at) WHERE outcome = 'open';
CREATE INDEX attempts_uses ON attempts (key_label, epoch, node, outcome, at);

-- What each token had signed with a key when a row of the epoch was last written, by the process's own count.
CREATE TABLE key_counts (
    key_label  TEXT   NOT NULL,
    epoch      TEXT   NOT NULL,
    node       TEXT   NOT NULL,
    signatures INTEGER NOT NULL CHECK (signatures >= 0),
    at         INTEGER NOT NULL,
    PRIMARY KEY (key_label, epoch)
) STRICT;

CREATE TABLE crls (
    ca             TEXT   NOT NULL,
    number         INTEGER NOT NULL CHECK (number >= 1),
    tbs_digest     BLOB   NOT NULL,
    status_version INTEGER,
    this_update    INTEGER,
    next_update    INTEGER,
    der            BLOB,
    PRIMARY KEY (ca, number),
    CHECK ((der IS NULL) = (status_version IS NULL)),
    CHECK ((der IS NULL) = (this_update IS NULL)),
    CHECK ((der IS NULL) = (next_update IS NULL))
) STRICT;

-- Acts as they were committed, without personal data. `leaf` is set by the sequencer, once.
CREATE TABLE audit_events (
    id    INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    event BLOB   NOT NULL,
    leaf  INTEGER UNIQUE
) STRICT;
CREATE INDEX audit_events_unsequenced ON audit_events (id) WHERE leaf IS NULL;

-- The log: gap-free, in the order of the sequencer.
CREATE TABLE audit_leaves (
    leaf  INTEGER NOT NULL PRIMARY KEY CHECK (leaf >= 0),
    entry BLOB   NOT NULL
) STRICT;

CREATE TABLE audit_checkpoints (
    number INTEGER NOT NULL PRIMARY KEY CHECK (number >= 0),
    size   INTEGER NOT NULL CHECK (size >= 0),
    signed BLOB   NOT NULL, -- canonical octets without the token
    token  BLOB             -- an RFC 3161 token over them, when one was had
) STRICT;

-- Public keys that ever sealed checkpoints: handed out with exports. A verifier holds its own, from the ceremony's report.
CREATE TABLE audit_keys (
    fingerprint BLOB   NOT NULL PRIMARY KEY, -- SHA-256 over spki
    spki        BLOB   NOT NULL,
    registered  INTEGER NOT NULL
) STRICT;

-- Things to be done after a commit, by whoever does them.
CREATE TABLE outbox (
    id       INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    kind     TEXT   NOT NULL CHECK (kind IN ('crl-due', 'notice')),
    ca       TEXT   NOT NULL,
    serial   BLOB   NOT NULL,
    created  INTEGER NOT NULL,
    finished INTEGER
) STRICT;
CREATE INDEX outbox_waiting ON outbox (id) WHERE finished IS NULL;
CREATE INDEX outbox_crl_due ON outbox (ca) WHERE finished IS NULL AND kind = 'crl-due';

-- Signs of life of the `ca` nodes: they date what a replica knows.
CREATE TABLE heartbeat (
    node          TEXT   NOT NULL PRIMARY KEY,
    at            INTEGER NOT NULL,
    token_answers INTEGER NOT NULL CHECK (token_answers IN (0, 1))
) STRICT;

-- ==== Refusals: the rules of the ledger that no program, ours included, may break.

CREATE TRIGGER meta_no_delete BEFORE DELETE ON meta BEGIN SELECT RAISE(ABORT, 'refused: rows of meta are never deleted'); END;
CREATE TRIGGER authorities_no_delete BEFORE DELETE ON authorities BEGIN SELECT RAISE(ABORT, 'refused: rows of authorities are never deleted'); END;
CREATE TRIGGER ca_status_no_delete BEFORE DELETE ON ca_status BEGIN SELECT RAISE(ABORT, 'refused: rows of ca_status are never deleted'); END;
CREATE TRIGGER officer_grants_no_delete BEFORE DELETE ON officer_grants BEGIN SELECT RAISE(ABORT, 'refused: rows of officer_grants are never deleted'); END;
CREATE TRIGGER officer_grant_signatures_no_delete BEFORE DELETE ON officer_grant_signatures BEGIN SELECT RAISE(ABORT, 'refused: rows of officer_grant_signatures are never deleted'); END;
CREATE TRIGGER orders_no_delete BEFORE DELETE ON orders BEGIN SELECT RAISE(ABORT, 'refused: rows of orders are never deleted'); END;
CREATE TRIGGER order_signatures_no_delete BEFORE DELETE ON order_signatures BEGIN SELECT RAISE(ABORT, 'refused: rows of order_signatures are never deleted'); END;
CREATE TRIGGER revocation_requests_no_delete BEFORE DELETE ON revocation_requests BEGIN SELECT RAISE(ABORT, 'refused: rows of revocation_requests are never deleted'); END;
CREATE TRIGGER dn_owners_no_delete BEFORE DELETE ON dn_owners BEGIN SELECT RAISE(ABORT, 'refused: rows of dn_owners are never deleted'); END;
CREATE TRIGGER certificates_no_delete BEFORE DELETE ON certificates BEGIN SELECT RAISE(ABORT, 'refused: rows of certificates are never deleted'); END;
CREATE TRIGGER certificate_status_no_delete BEFORE DELETE ON certificate_status BEGIN SELECT RAISE(ABORT, 'refused: rows of certificate_status are never deleted'); END;
CREATE TRIGGER revocation_records_no_delete BEFORE DELETE ON revocation_records BEGIN SELECT RAISE(ABORT, 'refused: rows of revocation_records are never deleted'); END;
CREATE TRIGGER attempts_no_delete BEFORE DELETE ON attempts BEGIN SELECT RAISE(ABORT, 'refused: rows of attempts are never deleted'); END;
CREATE TRIGGER key_counts_no_delete BEFORE DELETE ON key_counts BEGIN SELECT RAISE(ABORT, 'refused: rows of key_counts are never deleted'); END;
CREATE TRIGGER crls_no_delete BEFORE DELETE ON crls BEGIN SELECT RAISE(ABORT, 'refused: rows of crls are never deleted'); END;
CREATE TRIGGER audit_events_no_delete BEFORE DELETE ON audit_events BEGIN SELECT RAISE(ABORT, 'refused: rows of audit_events are never deleted'); END;
CREATE TRIGGER audit_leaves_no_delete BEFORE DELETE ON audit_leaves BEGIN SELECT RAISE(ABORT, 'refused: rows of audit_leaves are never deleted'); END;
CREATE TRIGGER audit_checkpoints_no_delete BEFORE DELETE ON audit_checkpoints BEGIN SELECT RAISE(ABORT, 'refused: rows of audit_checkpoints are never deleted'); END;
CREATE TRIGGER audit_keys_no_delete BEFORE DELETE ON audit_keys BEGIN SELECT RAISE(ABORT, 'refused: rows of audit_keys are never deleted'); END;

CREATE TRIGGER meta_no_update BEFORE UPDATE ON meta BEGIN SELECT RAISE(ABORT, 'refused: rows of meta never change'); END;
CREATE TRIGGER authorities_no_update BEFORE UPDATE ON authorities BEGIN SELECT RAISE(ABORT, 'refused: rows of authorities never change'); END;
CREATE TRIGGER officer_grants_no_update BEFORE UPDATE ON officer_grants BEGIN SELECT RAISE(ABORT, 'refused: rows of officer_grants never change'); END;
CREATE TRIGGER officer_grant_signatures_no_update BEFORE UPDATE ON officer_grant_signatures BEGIN SELECT RAISE(ABORT, 'refused: rows of officer_grant_signatures never change'); END;
CREATE TRIGGER order_signatures_no_update BEFORE UPDATE ON order_signatures BEGIN SELECT RAISE(ABORT, 'refused: rows of order_signatures never change'); END;
CREATE TRIGGER dn_owners_no_update BEFORE UPDATE ON dn_owners BEGIN SELECT RAISE(ABORT, 'refused: rows of dn_owners never change'); END;
CREATE TRIGGER revocation_records_no_update BEFORE UPDATE ON revocation_records BEGIN SELECT RAISE(ABORT, 'refused: rows of revocation_records never change'); END;
CREATE TRIGGER audit_leaves_no_update BEFORE UPDATE ON audit_leaves BEGIN SELECT RAISE(ABORT, 'refused: rows of audit_leaves never change'); END;
CREATE TRIGGER audit_keys_no_update BEFORE UPDATE ON audit_keys BEGIN SELECT RAISE(ABORT, 'refused: rows of audit_keys never change'); END;

CREATE TRIGGER orders_immutable BEFORE UPDATE OF order_id, digest, kind, ca, content, csr, application, target, drafted_by, created, expires ON orders
    BEGIN SELECT RAISE(ABORT, 'refused: these columns of orders never change'); END;
CREATE TRIGGER certificates_immutable BEFORE UPDATE OF ca, serial, order_id, ceremony, kind, tbs_digest, profile, profile_digest, lint, subject_name, name_owner, spki, not_before, not_after, recorded ON certificates
    BEGIN SELECT RAISE(ABORT, 'refused: these columns of certificates never change'); END;
CREATE TRIGGER certificate_status_immutable BEFORE UPDATE OF ca, serial ON certificate_status
    BEGIN SELECT RAISE(ABORT, 'refused: these columns of certificate_status never change'); END;
CREATE TRIGGER attempts_immutable BEFORE UPDATE OF key_label, epoch, number, node, at, ca, serial, repetition, crl_number, digest ON attempts
    BEGIN SELECT RAISE(ABORT, 'refused: these columns of attempts never change'); END;
CREATE TRIGGER crls_immutable BEFORE UPDATE OF ca, number, tbs_digest ON crls
    BEGIN SELECT RAISE(ABORT, 'refused: these columns of crls never change'); END;
CREATE TRIGGER audit_events_immutable BEFORE UPDATE OF id, event ON audit_events
    BEGIN SELECT RAISE(ABORT, 'refused: these columns of audit_events never change'); END;
CREATE TRIGGER audit_checkpoints_immutable BEFORE UPDATE OF number, size, signed ON audit_checkpoints
    BEGIN SELECT RAISE(ABORT, 'refused: these columns of audit_checkpoints never change'); END;

CREATE TRIGGER ca_status_counts_up BEFORE UPDATE ON ca_status
    WHEN (NEW.version < OLD.version OR NEW.highest_crl_number < OLD.highest_crl_number)
    BEGIN SELECT RAISE(ABORT, 'refused: counters of a CA never decrease'); END;
CREATE TRIGGER key_counts_count_up BEFORE UPDATE ON key_counts
    WHEN (NEW.signatures < OLD.signatures OR NEW.key_label <> OLD.key_label OR NEW.epoch <> OLD.epoch)
    BEGIN SELECT RAISE(ABORT, 'refused: a count of signatures never decreases'); END;
CREATE TRIGGER orders_ends_once BEFORE UPDATE ON orders
    WHEN (OLD.state IN ('done', 'refused', 'withdrawn', 'expired') AND (NEW.state <> OLD.state OR NEW.result IS DISTINCT FROM OLD.result))
    BEGIN SELECT RAISE(ABORT, 'refused: an order that ended stays ended'); END;
CREATE TRIGGER certificates_made_once BEFORE UPDATE ON certificates
    WHEN ((OLD.der IS NOT NULL AND (NEW.der IS DISTINCT FROM OLD.der OR NEW.issued IS DISTINCT FROM OLD.issued)) OR (NEW.tbs IS NOT NULL AND NEW.tbs IS DISTINCT FROM OLD.tbs))
    BEGIN SELECT RAISE(ABORT, 'refused: a certificate is made once'); END;
CREATE TRIGGER certificate_status_revoked_for_ever BEFORE UPDATE ON certificate_status
    WHEN (OLD.revoked IS NOT NULL AND OLD.reason <> 'certificateHold' AND (NEW.revoked IS DISTINCT FROM OLD.revoked OR NEW.reason IS DISTINCT FROM OLD.reason))
    BEGIN SELECT RAISE(ABORT, 'refused: a revoked certificate stays revoked'); END;
CREATE TRIGGER certificate_status_decided_once BEFORE UPDATE ON certificate_status
    WHEN (OLD.state <> 'signing' AND (NEW.state <> OLD.state OR NEW.certificate IS DISTINCT FROM OLD.certificate))
    BEGIN SELECT RAISE(ABORT, 'refused: issued or lost is decided once'); END;
CREATE TRIGGER attempts_ends_once BEFORE UPDATE ON attempts
    WHEN (OLD.outcome <> 'open' AND NEW.outcome <> OLD.outcome)
    BEGIN SELECT RAISE(ABORT, 'refused: an attempt ends once'); END;
CREATE TRIGGER crls_signed_once BEFORE UPDATE ON crls
    WHEN (OLD.der IS NOT NULL AND NEW.der IS DISTINCT FROM OLD.der)
    BEGIN SELECT RAISE(ABORT, 'refused: a CRL is signed once'); END;
CREATE TRIGGER audit_checkpoints_stamped_once BEFORE UPDATE ON audit_checkpoints
    WHEN (OLD.token IS NOT NULL AND NEW.token IS DISTINCT FROM OLD.token)
    BEGIN SELECT RAISE(ABORT, 'refused: a checkpoint is time-stamped once'); END;
CREATE TRIGGER audit_events_sequenced_once BEFORE UPDATE ON audit_events
    WHEN (OLD.leaf IS NOT NULL AND NEW.leaf IS DISTINCT FROM OLD.leaf)
    BEGIN SELECT RAISE(ABORT, 'refused: an event is sequenced once'); END;
