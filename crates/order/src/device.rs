//! The qualified device that a subscriber's key is in, and what shows it (C-52, C-73).

use ndoba_types::{DeviceModel, Sha256Digest};
use serde::{Deserialize, Serialize};

use crate::as_text;

/// What an order says of the device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Device {
    /// Which certified model, by its name in the provider's register of devices.
    #[serde(with = "as_text")]
    pub model: DeviceModel,
    /// What kind of evidence shows that the key is in one.
    pub shown_by: DeviceEvidence,
    /// The salted digest of that evidence: one of the order's.
    #[serde(with = "as_text")]
    pub evidence: Sha256Digest,
}

/// Kinds of evidence that a key is in a device, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceEvidence {
    /// The device's own signed statement about the key.
    KeyAttestation,
    /// The record of the provider's personalisation, in which the key was made.
    PersonalisationRecord,
    /// An officer saw the key being made in the device.
    OfficersDeclaration,
}

impl DeviceEvidence {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::KeyAttestation, Self::PersonalisationRecord, Self::OfficersDeclaration];

    /// The name in documents.
    pub fn name(self) -> &'static str {
        match self {
            Self::KeyAttestation => "key-attestation",
            Self::PersonalisationRecord => "personalisation-record",
            Self::OfficersDeclaration => "officers-declaration",
        }
    }

    /// Reads the spelling of [`Self::name`].
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use ndoba_types::Sha256Digest;

    use super::{Device, DeviceEvidence};
    use crate::test_support::issue_order;
    use crate::{Order, OrderContent};

    fn with(device: Option<Device>) -> Result<Vec<u8>, String> {
        let mut order = issue_order();
        let OrderContent::Issue(issue) = &mut order.content else { unreachable!() };
        issue.device = device;
        order.to_bytes().map_err(|error| error.to_string())
    }

    #[test]
    fn a_device_is_signed_with_the_rest_and_its_evidence_is_one_of_the_orders() {
        let evidence = Sha256Digest::of(b"evidence");
        let device = |evidence| Device {
            model: "card-3".parse().unwrap(),
            shown_by: DeviceEvidence::KeyAttestation,
            evidence,
        };
        let bytes = with(Some(device(evidence))).unwrap();
        let OrderContent::Issue(issue) = Order::from_bytes(&bytes).unwrap().content else { unreachable!() };
        assert_eq!(issue.device, Some(device(evidence)));
        assert!(with(Some(device(Sha256Digest::of(b"another")))).is_err());
        // Absent is one spelling: no member at all.
        assert!(!String::from_utf8(with(None).unwrap()).unwrap().contains("device"));
    }

    #[test]
    fn names() {
        for kind in DeviceEvidence::ALL {
            assert_eq!(DeviceEvidence::from_name(kind.name()), Some(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
    }
}
