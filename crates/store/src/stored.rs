//! From stored values to the domain's. What does not read is corruption, named by its column and never by its value.

use std::str::FromStr;

use ndoba_types::{CaName, CrlShard, KeyLabel, OfficerId, OrderId, SerialNumber, Sha256Digest, UtcTime};

use crate::error::StoreError;

/// The number of a counter, as the database keeps it.
///
/// # Errors
///
/// [`StoreError::Corrupt`] above 2⁶³, which no counter of ours reaches.
pub(crate) fn count_to_row(count: u64, column: &str) -> Result<i64, StoreError> {
    i64::try_from(count).map_err(|_| StoreError::corrupt(column))
}

pub(crate) fn count(value: i64, column: &str) -> Result<u64, StoreError> {
    u64::try_from(value).map_err(|_| StoreError::corrupt(column))
}

pub(crate) fn time(micros: i64, column: &str) -> Result<UtcTime, StoreError> {
    UtcTime::from_unix_micros(micros).map_err(|_| StoreError::corrupt(column))
}

pub(crate) fn serial(bytes: &[u8], column: &str) -> Result<SerialNumber, StoreError> {
    SerialNumber::from_unsigned(bytes).map_err(|_| StoreError::corrupt(column))
}

pub(crate) fn digest(bytes: &[u8], column: &str) -> Result<Sha256Digest, StoreError> {
    Sha256Digest::try_from(bytes).map_err(|_| StoreError::corrupt(column))
}

/// Octets of a fixed number.
pub(crate) fn octets<const N: usize>(bytes: &[u8], column: &str) -> Result<[u8; N], StoreError> {
    bytes.try_into().map_err(|_| StoreError::corrupt(column))
}

pub(crate) fn order_id(bytes: &[u8]) -> Result<OrderId, StoreError> {
    octets(bytes, "an order's id").map(OrderId::from_bytes)
}

pub(crate) fn officer_id(bytes: &[u8], column: &str) -> Result<OfficerId, StoreError> {
    octets(bytes, column).map(OfficerId::from_bytes)
}

/// A name or label that the domain writes and reads as text.
pub(crate) fn text<T: FromStr>(value: &str, column: &str) -> Result<T, StoreError> {
    value.parse().map_err(|_| StoreError::corrupt(column))
}

pub(crate) fn ca(value: &str) -> Result<CaName, StoreError> {
    text(value, "a CA's name")
}

/// 0 for none: the whole list.
pub(crate) fn shard_to_row(shard: Option<CrlShard>) -> i64 {
    shard.map_or(0, |shard| shard.get().into())
}

pub(crate) fn shard(value: i64) -> Result<CrlShard, StoreError> {
    let shard = u8::try_from(value).ok().and_then(CrlShard::new);
    shard.ok_or_else(|| StoreError::corrupt("a shard's number"))
}

pub(crate) fn key_label(value: &str) -> Result<KeyLabel, StoreError> {
    text(value, "attempts.key_label")
}
