//! Refusals: PKIStatusInfo with `rejection`, one failure bit and a sentence that says what would be accepted.

use ndoba_types::TimeUnavailable;

use crate::encode::{integer, sequence, tag, tlv};
use crate::{ImprintHash, Unit};

/// The bits of PKIFailureInfo that a TSA may set (RFC 3161 §2.4.2, T-09). `addInfoNotAvailable` is among them there;
/// it cannot happen here, where nothing additional can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailInfo {
    /// badAlg (0).
    BadAlg,
    /// badRequest (2).
    BadRequest,
    /// badDataFormat (5).
    BadDataFormat,
    /// timeNotAvailable (14).
    TimeNotAvailable,
    /// unacceptedPolicy (15).
    UnacceptedPolicy,
    /// unacceptedExtension (16).
    UnacceptedExtension,
    /// systemFailure (25).
    SystemFailure,
}

impl FailInfo {
    /// The bit's number in the named bit list.
    pub const fn bit(self) -> u8 {
        match self {
            Self::BadAlg => 0,
            Self::BadRequest => 2,
            Self::BadDataFormat => 5,
            Self::TimeNotAvailable => 14,
            Self::UnacceptedPolicy => 15,
            Self::UnacceptedExtension => 16,
            Self::SystemFailure => 25,
        }
    }

    /// Its name in RFC 3161, for metrics and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BadAlg => "badAlg",
            Self::BadRequest => "badRequest",
            Self::BadDataFormat => "badDataFormat",
            Self::TimeNotAvailable => "timeNotAvailable",
            Self::UnacceptedPolicy => "unacceptedPolicy",
            Self::UnacceptedExtension => "unacceptedExtension",
            Self::SystemFailure => "systemFailure",
        }
    }

    /// The BIT STRING with this one bit, trailing zero bits left out (X.690 §11.2.2).
    fn to_der(self) -> Vec<u8> {
        let octet = usize::from(self.bit() / 8);
        let in_octet = self.bit() % 8;
        let mut content = vec![0; octet + 2];
        content[0] = 7 - in_octet;
        content[octet + 1] = 0x80 >> in_octet;
        tlv(tag::BIT_STRING, &[&content])
    }
}

/// Why there is no token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// The imprint's hash is unknown or too weak (T-12).
    Algorithm,
    /// Well-formed, but not a request of version 1, or the nonce is longer than we echo.
    Request {
        /// What about it.
        reason: &'static str,
    },
    /// Not the DER of a TimeStampReq, or an imprint of another length than its hash gives.
    DataFormat {
        /// What about it.
        reason: &'static str,
    },
    /// The clock cannot be trusted now, or not to the declared accuracy.
    Time(TimeUnavailable),
    /// The policy asked for is not offered.
    Policy,
    /// The request has an extension; none is supported, and none is silently ignored.
    Extension,
    /// Ours: the operator is told the reason, the client only that it is not its fault.
    System {
        /// What failed; for the log, not for the client.
        reason: String,
    },
}

impl Rejection {
    /// The failure bit.
    pub const fn fail_info(&self) -> FailInfo {
        match self {
            Self::Algorithm => FailInfo::BadAlg,
            Self::Request { .. } => FailInfo::BadRequest,
            Self::DataFormat { .. } => FailInfo::BadDataFormat,
            Self::Time(_) => FailInfo::TimeNotAvailable,
            Self::Policy => FailInfo::UnacceptedPolicy,
            Self::Extension => FailInfo::UnacceptedExtension,
            Self::System { .. } => FailInfo::SystemFailure,
        }
    }

    /// The whole TimeStampResp: no token, ever (T-08).
    ///
    /// ```text
    /// PKIStatusInfo ::= SEQUENCE {
    ///    status        PKIStatus,                -- rejection (2)
    ///    statusString  PKIFreeText     OPTIONAL, -- SEQUENCE OF UTF8String
    ///    failInfo      PKIFailureInfo  OPTIONAL }
    /// ```
    pub fn to_response(&self, unit: &Unit) -> Vec<u8> {
        let text = tlv(tag::UTF8_STRING, &[self.text(unit).as_bytes()]);
        let status = sequence(&[&integer(2), &sequence(&[&text]), &self.fail_info().to_der()]);
        sequence(&[&status])
    }

    /// What the client is told.
    fn text(&self, unit: &Unit) -> String {
        match self {
            Self::Algorithm => {
                let names: Vec<_> = ImprintHash::ALL.iter().map(|hash| hash.name()).collect();
                format!("the hash algorithm is not accepted; accepted are {}", names.join(", "))
            }
            Self::Request { reason } | Self::DataFormat { reason } => (*reason).to_owned(),
            Self::Time(_) => "the time is not known well enough at the moment; try again later".to_owned(),
            Self::Policy => {
                let names: Vec<_> = unit.policies().map(ToString::to_string).collect();
                format!("the policy is not offered; offered are {}", names.join(", "))
            }
            Self::Extension => "extensions are not supported; send the request without any".to_owned(),
            Self::System { .. } => {
                "the service cannot make time-stamps at the moment; try again later".to_owned()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failure_bits_as_requirements_print_them() {
        // Requirements T-09.
        for (info, der) in [
            (FailInfo::BadAlg, "03020780"),
            (FailInfo::BadRequest, "03020520"),
            (FailInfo::BadDataFormat, "03020204"),
            (FailInfo::TimeNotAvailable, "0303010002"),
            (FailInfo::UnacceptedPolicy, "0303000001"),
            (FailInfo::UnacceptedExtension, "030407000080"),
            (FailInfo::SystemFailure, "03050600000040"),
        ] {
            assert_eq!(hex::encode(info.to_der()), der, "{}", info.name());
        }
    }
}
