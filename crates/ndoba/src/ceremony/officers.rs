//! The operations CA and the first security officers.

use ndoba_ceremony::Mode;
use ndoba_order::{Pin, PinnedOfficer};
use ndoba_types::{OfficerId, Sha256Digest, UtcTime};
use ndoba_x509::Certificate;

use super::{Ceremony, Folder};
use crate::files;
use crate::operations_ca::OperationsCa;

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
}
