ALTER TABLE ca_status DROP COLUMN ended;
DROP INDEX crls_by_version;
DROP INDEX revocation_requests_open;
ALTER TABLE revocation_requests DROP COLUMN overdue;
ALTER TABLE revocation_requests DROP COLUMN settled;
ALTER TABLE revocation_requests DROP COLUMN begins;
