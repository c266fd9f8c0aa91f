//! The operations CA and the first security officers.

use ndoba_ceremony::{Mode, SessionEntry};
use ndoba_client::Identity;
use ndoba_order::{Act, Pin, PinnedOfficer, Register};
use ndoba_types::{OfficerId, Sha256Digest, UtcTime};
use ndoba_x509::Certificate;

use super::{Ceremony, Folder};
use crate::files;
use crate::installation;
use crate::operations_ca::OperationsCa;
use crate::presence::{Opening, proved};

/// Makes the operations CA and the servers' TLS certificates.
pub(super) fn make_operations_ca(folder: &Folder, mode: Mode, now: UtcTime) -> anyhow::Result<()> {
    let operations = OperationsCa::at(&folder.file(""));
    operations.create(mode, now)?;
    for server in ["officers", "public"] {
        let identity = operations.server(&format!("Ndoba {server} server"), now)?;
        files::write_secret(&folder.file(&format!("tls/{server}.pem")), identity.pem.as_bytes())?;
    }
    Ok(())
}

impl Ceremony {
    /// In development the officers' keys are made here, in files; in production each brings a card's public key.
    pub(super) fn pin_officers(&mut self, names: &[String]) -> anyhow::Result<String> {
        let now = self.world.clock.now();
        let operations = OperationsCa::at(&self.folder.file(""));
        let mut pinned = Vec::new();
        for (place, name) in names.iter().enumerate() {
            let identity = operations.client(name, now)?;
            let file = format!("officers/security-{}.pem", place + 1);
            files::write_secret(&self.folder.file(&file), identity.pem.as_bytes())?;
            let certificate = Certificate::from_der(&identity.certificate)?;
            let officer = OfficerId::generate(&*self.world.random)?;
            self.report.officers.push(ndoba_ceremony::PinnedOfficer {
                name: name.clone(),
                officer: officer.to_string(),
                key: certificate.spki().fingerprint().to_string(),
            });
            pinned.push(PinnedOfficer { officer, person: None, spki: certificate.spki().clone() });
        }
        let pin = Pin {
            installation: self.settings.installation,
            security_officers: pinned,
            created: now.floor_to_second(),
        };
        let bytes = pin.to_bytes()?;
        files::write(&self.settings.paths.officers_pin, &bytes)?;
        Ok(format!("pin sha256 {}", Sha256Digest::of(&bytes)))
    }

    /// Two of them sign that they are there. In development their keys were made a moment ago, in files, and the command signs
    /// with both: the report says so.
    pub(super) fn open_session(&mut self) -> anyhow::Result<String> {
        let key = |number: u8| -> anyhow::Result<Identity> {
            let pem = files::read(&self.folder.file(&format!("officers/security-{number}.pem")))?;
            Ok(Identity::from_pem(&pem)?)
        };
        let opening = Opening {
            settings: &self.settings,
            register: &Register::from_pins(&installation::pins(&self.settings)?)?,
            world: &self.world,
            tokens: &self.tokens,
            act: Act::Ceremony,
            decided: self.plan.digest(),
        };
        let attended = opening.with(&[key(1)?, key(2)?])?;
        self.log(proved(&attended))?;
        let [first, second] = attended.officers();
        let evidence = format!(
            "session sha256 {}, signed by the officers {first} and {second}; development: this command made both their keys, \
             in files, and signed with them itself",
            attended.digest()
        );
        self.report.session = Some(SessionEntry::from(&attended));
        self.attended = Some(attended);
        Ok(evidence)
    }
}
