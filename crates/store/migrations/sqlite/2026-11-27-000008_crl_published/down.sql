ALTER TABLE crls DROP COLUMN published;
