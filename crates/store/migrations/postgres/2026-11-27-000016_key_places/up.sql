-- In which tokens, by their serial numbers, each CA's key may be used: where it was made, or where two security officers
-- accepted it (EN 319 411-1 GEN-6.5.4-01; ADR 0023). A place is never taken back: who destroys a token destroys the key.
CREATE TABLE key_places (
    key       BYTEA   NOT NULL, -- SHA-256 over its SubjectPublicKeyInfo
    token     TEXT    NOT NULL,
    key_label TEXT    NOT NULL,
    placed    BIGINT NOT NULL,
    PRIMARY KEY (key, token)
);
