//! The file as written: every key, its meaning, its default. Nothing here is checked yet.

use std::collections::BTreeMap;

use crate::pin::RawPin;
use crate::section::section;

section! {
    /// The root of the file.
    RawSettings {
        /// This installation's identifier: 32 lower-case hexadecimal digits, drawn once by the ceremony.
        installation: String, "\"00112233445566778899aabbccddeeff\"";
        /// This process among those of the installation, 0 to 65535; different for every process that signs.
        node: u16 = 0u16;
        /// "development" or "production". Production refuses SoftHSM, the trusted host clock, example policies and
        /// the roles "ca" or "audit" beside a role that listens to a network.
        mode: String = "development";
        /// What this process does: "registration" (the officers' API), "ca" (issues, revokes, publishes CRLs),
        /// "public" (OCSP, time-stamps, CRLs for everyone), "audit" (seals the log).
        roles: Vec<String>, "[\"registration\", \"ca\", \"public\", \"audit\"]";
    }
    tables {
        /// Folders and files.
        paths: RawPaths;
        /// Where records are kept.
        database: RawDatabase;
        /// PKCS#11.
        hsm: RawHsm;
        /// Certification authorities.
        cas: Vec<RawCa>;
        /// Qualified devices.
        devices: Vec<RawDevice>;
        /// Time-stamping.
        tsa: RawTsa;
        /// The clock.
        clock: RawClock;
        /// Sealing of the audit log.
        audit: RawAudit;
        /// The key of personal data.
        data_key: RawDataKey;
        /// The revocation desk.
        desk: RawDesk;
        /// Programs that are told what happens.
        webhooks: Vec<RawWebhook>;
        /// Addresses to listen on.
        listen: RawListen;
        /// TLS.
        tls: RawTls;
        /// Addresses in certificates.
        urls: RawUrls;
        /// Bounds.
        limits: RawLimits;
        /// Legal parameters.
        legal: RawLegal;
        /// Policy identifiers.
        policies: RawPolicies;
        /// Logging.
        log: RawLog;
    }
}

section! {
    /// Folders and files.
    RawPaths {
        /// The state folder. Like every path here, relative to the folder of this file.
        state: String = ".";
        /// Rollback witnesses: small files that must survive a restored database. Relative to `state`, as below.
        witness: String = "witness";
        /// What the public role serves as files.
        published: String = "published";
        /// The journals of time-stamps.
        journal: String = "journal";
        /// The pinned security officers, written by the ceremony; a line more for each ceremony that pinned others.
        officers_pin: String = "officers.pin.json";
        /// A folder of certificate profiles that replace the built-in ones.
        profiles: Option<String>, "\"profiles\"";
        /// A file of public keys that nobody is certified for: SHA-256 over SubjectPublicKeyInfo, hexadecimal, one on
        /// each line; what follows a number sign is left out. Read by the ca role when it starts.
        blocked_keys: Option<String>, "\"blocked-keys.txt\"";
    }
}

section! {
    /// Where records are kept.
    RawDatabase {
        /// "sqlite" or "postgresql".
        engine: String = "sqlite";
        /// SQLite: the file, relative to the state folder.
        path: Option<String>, "\"ndoba.sqlite\"";
        /// PostgreSQL: a file whose first line is the connection string; or else the parts below.
        url_file: Option<String>, "\"/etc/ndoba/database.url\"";
        /// PostgreSQL: host name, or folder of the socket.
        host: Option<String>, "\"db.internal\"";
        /// PostgreSQL: port.
        port: u16 = 5432u16;
        /// PostgreSQL: name of the database.
        name: Option<String>, "\"ndoba\"";
        /// PostgreSQL: the user; one per role in production.
        user: Option<String>, "\"ndoba_ca\"";
        /// PostgreSQL: a file whose first line is the password.
        password_file: Option<String>, "\"/etc/ndoba/database.password\"";
        /// PostgreSQL: libpq's sslmode.
        sslmode: String = "verify-full";
    }
}

section! {
    /// PKCS#11.
    RawHsm {}
    tables {
        /// The modules.
        modules: Vec<RawModule>;
    }
}

section! {
    /// A PKCS#11 module. Several are allowed.
    RawModule {
        /// The shared library.
        path: String, "\"/usr/lib/softhsm/libsofthsm2.so\"";
        /// Environment variables that the module reads when it is loaded. The command starts itself again with them.
        environment: BTreeMap<String, String>, "{ SOFTHSM2_CONF = \"/var/lib/ndoba/softhsm2.conf\" }";
    }
    tables {
        /// Its tokens.
        tokens: Vec<RawToken>;
    }
}

section! {
    /// A token of the module above.
    RawToken {
        /// What the other sections call it.
        name: String, "\"ndoba-issuing\"";
        /// Its label; or else its slot.
        label: Option<String>, "\"ndoba-issuing\"";
        /// Its slot's number, where labels do not tell tokens apart.
        slot: Option<u64>;
        /// Where its PIN is: { file = "…" }, { fd = 3 } or { credential = "…" } (systemd). Never the PIN.
        pin: Option<RawPin>, "{ file = \"pins/issuing.pin\" }";
        /// Sessions that sign at once.
        sessions: u16 = 2u16;
        /// Requests that may wait; more are refused at once.
        queue_depth: u32 = 256u32;
        /// How long a request may take, waiting included.
        deadline: String = "5s";
    }
}

section! {
    /// A certification authority.
    RawCa {
        /// Its name: lower-case letters, digits and hyphens; part of its addresses.
        name: String, "\"signature\"";
        /// The token with its key. Leave out token, key and algorithm where the key is not reached.
        token: Option<String>, "\"ndoba-issuing\"";
        /// The key's label.
        key: Option<String>, "\"signature/ca/1\"";
        /// ecdsa-p256-sha256, ecdsa-p384-sha384, ecdsa-p521-sha512, rsa-pkcs1-sha256/384/512,
        /// rsa-pss-sha256/384/512 or ed25519.
        algorithm: Option<String>, "\"ecdsa-p384-sha384\"";
        /// Its certificate, PEM or DER.
        certificate: String, "\"pki/signature.pem\"";
    }
    tables {
        /// Its CRLs.
        crl: RawCrl;
        /// Its OCSP responder.
        ocsp: Option<RawOcsp>;
    }
}

section! {
    /// The CRLs of the authority above.
    RawCrl {
        /// nextUpdate, at most 24h for authorities that issue to subscribers.
        next_update: String = "24h";
        /// A new one at least this often.
        publish_every: String = "12h";
        /// Into how many shards the certificates issued from now on are dealt, from 2 to 64: each names the list of its
        /// shard, which is short, instead of the whole list, which is made all the same. Absent: every certificate names
        /// the whole list. A shard that was once opened is issued for as long as the authority's lists are.
        shards: Option<u8>, "16";
    }
}

section! {
    /// The OCSP responder of the authority above.
    RawOcsp {
        /// The token with its key.
        token: String, "\"ndoba-ocsp\"";
        /// The key's label.
        key: String, "\"signature/ocsp/1\"";
        /// As for authorities.
        algorithm: String = "ecdsa-p256-sha256";
        /// Its certificate.
        certificate: String, "\"pki/signature-ocsp.pem\"";
        /// The key in the same token (ECDSA on P-256) that signs this node's requests for the responder's next
        /// certificates; absent where another node asks, or a ceremony certifies. Two security officers must have
        /// authorised it: ndoba officer authorise-responder.
        enrolment: Option<String>, "\"signature/enrolment/1\"";
        /// How long an answer may be believed.
        next_update: String = "1h";
        /// Of a serial number never issued: "unknown" or "extended-revoked".
        unissued: String = "unknown";
        /// How answers name the responder: "by-key" as RFC 9919 demands, or "by-name" for clients that know nothing else.
        responder_id: String = "by-key";
        /// Leading hexadecimal digits of serial numbers, never given, that known probes ask about: they raise no
        /// alarm. 6372742e7368 is crt.sh's.
        known_probes: Vec<String> = Vec::<String>::new();
    }
}

section! {
    /// A model of qualified devices that subscribers' keys may be in (QSCD).
    RawDevice {
        /// Its name in orders: lower-case letters, digits and hyphens.
        model: String, "\"card-3\"";
        /// The certification: its number and who gave it, as shown to officers.
        certificate: String, "\"EAL4+ 2027-12, Example Body\"";
        /// When the certification ends: from then on the model is in no new certificate.
        ends: String, "\"2029-12-31T00:00:00Z\"";
    }
}

section! {
    /// Time-stamping.
    RawTsa {
        /// Tokens per sealed segment of a journal; a segment is one leaf of the audit log.
        segment_records: u32 = 65_536u32;
        /// How long after its first token a segment is sealed, full or not.
        seal_after: String = "1m";
        /// Tokens that may wait to be in the audit log (the database is gone, say); beyond them there are none.
        backlog_records: u32 = 1_000_000u32;
        /// When a token may leave: "on-disk" (its record is), or "relaxed" (its record is within a second; refused
        /// where a unit is qualified).
        journal: String = "on-disk";
        /// Requests that may wait for the journal.
        queue_depth: u32 = 1024u32;
        /// How long before a unit's key ends health and log begin to ask for the next one.
        renew_before: String = "60d";
        /// How long after its successor took over a unit's key is destroyed in its token.
        destroy_after: String = "1h";
    }
    tables {
        /// The units.
        units: Vec<RawUnit>;
    }
}

section! {
    /// A time-stamping unit. The first is served at /tsa, each at /tsa/<name> too.
    RawUnit {
        /// Its name; not "clock", which is the address of the clock's statement.
        name: String, "\"tsu\"";
        /// The token with its key.
        token: String, "\"ndoba-tsa\"";
        /// The label of its first key. Those that follow it are in the state folder: `ndoba tsa renew`, `ndoba tsa adopt`.
        key: String, "\"tsu/tsu/1\"";
        /// As for authorities.
        algorithm: String = "ecdsa-p256-sha256";
        /// Its certificate.
        certificate: String, "\"pki/tsu.pem\"";
        /// The certificates above it, its issuer first, without the root.
        chain: Vec<String>, "[\"pki/time-stamping.pem\"]";
        /// The policy of tokens when the request names none; the default is policies.time_stamp.
        policy: Option<String>, "\"2.999.1.5\"";
        /// Other policies a request may name. 0.4.0.2023.1.1 is the best-practices policy (BTSP).
        accepted_policies: Vec<String> = vec!["0.4.0.2023.1.1".into()] as Vec<String>;
        /// The declared accuracy, at most 1s; also what the disclosure statement says.
        accuracy: String = "1s";
        /// Whether each token states the error bound measured for it, rounded up, instead of the declared accuracy.
        measured_accuracy: bool = false;
        /// Which signatures are verified before their tokens leave: "as-load-allows" (each one while the key keeps up,
        /// else one of sixty-four; always each one with RSA) or "every".
        verify: String = "as-load-allows";
        /// Whether tokens claim to be qualified under Regulation (EU) 910/2014.
        claim_eu_qtst: bool = false;
        /// Whether its tokens are offered as qualified. Such a unit makes no others: qualified and other units differ
        /// in certificate, subject and address.
        qualified: bool = true;
    }
}

section! {
    /// The clock behind time-stamps.
    RawClock {
        /// "disciplined" (the kernel's state and a quorum of servers) or "trusted-host-clock" (development only).
        mode: String = "disciplined";
        /// What the kernel's own opinion counts for: "enforce", "warn" or "off".
        kernel: String = "enforce";
        /// trusted-host-clock: the bound that is assumed.
        assumed_bound: String = "100ms";
        /// A jump against the monotonic clock by more than this stops time-stamping.
        step_limit: String = "200ms";
        /// How long the clock must have been good before time-stamping goes on.
        clean_interval: String = "10s";
        /// NTP servers, "host" or "host:port"; at least three in mode "disciplined". They are compared with the clock,
        /// which is never set: keep it right with chrony. See the guide to the clock.
        servers: Vec<String>, "[\"ntp1.example\", \"ntp2.example\", \"ntp3.example:123\"]";
        /// How many of them must agree: more than half.
        quorum: u8 = 2u8;
        /// How often each is asked; once a second at the most.
        poll: String = "32s";
        /// How long an answer is waited for.
        timeout: String = "1s";
        /// How long an answer counts: at least two polls.
        max_age: String = "2m";
        /// How far this machine's clock may stray between answers, in parts per million.
        drift_ppm: u16 = 50u16;
        /// The token with the key that signs the clock's statement at /tsa/clock; without it there is none. Its public
        /// half is pki/clock.pub.pem of the state folder.
        token: Option<String>, "\"ndoba-tsa\"";
        /// That key's label.
        key: Option<String>, "\"tsa/clock/1\"";
        /// As for authorities.
        algorithm: String = "ecdsa-p256-sha256";
    }
}

section! {
    /// Sealing of the audit log, for the role "audit".
    RawAudit {
        /// The token with its key.
        token: Option<String>, "\"ndoba-audit\"";
        /// The key's label.
        key: Option<String>, "\"audit/seal/1\"";
        /// As for authorities.
        algorithm: String = "ecdsa-p256-sha256";
        /// A checkpoint at least this often while something happens.
        checkpoint_every: String = "1m";
        /// Where checkpoints are time-stamped.
        tsa_url: Option<String>, "\"http://127.0.0.1:8080/tsa\"";
    }
}

section! {
    /// The key that wraps data keys, for the role "registration": personal data is sealed under them at rest.
    RawDataKey {
        /// The token with the key: of its own, with a PIN that no other role has.
        token: Option<String>, "\"ndoba-registration\"";
        /// The key's label: AES-256, made by the ceremony or by `ndoba registration data-key`.
        key: Option<String>, "\"registration/data/1\"";
    }
}

section! {
    /// The revocation desk, for the role "registration": subscribers suspend with the code that they were given.
    RawDesk {
        /// The token with the key that signs such suspensions; without it there are none.
        token: Option<String>, "\"ndoba-registration\"";
        /// The key's label. `ndoba officer desk-key` makes it; two security officers must have authorised it: `ndoba
        /// officer authorise-desk`.
        key: Option<String>, "\"registration/desk/1\"";
        /// Its public half, PEM, as `ndoba officer desk-key` wrote it.
        public_key: String = "pki/desk.pub.pem";
    }
}

section! {
    /// A program that is told what happens, for the role "registration"; the same in every process with that role.
    RawWebhook {
        /// What messages and metrics call it: lower-case letters, digits and hyphens.
        name: String, "\"case-management\"";
        /// Where it listens: https, or in development http on a loopback address. Redirects are not followed.
        url: String, "\"https://cases.example/ndoba\"";
        /// What it is told of, such as "certificate.revoked" or "certificate.*"; all, if empty. The list is in
        /// docs/guides/webhooks.md.
        events: Vec<String> = Vec::<String>::new();
        /// The file of the secret that messages are signed with: whsec_ and 24 to 64 octets in base64, in a line. A second
        /// line is the secret before it, until the receiver knows the new one.
        secret_file: String, "\"webhooks/case-management.secret\"";
        /// The authorities that its TLS certificate is believed from, PEM; needed for https.
        ca_file: Option<String>, "\"/etc/ssl/certs/ca-certificates.crt\"";
        /// How long an answer is waited for, at most 20s.
        timeout: String = "10s";
        /// From the first try to the second; each pause is four times the one before, an hour at the most.
        retry_after: String = "5s";
        /// How long after the act a message is given up: `ndoba webhook list --failed` shows it then.
        give_up_after: String = "3d";
    }
}

section! {
    /// Addresses to listen on: IP address and port. An absent one is not listened on.
    RawListen {
        /// OCSP, time-stamps, CRLs and issuers over http, for everyone.
        public: Option<String>, "\"127.0.0.1:8080\"";
        /// The same over https.
        public_tls: Option<String>, "\"127.0.0.1:8444\"";
        /// The officers' API, https with client certificates.
        officers: Option<String>, "\"127.0.0.1:8443\"";
        /// The page /revocation for subscribers, https without client certificates; needs [desk], and the public
        /// address's TLS files.
        subscribers: Option<String>, "\"127.0.0.1:8445\"";
        /// Where officers-to-be present their keys with one-time codes, https without client certificates; with the
        /// officers' address's TLS files.
        enrolment: Option<String>, "\"127.0.0.1:8446\"";
        /// Metrics and health; loopback only in production.
        operator: Option<String>, "\"127.0.0.1:9090\"";
    }
}

section! {
    /// TLS files, PEM.
    RawTls {
        /// The public address's certificate and chain.
        public_certificate: Option<String>, "\"tls/public.pem\"";
        /// Its key.
        public_key: Option<String>, "\"tls/public.key\"";
        /// The officers' address's certificate and chain.
        officers_certificate: Option<String>, "\"tls/officers.pem\"";
        /// Its key.
        officers_key: Option<String>, "\"tls/officers.key\"";
        /// The authorities of officers' client certificates.
        officers_client_ca: Option<String>, "\"tls/operations-ca.pem\"";
    }
}

section! {
    /// Addresses written into certificates. They must work for as long as the certificates live.
    RawUrls {
        /// Under which /ocsp, /crl and /issuer are found; http, so that a check needs no other check.
        public_url: String = "http://127.0.0.1:8080";
        /// The https folder of the documents that certificates name: pds/en.pdf, pds/ka.pdf and cps.pdf are under it.
        pds_url: String = "https://pki.example.com";
    }
}

section! {
    /// Bounds on what strangers may send and how long they may take.
    RawLimits {
        /// The longest OCSP request.
        ocsp_request: String = "64KiB";
        /// The most certificates asked about in one.
        ocsp_certificates: u16 = 20u16;
        /// Memory for signed OCSP answers, which are served from there until they change or are signed anew; some 2KiB
        /// each. Where it is full, those that nobody asks for make room.
        ocsp_cache: String = "64MiB";
        /// The longest time-stamp request.
        tsp_request: String = "16KiB";
        /// The longest body of the officers' API.
        api_body: String = "64KiB";
        /// Connections at once; at the public's addresses the longest idle one makes room for one more, at the others it
        /// waits. Each of the public's takes two open files.
        connections: u32 = 10_000u32;
        /// How long a client may take to send its headers.
        header_timeout: String = "5s";
        /// How long an idle connection stays open.
        keep_alive: String = "15s";
        /// How long stopping waits for what is in flight.
        shutdown: String = "20s";
        /// How many logins at the officers' API may be refused within ten minutes to one key, and from one network, before
        /// they are answered 429. Officers in office are never hindered by it.
        refused_logins: u32 = 30u32;
        /// How many codes (to suspend a certificate, to enrol) may be tried within ten minutes from one network; from all
        /// together sixty times as many.
        code_tries: u32 = 10u32;
        /// How many certificates may be asked for at the public address within ten minutes from one network; how many ask
        /// from others changes nothing.
        certificate_requests: u32 = 100u32;
    }
}

section! {
    /// What the law decides. The defaults are proposals; see the practice statement.
    RawLegal {
        /// From a request to the visible status, at most. Checked, not in force yet.
        revocation_max: String = "24h";
        /// The internal aim for the same. Checked, not in force yet.
        revocation_slo: String = "60m";
        /// Whether certificates may be suspended.
        suspension_allowed: bool = true;
        /// For how long.
        suspension_max: String = "30d";
        /// How many certificates may be suspended by subscribers' codes in 24 hours; the CA refuses more.
        suspensions_by_code: u32 = 100u32;
        /// What then: "revoke", or "keep" and tell an officer.
        suspension_on_timeout: String = "revoke";
        /// How many years records are kept, at least 7; certificates of the built-in profiles say so (QcRetentionPeriod).
        retention_years: u8 = 10u8;
        /// How long ago an identity may have been proved, at most, when the application is signed (C-72). Whole days.
        identity_max_age: String = "30d";
        /// How many certificates of one subject one proof of identity may be the base of (REG-6.3.1-00E).
        identity_max_uses: u32 = 10u32;
        /// Whether the copy of the agreement that the subscriber signed must be attached, as a scan or signed electronically, before an application is submitted (REG-6.3.4-08): "required" or "optional".
        agreement_copy: String = "required";
        /// Under whose law certificates are qualified, "GE" or "EU": chooses among the built-in profiles.
        legislation: String = "GE";
    }
}

section! {
    /// Policy identifiers. The defaults lie in the arc for examples, which production refuses.
    RawPolicies {
        /// Natural persons, key in a qualified device.
        sign_qscd: String = "2.999.1.1";
        /// Legal persons, key in a qualified device.
        seal_qscd: String = "2.999.1.2";
        /// Natural persons.
        sign: String = "2.999.1.3";
        /// Legal persons.
        seal: String = "2.999.1.4";
        /// Time-stamp tokens.
        time_stamp: String = "2.999.1.5";
        /// OCSP responder certificates.
        ocsp: String = "2.999.1.6";
        /// TSU certificates.
        tsu: String = "2.999.1.7";
        /// Issuing CA certificates.
        issuing_ca: String = "2.999.1.8";
    }
}

section! {
    /// Logging, to standard error.
    RawLog {
        /// "human" or "json".
        format: String = "human";
        /// What is logged, in tracing's filter language.
        filter: String = "info";
    }
}
