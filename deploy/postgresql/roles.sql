-- Database users of the four roles, and what each may do: nothing but this.
--
-- Run by the database's owner in the database that the ceremony made, and again after an upgrade:
--     psql --dbname=ndoba --set=ON_ERROR_STOP=1 --file=roles.sql
-- The users are named like the system's users, so that PostgreSQL's "peer" authentication needs no passwords.

DO $$
DECLARE
    one TEXT;
BEGIN
    FOREACH one IN ARRAY ARRAY['ndoba_audit', 'ndoba_ca', 'ndoba_public', 'ndoba_registration'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = one) THEN
            EXECUTE format('CREATE ROLE %I LOGIN', one);
        END IF;
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), one);
        EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', one);
        -- What was granted before and is no longer here.
        EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA public FROM %I', one);
    END LOOP;
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
END $$;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;

-- Every role: which database this is, how far it has come (for health and the witness), and its own events.
GRANT SELECT ON meta, __diesel_schema_migrations, ca_status, audit_checkpoints
    TO ndoba_audit, ndoba_ca, ndoba_public, ndoba_registration;
GRANT SELECT (seq) ON officer_grants TO ndoba_audit, ndoba_public;
GRANT INSERT ON audit_events TO ndoba_audit, ndoba_ca, ndoba_public, ndoba_registration;
-- What is told of acts is written by who acts, and delivered by registration.
GRANT INSERT ON webhook_events TO ndoba_ca, ndoba_registration;
GRANT SELECT, UPDATE, DELETE ON webhook_events TO ndoba_registration;
GRANT SELECT, INSERT, UPDATE, DELETE ON webhook_deliveries TO ndoba_registration;
GRANT SELECT, INSERT, UPDATE ON webhook_turns TO ndoba_registration;

-- registration: people and what they asked for. No certificate, no status, no counter is its to change.
-- At the end of their retention records of persons are erased; proofs are not.
GRANT SELECT, INSERT ON copies, data_keys TO ndoba_registration;
-- What is sealed under an older data key is sealed anew; an older key that nothing needs is destroyed.
GRANT UPDATE (content, data_key) ON copies, evidence TO ndoba_registration;
GRANT DELETE ON data_keys TO ndoba_registration;
GRANT DELETE ON applications, copies, evidence TO ndoba_registration;
GRANT SELECT, INSERT, UPDATE ON officer_enrolments TO ndoba_registration;
-- What third parties may see, and no longer may.
GRANT SELECT, INSERT, DELETE ON published_certificates TO ndoba_registration;
GRANT SELECT, INSERT, UPDATE ON applications, orders, revocation_requests, revocation_codes TO ndoba_registration;
GRANT SELECT, INSERT ON order_signatures, evidence, idempotency, officer_grants, officer_grant_signatures
    TO ndoba_registration;
GRANT SELECT ON authorities, certificate_names, certificates, certificate_status, revocation_records, crls, heartbeat
    TO ndoba_registration;
-- The export of the log, for auditors.
GRANT SELECT ON audit_events, audit_leaves, audit_keys TO ndoba_registration;

-- ca: the ledger and every status. It reads orders and their signatures; of applications and evidence it sees nothing.
GRANT SELECT, INSERT, UPDATE ON certificates, certificate_status, attempts, key_counts, crls, ca_status, outbox,
    heartbeat TO ndoba_ca;
GRANT SELECT, INSERT ON certificate_names, dn_owners, revocation_records, crl_parts, crl_shards TO ndoba_ca;
GRANT SELECT, UPDATE ON orders, revocation_requests TO ndoba_ca;
GRANT SELECT ON order_signatures, officer_grants, officer_grant_signatures, authorities, responder_requests
    TO ndoba_ca;
GRANT SELECT, INSERT, UPDATE ON responder_certificates, final_batches TO ndoba_ca;
GRANT SELECT, INSERT ON final_answers, final_cas, key_places TO ndoba_ca;

-- public: what relying parties are told, and nothing about people.
GRANT SELECT ON certificate_status, authorities, crls, crl_shards, heartbeat TO ndoba_public;
GRANT SELECT, INSERT ON tsu_segments, responder_requests TO ndoba_public;
GRANT SELECT, INSERT, UPDATE ON responder_turns TO ndoba_public;
-- Which listed serial numbers were released since: at a start, and every half minute, published CRLs are compared.
GRANT SELECT (ca, serial, action, version) ON revocation_records TO ndoba_public;
-- Certificates whose subscribers let third parties see them, and no others.
GRANT SELECT ON published_certificates TO ndoba_public;
-- Its responders' certificates; those of subscribers, which name people, are in another table.
GRANT SELECT ON responder_certificates, final_answers, final_cas TO ndoba_public;

-- audit: gives events their place and seals the log.
GRANT SELECT ON audit_events, audit_leaves, audit_keys TO ndoba_audit;
GRANT UPDATE (leaf) ON audit_events TO ndoba_audit;
GRANT INSERT ON audit_leaves, audit_checkpoints TO ndoba_audit;
GRANT UPDATE (token) ON audit_checkpoints TO ndoba_audit;
