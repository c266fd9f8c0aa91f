-- The clocks of requests to end or suspend a certificate (EN 319 411-1 REV-6.2.4-03A, -05A).
ALTER TABLE revocation_requests ADD COLUMN begins INTEGER NOT NULL DEFAULT 0; -- received, or the date that the request sets
ALTER TABLE revocation_requests ADD COLUMN settled INTEGER; -- when nothing was owed any more; a release owes nothing from the start
ALTER TABLE revocation_requests ADD COLUMN overdue INTEGER; -- when it was noticed that the limit had passed
UPDATE revocation_requests SET begins = received;
UPDATE revocation_requests SET settled = received
    WHERE order_id IN (SELECT order_id FROM orders WHERE kind = 'release');
CREATE INDEX revocation_requests_open ON revocation_requests (begins, order_id) WHERE settled IS NULL;
CREATE INDEX crls_by_version ON crls (ca, status_version) WHERE status_version IS NOT NULL;
-- Since when a CA has ended: it issues nothing from then on, and signs its last CRL (EN 319 411-1 CSS-6.3.9-06).
ALTER TABLE ca_status ADD COLUMN ended INTEGER;
