//! Names of models of qualified devices.

use std::fmt;
use std::str::FromStr;

/// A device model's name in the provider's register: 1 to 64 lower-case ASCII letters, digits and hyphens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceModel(String);

impl DeviceModel {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DeviceModel {
    type Err = BadDeviceModel;

    fn from_str(text: &str) -> Result<Self, BadDeviceModel> {
        let plain = |octet: u8| octet.is_ascii_lowercase() || octet.is_ascii_digit() || octet == b'-';
        let fits = (1..=64).contains(&text.len()) && text.bytes().all(plain);
        if fits { Ok(Self(text.into())) } else { Err(BadDeviceModel) }
    }
}

impl fmt::Display for DeviceModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Not such a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("1 to 64 lower-case letters, digits and hyphens")]
pub struct BadDeviceModel;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!("card-3".parse::<DeviceModel>().unwrap().as_str(), "card-3");
        for bad in ["", "Card", "card 3", &"x".repeat(65)] {
            assert_eq!(bad.parse::<DeviceModel>(), Err(BadDeviceModel), "{bad}");
        }
    }
}
