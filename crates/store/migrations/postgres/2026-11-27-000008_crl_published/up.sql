-- When a CRL went online, which its event says too; nothing for those that were online before this column was.
ALTER TABLE crls ADD COLUMN published BIGINT;
