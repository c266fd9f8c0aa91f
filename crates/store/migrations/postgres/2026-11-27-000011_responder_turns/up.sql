-- Which process makes the next key of a CA's OCSP responder, for so long: nodes that share a token take turns.
CREATE TABLE responder_turns (
    ca     TEXT   NOT NULL PRIMARY KEY,
    holder TEXT   NOT NULL, -- the process's epoch
    until  BIGINT NOT NULL
);
