-- Shards of CAs' lists (ADR 0029). A shard that was opened is issued for ever, at every address that certificates ever named.
CREATE TABLE crl_shards (
    ca      TEXT    NOT NULL,
    shard   BIGINT NOT NULL CHECK (shard >= 1),
    address TEXT    NOT NULL,
    version BIGINT NOT NULL, -- the CA's status version that opening it made
    PRIMARY KEY (ca, shard, address)
);

-- Which shard a certificate names, from its issuance on; 0: none, it is on the whole list alone.
ALTER TABLE certificate_status ADD COLUMN shard BIGINT NOT NULL DEFAULT 0;
CREATE INDEX certificate_status_revoked_by_shard ON certificate_status (ca, shard, serial)
    WHERE revoked IS NOT NULL AND shard > 0;
-- Of which list; 0: the whole one. Numbers are the CA's, whichever list takes them.
ALTER TABLE crls ADD COLUMN shard BIGINT NOT NULL DEFAULT 0;
CREATE INDEX crls_by_shard ON crls (ca, shard, number) WHERE der IS NOT NULL;

CREATE TRIGGER crl_shards_no_delete BEFORE DELETE ON crl_shards FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('rows of crl_shards are never deleted');
CREATE TRIGGER crl_shards_no_truncate BEFORE TRUNCATE ON crl_shards FOR EACH STATEMENT EXECUTE FUNCTION ndoba_refuse('rows of crl_shards are never deleted');
CREATE TRIGGER crl_shards_no_update BEFORE UPDATE ON crl_shards FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('rows of crl_shards never change');
CREATE TRIGGER certificate_status_shard_stays BEFORE UPDATE OF shard ON certificate_status
    FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('these columns of certificate_status never change');
CREATE TRIGGER crls_shard_stays BEFORE UPDATE OF shard ON crls
    FOR EACH ROW EXECUTE FUNCTION ndoba_refuse('these columns of crls never change');
