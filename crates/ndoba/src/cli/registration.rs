//! `ndoba registration`.

use clap::Subcommand;

use super::ConfigArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum RegistrationCommand {
    /// Make the key that wraps data keys, in registration's token, and the first data key, where they are not there yet.
    DataKey(ConfigArgs),
    /// Make the next data key, seal every record under it, and destroy the older ones. Roles may be running.
    RotateDataKey(ConfigArgs),
    /// Seal records that are in clear, or under an older data key. It goes on where it was cut off; a running role does
    /// the same by itself.
    SealRecords(ConfigArgs),
}
