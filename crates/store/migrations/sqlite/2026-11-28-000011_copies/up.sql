-- Copies of evidence are kept beside the signed copies of agreements, as the same files. What was sealed before names the
-- table by its old name, and so does what is sealed now.
ALTER TABLE agreement_copies RENAME TO copies;
DROP INDEX agreement_copies_by_data_key;
CREATE INDEX copies_by_data_key ON copies (data_key);
