DROP TABLE agreement_copies;
