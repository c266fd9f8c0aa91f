-- Copies of evidence are kept beside the signed copies of agreements, as the same files. What was sealed before names the
-- table by its old name, and so does what is sealed now.
ALTER TABLE agreement_copies RENAME TO copies;
ALTER INDEX agreement_copies_by_data_key RENAME TO copies_by_data_key;
