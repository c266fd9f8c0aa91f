ALTER TABLE applications DROP COLUMN without_code;
