-- What programs outside are told: recorded with the act it is about, without personal data.
CREATE TABLE webhook_events (
    sequence INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, -- of two about one object the later act has the higher
    event    TEXT   NOT NULL, -- the event's identifier in the audit log
    kind     TEXT   NOT NULL,
    object   TEXT   NOT NULL,
    content  TEXT   NOT NULL, -- JSON
    created  INTEGER NOT NULL,
    spread   INTEGER -- when it was put before the endpoints
) STRICT;
CREATE INDEX webhook_events_new ON webhook_events (sequence) WHERE spread IS NULL;
CREATE INDEX webhook_events_old ON webhook_events (created) WHERE spread IS NOT NULL;

-- Each event for each endpoint that wants it.
CREATE TABLE webhook_deliveries (
    endpoint TEXT   NOT NULL,
    sequence INTEGER NOT NULL REFERENCES webhook_events (sequence),
    object   TEXT   NOT NULL,
    state    TEXT   NOT NULL CHECK (state IN ('waiting', 'delivered', 'failed')),
    created  INTEGER NOT NULL,
    tries    INTEGER NOT NULL CHECK (tries >= 0),
    due      INTEGER NOT NULL,
    answer   TEXT, -- the last one, in a few words
    PRIMARY KEY (endpoint, sequence)
) STRICT;
CREATE INDEX webhook_deliveries_waiting ON webhook_deliveries (endpoint, object, sequence) WHERE state = 'waiting';
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (endpoint, due) WHERE state = 'waiting';
CREATE INDEX webhook_deliveries_failed ON webhook_deliveries (endpoint, sequence) WHERE state = 'failed';
CREATE INDEX webhook_deliveries_by_event ON webhook_deliveries (sequence);

-- Which process delivers to an endpoint, for so long: two at once would keep no order.
CREATE TABLE webhook_turns (
    endpoint TEXT   NOT NULL PRIMARY KEY,
    holder   TEXT   NOT NULL, -- the process's epoch
    until    INTEGER NOT NULL
) STRICT;

-- Nobody ever took these up; their place is taken by webhook_events.
UPDATE outbox SET finished = created WHERE kind = 'notice' AND finished IS NULL;

-- Officers-to-be and the keys that they presented with a one-time code, of which only the hash is kept. Gives nobody
-- anything: an officer is who two security officers sign for, in officer_grants.
CREATE TABLE officer_enrolments (
    officer     BLOB   NOT NULL PRIMARY KEY,
    name        TEXT   NOT NULL,
    roles       TEXT   NOT NULL, -- parted by commas
    office      TEXT   NOT NULL,
    hash        BLOB   NOT NULL UNIQUE, -- Argon2id
    opened_by   BLOB   NOT NULL,
    opened      INTEGER NOT NULL,
    expires     INTEGER NOT NULL,
    spki        BLOB  , -- DER
    presented   INTEGER,
    certificate BLOB  , -- of the operations CA, DER: for TLS
    CHECK ((spki IS NULL) = (presented IS NULL)),
    CHECK (certificate IS NULL OR spki IS NOT NULL)
) STRICT;
CREATE INDEX officer_enrolments_newest ON officer_enrolments (opened);
CREATE INDEX officer_enrolments_by_key ON officer_enrolments (spki) WHERE spki IS NOT NULL;
