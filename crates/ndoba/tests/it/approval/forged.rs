//! What an attacker makes: orders with any signatures, written past the API into the database.

use std::process::Command;

use ndoba_client::Identity;
use ndoba_order::{FlatJws, MediaType, Order, SignerRole};
use ndoba_types::{OrderId, Sha256Digest, UtcTime};

use crate::api::Call;
use crate::installation::Installation;
use crate::program::wait_for;

pub(crate) type Signatures = Vec<(SignerRole, String)>;

impl Installation {
    /// Makes `officers/stranger.pem`: a certificate that TLS lets in, of a key that the register does not know.
    pub(super) fn stranger(&self) {
        let made = ["officer", "new", "--config", "ndoba.toml", "--name", "x"];
        self.must(&[&made[..], &["--out", "officers/stranger.pem"]].concat());
    }

    pub(super) fn identity(&self, officer: &str) -> Identity {
        Identity::from_pem(&self.read(&format!("officers/{officer}.pem"))).unwrap()
    }

    /// An order that officers signed, as the API shows it.
    pub(crate) fn order_of(&self, application: &str) -> (Order, Signatures) {
        let shown = self.ask(Call::get("approver", &format!("/applications/{application}"))).json();
        self.order(shown["order"].as_str().unwrap())
    }

    pub(crate) fn order(&self, id: &str) -> (Order, Signatures) {
        let shown = self.ask(Call::get("auditor", &format!("/orders/{id}"))).json();
        let order = Order::from_bytes(shown["content"].as_str().unwrap().as_bytes()).unwrap();
        let signature = |one: &serde_json::Value| {
            (one["role"].as_str().unwrap().parse().unwrap(), one["jws"].as_str().unwrap().to_owned())
        };
        (order, shown["signatures"].as_array().unwrap().iter().map(signature).collect())
    }

    /// Signs an order by these officers, each over the one before where the role wants that.
    pub(crate) fn sign_order(&self, order: &Order, signers: &[(&str, SignerRole)]) -> Signatures {
        let bytes = order.to_bytes().unwrap();
        let mut made: Signatures = Vec::new();
        for (officer, role) in signers {
            let first = made.first().filter(|_| *role == SignerRole::Approver);
            let over = first.map(|(_, jws)| FlatJws::from_bytes(jws.as_bytes()).unwrap());
            let jws = self.identity(officer).sign(MediaType::Order, &bytes, *role, over.as_ref(), now());
            made.push((*role, jws.unwrap()));
        }
        made
    }

    /// Writes an order into the database as if it were fully signed: under the id `row`, with the CSR of `csr_of`.
    pub(crate) fn insert_order(&self, row: OrderId, bytes: &[u8], signatures: &Signatures, csr_of: OrderId) {
        let [row, csr_of] = [row, csr_of].map(|id| self.blob(id.as_bytes()));
        // Unique in the table, and nothing that the CA believes.
        let digest = self.blob(Sha256Digest::of(row.as_bytes()).as_bytes());
        let order = Order::from_bytes(bytes).unwrap();
        let target = order.serial().map_or("NULL".into(), |serial| self.blob(serial.as_unsigned()));
        let csr = format!("(SELECT csr FROM orders WHERE order_id = {csr_of})");
        let csr = if order.serial().is_some() { "NULL".into() } else { csr };
        let (kind, content, at) = (order.kind(), self.blob(bytes), now().unix_micros());
        self.sql(&format!(
            "INSERT INTO orders (order_id, digest, kind, ca, content, csr, target, drafted_by, created, expires, \
             state, received, lost_before) VALUES ({row}, {digest}, '{kind}', 'signature', {content}, {csr}, \
             {target}, {row}, {at}, {}, 'open', {at}, 0)",
            order.expires.unix_micros()
        ));
        for (place, (role, jws)) in signatures.iter().enumerate() {
            self.sql(&format!(
                "INSERT INTO order_signatures (order_id, position, role, officer, jws, added) VALUES ({row}, \
                 {place}, '{role}', {row}, '{jws}', {at})"
            ));
        }
        self.sql(&format!("UPDATE orders SET state = 'queued' WHERE order_id = {row}"));
    }

    /// Writes a document of the register into the database; its place.
    pub(crate) fn insert_grant(&self, content: &str, signatures: &[String]) -> u64 {
        let seq: u64 = self.sql("SELECT max(seq) FROM officer_grants").parse().unwrap();
        let seq = seq + 1;
        self.sql(&format!(
            "INSERT INTO officer_grants (seq, document, appended) VALUES ({seq}, {}, {})",
            self.blob(content.as_bytes()),
            now().unix_micros()
        ));
        for (place, jws) in signatures.iter().enumerate() {
            let insert = "INSERT INTO officer_grant_signatures (seq, position, jws) VALUES";
            self.sql(&format!("{insert} ({seq}, {place}, '{jws}')"));
        }
        seq
    }

    /// Waits until the CA has refused the order of this row; the code.
    #[track_caller]
    pub(crate) fn await_refusal(&self, row: OrderId) -> String {
        let row = self.blob(row.as_bytes());
        wait_for(|| {
            let state = self.sql(&format!("SELECT state FROM orders WHERE order_id = {row}"));
            if state == "refused" { Ok(()) } else { Err(format!("{state}\n{}", self.log())) }
        });
        self.sql(&format!("SELECT refusal_code FROM orders WHERE order_id = {row}"))
    }

    /// How many events of this kind the log has.
    pub(crate) fn events(&self, kind: &str) -> usize {
        let text =
            if self.is_on_postgresql() { "convert_from(event, 'UTF8')" } else { "CAST(event AS TEXT)" };
        self.sql(&format!("SELECT count(*) FROM audit_events WHERE {text} LIKE '%{kind}%'")).parse().unwrap()
    }

    /// Octets as SQL writes them.
    pub(super) fn blob(&self, octets: &[u8]) -> String {
        let digits: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
        if self.is_on_postgresql() { format!("'\\x{digits}'::bytea") } else { format!("X'{digits}'") }
    }
}

pub(super) fn now() -> UtcTime {
    let output = Command::new("date").args(["-u", "+%FT%TZ"]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
}
