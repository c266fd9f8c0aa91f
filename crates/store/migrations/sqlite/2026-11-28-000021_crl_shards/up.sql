-- Shards of CAs' lists (ADR 0029). A shard that was opened is issued for ever, at every address that certificates ever named.
CREATE TABLE crl_shards (
    ca      TEXT    NOT NULL,
    shard   INTEGER NOT NULL CHECK (shard >= 1),
    address TEXT    NOT NULL,
    version INTEGER NOT NULL, -- the CA's status version that opening it made
    PRIMARY KEY (ca, shard, address)
) STRICT;

-- Which shard a certificate names, from its issuance on; 0: none, it is on the whole list alone.
ALTER TABLE certificate_status ADD COLUMN shard INTEGER NOT NULL DEFAULT 0;
CREATE INDEX certificate_status_revoked_by_shard ON certificate_status (ca, shard, serial)
    WHERE revoked IS NOT NULL AND shard > 0;
-- Of which list; 0: the whole one. Numbers are the CA's, whichever list takes them.
ALTER TABLE crls ADD COLUMN shard INTEGER NOT NULL DEFAULT 0;
CREATE INDEX crls_by_shard ON crls (ca, shard, number) WHERE der IS NOT NULL;

CREATE TRIGGER crl_shards_no_delete BEFORE DELETE ON crl_shards BEGIN SELECT RAISE(ABORT, 'refused: rows of crl_shards are never deleted'); END;
CREATE TRIGGER crl_shards_no_update BEFORE UPDATE ON crl_shards BEGIN SELECT RAISE(ABORT, 'refused: rows of crl_shards never change'); END;
CREATE TRIGGER certificate_status_shard_stays BEFORE UPDATE OF shard ON certificate_status
    BEGIN SELECT RAISE(ABORT, 'refused: these columns of certificate_status never change'); END;
CREATE TRIGGER crls_shard_stays BEFORE UPDATE OF shard ON crls
    BEGIN SELECT RAISE(ABORT, 'refused: these columns of crls never change'); END;
