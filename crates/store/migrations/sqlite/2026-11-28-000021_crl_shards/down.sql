DROP TRIGGER crls_shard_stays;
DROP TRIGGER certificate_status_shard_stays;
DROP INDEX crls_by_shard;
DROP INDEX certificate_status_revoked_by_shard;
ALTER TABLE crls DROP COLUMN shard;
ALTER TABLE certificate_status DROP COLUMN shard;
DROP TABLE crl_shards;
