-- What an officer-to-be signed when presenting the key: flattened JWS.
ALTER TABLE officer_enrolments ADD COLUMN acceptance TEXT;
