DROP INDEX applications_by_representative;
ALTER TABLE applications DROP COLUMN representative;
