DROP INDEX applications_by_profile;
ALTER TABLE applications DROP COLUMN profile;
