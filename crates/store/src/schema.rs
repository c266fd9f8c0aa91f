//! The tables as diesel sees them; the migrations are their definition, and a test compares the two.

use diesel::{allow_tables_to_appear_in_same_query, table};

table! {
    meta (key) {
        key -> Text,
        value -> Text,
    }
}

table! {
    authorities (ca) {
        ca -> Text,
        ski -> Binary,
        certificate -> Binary,
        not_before -> BigInt,
    }
}

table! {
    ca_status (ca) {
        ca -> Text,
        version -> BigInt,
        highest_crl_number -> BigInt,
        ended -> Nullable<BigInt>,
    }
}

table! {
    officer_grants (seq) {
        seq -> BigInt,
        document -> Binary,
        appended -> BigInt,
    }
}

table! {
    officer_grant_signatures (seq, position) {
        seq -> BigInt,
        position -> BigInt,
        jws -> Text,
    }
}

table! {
    applications (id) {
        id -> Binary,
        version -> BigInt,
        state -> Text,
        content -> Binary,
        subject -> Binary,
        salt -> Binary,
        opened_by -> Binary,
        opened -> BigInt,
        updated -> BigInt,
        order_id -> Nullable<Binary>,
        remark -> Nullable<Binary>,
        replaces -> Nullable<Binary>,
        data_key -> Nullable<BigInt>,
        representative -> Nullable<Binary>,
        profile -> Nullable<Text>,
        without_code -> Nullable<Binary>,
    }
}

table! {
    orders (order_id) {
        order_id -> Binary,
        digest -> Binary,
        kind -> Text,
        ca -> Text,
        content -> Binary,
        csr -> Nullable<Binary>,
        application -> Nullable<Binary>,
        target -> Nullable<Binary>,
        drafted_by -> Binary,
        created -> BigInt,
        expires -> BigInt,
        state -> Text,
        received -> Nullable<BigInt>,
        lost_before -> BigInt,
        result -> Nullable<Binary>,
        refusal_code -> Nullable<Text>,
        refusal_message -> Nullable<Text>,
    }
}

table! {
    order_signatures (order_id, position) {
        order_id -> Binary,
        position -> BigInt,
        role -> Text,
        officer -> Binary,
        jws -> Text,
        added -> BigInt,
    }
}

table! {
    evidence (digest) {
        digest -> Binary,
        order_id -> Binary,
        kind -> Text,
        content -> Binary,
        data_key -> Nullable<BigInt>,
    }
}

table! {
    revocation_requests (order_id) {
        order_id -> Binary,
        serial -> Binary,
        received -> BigInt,
        decided -> Nullable<BigInt>,
        channel -> Text,
        begins -> BigInt,
        settled -> Nullable<BigInt>,
        overdue -> Nullable<BigInt>,
        confirmed -> Nullable<BigInt>,
    }
}

table! {
    certificate_names (name, serial) {
        name -> Text,
        serial -> Binary,
    }
}

table! {
    copies (application, sha256) {
        application -> Binary,
        sha256 -> Binary,
        media_type -> Text,
        content -> Binary,
        added_by -> Binary,
        added -> BigInt,
        data_key -> Nullable<BigInt>,
    }
}

table! {
    key_places (key, token) {
        key -> Binary,
        token -> Text,
        key_label -> Text,
        placed -> BigInt,
    }
}

table! {
    data_keys (number) {
        number -> BigInt,
        wrapped_by -> Text,
        public -> Binary,
        wrapped -> Binary,
        created -> BigInt,
    }
}

table! {
    published_certificates (serial) {
        serial -> Binary,
        der -> Binary,
        since -> BigInt,
    }
}

table! {
    revocation_codes (serial) {
        serial -> Binary,
        hash -> Binary,
        given_by -> Binary,
        given -> BigInt,
    }
}

table! {
    idempotency (officer, key) {
        officer -> Binary,
        key -> Text,
        request -> Binary,
        resource -> Text,
        created -> BigInt,
    }
}

table! {
    dn_owners (ca, name) {
        ca -> Text,
        name -> Binary,
        owner -> Binary,
    }
}

table! {
    certificates (ca, serial) {
        ca -> Text,
        serial -> Binary,
        order_id -> Nullable<Binary>,
        ceremony -> Nullable<Binary>,
        kind -> Text,
        tbs -> Nullable<Binary>,
        tbs_digest -> Binary,
        profile -> Text,
        profile_digest -> Binary,
        lint -> Text,
        subject_name -> Binary,
        name_owner -> Binary,
        spki -> Binary,
        not_before -> BigInt,
        not_after -> BigInt,
        recorded -> BigInt,
        der -> Nullable<Binary>,
        issued -> Nullable<BigInt>,
    }
}

table! {
    certificate_status (ca, serial) {
        ca -> Text,
        serial -> Binary,
        state -> Text,
        certificate -> Nullable<Binary>,
        revoked -> Nullable<BigInt>,
        reason -> Nullable<Text>,
        shard -> BigInt,
    }
}

table! {
    revocation_records (ca, version) {
        ca -> Text,
        version -> BigInt,
        serial -> Binary,
        action -> Text,
        reason -> Nullable<Text>,
        order_id -> Nullable<Binary>,
        received -> BigInt,
        at -> BigInt,
    }
}

table! {
    attempts (key_label, epoch, number) {
        key_label -> Text,
        epoch -> Text,
        number -> BigInt,
        node -> Text,
        at -> BigInt,
        ca -> Text,
        serial -> Nullable<Binary>,
        repetition -> BigInt,
        crl_number -> Nullable<BigInt>,
        digest -> Binary,
        outcome -> Text,
    }
}

table! {
    key_counts (key_label, epoch) {
        key_label -> Text,
        epoch -> Text,
        node -> Text,
        signatures -> BigInt,
        at -> BigInt,
    }
}

table! {
    crls (ca, number) {
        ca -> Text,
        number -> BigInt,
        tbs_digest -> Binary,
        status_version -> Nullable<BigInt>,
        this_update -> Nullable<BigInt>,
        next_update -> Nullable<BigInt>,
        der -> Nullable<Binary>,
        published -> Nullable<BigInt>,
        shard -> BigInt,
    }
}

table! {
    crl_shards (ca, shard, address) {
        ca -> Text,
        shard -> BigInt,
        address -> Text,
        version -> BigInt,
    }
}

table! {
    crl_parts (ca, number, part) {
        ca -> Text,
        number -> BigInt,
        part -> BigInt,
        octets -> Binary,
    }
}

table! {
    audit_events (id) {
        id -> BigInt,
        event -> Binary,
        leaf -> Nullable<BigInt>,
    }
}

table! {
    audit_leaves (leaf) {
        leaf -> BigInt,
        entry -> Binary,
    }
}

table! {
    audit_checkpoints (number) {
        number -> BigInt,
        size -> BigInt,
        signed -> Binary,
        token -> Nullable<Binary>,
    }
}

table! {
    audit_keys (fingerprint) {
        fingerprint -> Binary,
        spki -> Binary,
        registered -> BigInt,
    }
}

table! {
    outbox (id) {
        id -> BigInt,
        kind -> Text,
        ca -> Text,
        serial -> Binary,
        created -> BigInt,
        finished -> Nullable<BigInt>,
    }
}

table! {
    officer_enrolments (officer) {
        officer -> Binary,
        name -> Text,
        roles -> Text,
        office -> Text,
        hash -> Binary,
        opened_by -> Binary,
        opened -> BigInt,
        expires -> BigInt,
        spki -> Nullable<Binary>,
        presented -> Nullable<BigInt>,
        certificate -> Nullable<Binary>,
        acceptance -> Nullable<Text>,
    }
}

table! {
    webhook_events (sequence) {
        sequence -> BigInt,
        event -> Text,
        kind -> Text,
        object -> Text,
        content -> Text,
        created -> BigInt,
        spread -> Nullable<BigInt>,
    }
}

table! {
    webhook_deliveries (endpoint, sequence) {
        endpoint -> Text,
        sequence -> BigInt,
        object -> Text,
        state -> Text,
        created -> BigInt,
        tries -> BigInt,
        due -> BigInt,
        answer -> Nullable<Text>,
    }
}

table! {
    webhook_turns (endpoint) {
        endpoint -> Text,
        holder -> Text,
        until -> BigInt,
    }
}

table! {
    tsu_segments (node, segment) {
        node -> BigInt,
        segment -> BigInt,
        head -> Binary,
        records -> BigInt,
    }
}

table! {
    responder_requests (id) {
        id -> Binary,
        ca -> Text,
        key_label -> Text,
        document -> Binary,
        signature -> Binary,
        csr -> Binary,
        received -> BigInt,
    }
}

table! {
    responder_certificates (request) {
        request -> Binary,
        ca -> Text,
        state -> Text,
        authorisation -> Nullable<Binary>,
        number -> Nullable<BigInt>,
        serial -> Nullable<Binary>,
        lost_before -> BigInt,
        der -> Nullable<Binary>,
        refusal_code -> Nullable<Text>,
        refusal_message -> Nullable<Text>,
        decided -> BigInt,
    }
}

table! {
    final_answers (ca, serial, hash) {
        ca -> Text,
        serial -> Binary,
        hash -> Text,
        der -> Binary,
        produced -> BigInt,
    }
}

table! {
    final_batches (key_label, epoch, number) {
        key_label -> Text,
        epoch -> Text,
        number -> BigInt,
        node -> Text,
        at -> BigInt,
        ca -> Text,
        intents -> BigInt,
        signed -> Nullable<BigInt>,
    }
}

table! {
    final_cas (ca) {
        ca -> Text,
        finished -> BigInt,
    }
}

table! {
    responder_turns (ca) {
        ca -> Text,
        holder -> Text,
        until -> BigInt,
    }
}

table! {
    heartbeat (node) {
        node -> Text,
        at -> BigInt,
        token_answers -> BigInt,
    }
}

allow_tables_to_appear_in_same_query!(
    applications,
    attempts,
    authorities,
    ca_status,
    certificate_status,
    certificates,
    crl_shards,
    crls,
    final_answers,
    orders,
    outbox,
    published_certificates,
    responder_certificates,
    responder_requests,
    revocation_codes,
    revocation_records,
    revocation_requests,
    webhook_deliveries,
    webhook_events,
);
