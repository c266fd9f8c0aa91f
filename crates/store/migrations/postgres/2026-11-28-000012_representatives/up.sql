-- Whoever represents a legal person is asked about like a subject is. NULL where nobody does, and in rows that were not
-- written or sealed anew since.
ALTER TABLE applications ADD COLUMN representative BYTEA; -- keyed digest, as subject
CREATE INDEX applications_by_representative ON applications (representative);
