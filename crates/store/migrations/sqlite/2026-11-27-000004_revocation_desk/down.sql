DROP INDEX orders_by_application;
DROP TABLE certificate_names;
DROP INDEX orders_by_code;
DROP INDEX revocation_requests_newest;
ALTER TABLE revocation_requests DROP COLUMN confirmed;
DROP TABLE revocation_codes;
