DROP INDEX copies_by_data_key;
ALTER TABLE copies RENAME TO agreement_copies;
CREATE INDEX agreement_copies_by_data_key ON agreement_copies (data_key);
