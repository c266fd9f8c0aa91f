ALTER INDEX copies_by_data_key RENAME TO agreement_copies_by_data_key;
ALTER TABLE copies RENAME TO agreement_copies;
