ALTER TABLE officer_enrolments DROP COLUMN acceptance;
