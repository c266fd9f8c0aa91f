-- For a database in which nothing is sealed yet; content that is would not be read again.
ALTER TABLE agreement_copies DROP COLUMN data_key;
ALTER TABLE evidence DROP COLUMN data_key;
ALTER TABLE applications
    DROP COLUMN data_key,
    ALTER COLUMN content TYPE TEXT USING convert_from(content, 'UTF8'),
    ALTER COLUMN subject TYPE TEXT USING convert_from(subject, 'UTF8'),
    ALTER COLUMN remark TYPE TEXT USING convert_from(remark, 'UTF8');
DROP TABLE data_keys;
