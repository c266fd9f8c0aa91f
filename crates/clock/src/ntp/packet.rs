//! The packets: octets to meaning and back, as functions of octets alone.

use ndoba_types::Span;

use super::NtpTimestamp;
use crate::Leap;

/// A packet without extension fields (RFC 5905 §7.3).
pub const PACKET_LEN: usize = 48;

/// A client's question. `nonce` stands where its own time would: the answer must repeat it, and nobody who has not
/// seen the question can guess it. No time of ours leaves the machine.
///
/// ```text
///  0  LI = 0, VN = 4, mode = 3 (client)       24 origin timestamp     = 0
///  1  stratum, poll, precision = 0            32 receive timestamp    = 0
///  4  root delay, dispersion, reference = 0   40 transmit timestamp   = nonce
/// ```
pub fn request(nonce: NtpTimestamp) -> [u8; PACKET_LEN] {
    let mut octets = [0; PACKET_LEN];
    octets[0] = (4 << 3) | 3;
    octets[40..].copy_from_slice(&nonce.to_bits().to_be_bytes());
    octets
}

/// What a synchronised server says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// A leap second announced for the end of the month.
    pub leap: Leap,
    /// Steps from a reference clock: 1 to 15.
    pub stratum: u8,
    /// The granularity of its clock, rounded up.
    pub precision: Span,
    /// The round trip from it to its reference clock.
    pub root_delay: Span,
    /// How far it may have strayed from its reference clock since.
    pub root_dispersion: Span,
    /// When the question came in, by its clock.
    pub receive: NtpTimestamp,
    /// When the answer went out, by its clock.
    pub transmit: NtpTimestamp,
}

/// Why an answer counts for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Its times contradict each other, or are missing.
    #[error("its times contradict each other")]
    Impossible,
    /// The server asks to be left alone (RFC 5905 §7.4).
    #[error("it sent a kiss of death: {0}")]
    Kiss(Kiss),
    /// Too short, or no server's packet of version 3 or 4.
    #[error("that is no NTP server's answer")]
    Malformed,
    /// It knows the time too badly to be of use: more than a second.
    #[error("it is a second or more away from its reference clock")]
    TooFar,
    /// It says so: leap indicator 3, or stratum 16 and above.
    #[error("it says that it is not synchronised")]
    Unsynchronised,
    /// It answers another question than ours, or is forged.
    #[error("it does not repeat our nonce")]
    WrongOrigin,
}

/// What the kiss asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kiss {
    /// DENY, RSTR: never ask again.
    Deny,
    /// Anything else: no time, no request.
    Other,
    /// RATE: ask less often.
    Rate,
}

impl std::fmt::Display for Kiss {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Deny => "do not ask again",
            Self::Other => "no time now",
            Self::Rate => "ask less often",
        })
    }
}

/// A server farther from its reference clock than this is no help: accuracies are a second at most (T-40).
const TOO_FAR: i64 = 1_000_000;

impl Answer {
    /// Reads the answer to the request with `nonce`. Octets beyond the 48th (extension fields, a MAC) are not looked
    /// at: nothing was asked for with them.
    ///
    /// # Errors
    ///
    /// [`Refusal`]. The nonce is looked at first: what does not repeat it may come from anybody, a kiss of death too.
    pub fn read(octets: &[u8], nonce: NtpTimestamp) -> Result<Self, Refusal> {
        let (packet, _) = octets.split_first_chunk::<PACKET_LEN>().ok_or(Refusal::Malformed)?;
        let [first, stratum, _poll, precision, fields @ ..] = *packet;
        let short =
            |at: usize| u32::from_be_bytes([fields[at], fields[at + 1], fields[at + 2], fields[at + 3]]);
        let long =
            |at: usize| NtpTimestamp::from_bits((u64::from(short(at)) << 32) | u64::from(short(at + 4)));
        let reference_id = [fields[8], fields[9], fields[10], fields[11]];
        let (reference, origin, receive, transmit) = (long(12), long(20), long(28), long(36));

        if origin != nonce {
            return Err(Refusal::WrongOrigin);
        }
        let (indicator, version, mode) = (first >> 6, (first >> 3) & 7, first & 7);
        if mode != 4 || !(3..=4).contains(&version) {
            return Err(Refusal::Malformed);
        }
        let leap = match (stratum, indicator) {
            (0, _) => return Err(Refusal::Kiss(kiss(reference_id))),
            (16.., _) | (_, 3..) => return Err(Refusal::Unsynchronised),
            (_, 0) => Leap::None,
            (_, 1) => Leap::Insert,
            (_, 2) => Leap::Delete,
        };
        let answer = Self {
            leap,
            stratum,
            precision: power_of_two(precision.cast_signed()),
            root_delay: short_format(short(0)),
            root_dispersion: short_format(short(4)),
            receive,
            transmit,
        };
        if [receive, transmit].contains(&NtpTimestamp::ZERO)
            || transmit.micros_after(receive) < 0
            // It cannot have heard from its reference clock after it sent this. Zero: it does not say.
            || (reference != NtpTimestamp::ZERO && transmit.micros_after(reference) < 0)
        {
            return Err(Refusal::Impossible);
        }
        if answer.root_distance().as_micros() >= TOO_FAR {
            return Err(Refusal::TooFar);
        }
        Ok(answer)
    }

    /// How far the server's clock may be from UTC: half its root delay, its root dispersion, its precision.
    pub fn root_distance(&self) -> Span {
        let half_delay = (self.root_delay.as_micros() + 1) / 2;
        let micros = half_delay + self.root_dispersion.as_micros() + self.precision.as_micros();
        Span::micros(u32::try_from(micros).unwrap_or(u32::MAX))
    }
}

/// RFC 5905 figure 13.
fn kiss(code: [u8; 4]) -> Kiss {
    match &code {
        b"DENY" | b"RSTR" => Kiss::Deny,
        b"RATE" => Kiss::Rate,
        _ => Kiss::Other,
    }
}

/// NTP's short format, 16 bits of seconds and 16 of fraction, rounded up to the microsecond.
fn short_format(bits: u32) -> Span {
    let micros = (u64::from(bits) * 1_000_000).div_ceil(1 << 16);
    // More than 71 minutes is too far in any case.
    Span::micros(u32::try_from(micros).unwrap_or(u32::MAX))
}

/// 2 to the power of `exponent` seconds, rounded up to the microsecond; at most 2³².
fn power_of_two(exponent: i8) -> Span {
    match exponent {
        ..=-20 => Span::micros(1),
        -19..0 => Span::micros(1_000_000u32.div_ceil(1 << exponent.unsigned_abs())),
        0.. => Span::micros(u32::MAX),
    }
}

#[cfg(test)]
mod tests;
