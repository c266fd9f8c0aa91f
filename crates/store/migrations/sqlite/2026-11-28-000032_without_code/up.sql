-- Why a subscriber was given no revocation code, beside the remark: in rows from before it stands in the remark.
ALTER TABLE applications ADD COLUMN without_code BLOB; -- sealed
