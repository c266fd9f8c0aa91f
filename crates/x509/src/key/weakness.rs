//! RSA moduli that anyone can factor: what a CA must refuse although the key is well-formed (requirements §2.8).

use ndoba_types::SubjectPublicKeyInfo;
use rsa::BoxedUint;
use rsa::pkcs1::DecodeRsaPublicKey as _;
use rsa::traits::PublicKeyParts as _;

use super::{BadKey, KeyKind, parse};

/// Trial division goes up to here; larger factors are no accident of a broken generator.
const SMALL_PRIMES_BELOW: u32 = 752;
/// How often Fermat's method is tried. A hundred rounds find factors that share their upper half.
const FERMAT_ROUNDS: u32 = 100;
/// The primes that the modulus' fingerprint is taken over: those in every primorial that the faulty library used.
const ROCA_PRIMES_UP_TO: u32 = 167;
/// The base of the faulty library's primes.
const ROCA_GENERATOR: u32 = 65537;

/// Refuses RSA keys whose factors are small, close to each other, or come from the generator of CVE-2017-15361
/// ("ROCA", found in cards and TPMs that were certified). Keys of other kinds pass: [`KeyKind::of`] has decoded
/// their points.
///
/// # Errors
///
/// [`BadKey::RsaSmallFactor`], [`BadKey::RsaCloseFactors`], [`BadKey::RsaFaultyGenerator`], or what
/// [`KeyKind::of`] says.
pub fn refuse_weak(spki: &SubjectPublicKeyInfo) -> Result<(), BadKey> {
    let KeyKind::Rsa { .. } = KeyKind::of(spki)? else { return Ok(()) };
    let info = parse(spki.as_der())?;
    let key = info.subject_public_key.as_bytes().ok_or(BadKey::Malformed)?;
    let key = rsa::PublicKey::from_pkcs1_der(key).map_err(|_| BadKey::Rsa)?;
    judge(&key.n_bytes())
}

/// `modulus` is big-endian.
fn judge(modulus: &[u8]) -> Result<(), BadKey> {
    if primes(SMALL_PRIMES_BELOW).any(|prime| remainder(modulus, prime) == 0) {
        return Err(BadKey::RsaSmallFactor);
    }
    if primes(ROCA_PRIMES_UP_TO + 1).all(|prime| is_power_of_generator(remainder(modulus, prime), prime)) {
        return Err(BadKey::RsaFaultyGenerator);
    }
    if has_close_factors(modulus) { Err(BadKey::RsaCloseFactors) } else { Ok(()) }
}

/// Odd primes below `end`.
fn primes(end: u32) -> impl Iterator<Item = u32> {
    let is_prime = |n: &u32| (3..).take_while(|d| d * d <= *n).step_by(2).all(|d| !n.is_multiple_of(d));
    (3..end).step_by(2).filter(is_prime)
}

fn remainder(modulus: &[u8], divisor: u32) -> u32 {
    // The divisor has at most ten bits, so nothing overflows.
    modulus.iter().fold(0, |rest, byte| ((rest << 8) | u32::from(*byte)) % divisor)
}

/// Whether `value` is a power of 65537 modulo `prime`. Both of such a key's primes are, so the modulus is.
fn is_power_of_generator(value: u32, prime: u32) -> bool {
    let mut power = 1;
    loop {
        if power == value {
            return true;
        }
        power = power * (ROCA_GENERATOR % prime) % prime;
        if power == 1 {
            return false;
        }
    }
}

/// Fermat: n = a² − b² with a just above √n, where the factors a ± b are close.
fn has_close_factors(modulus: &[u8]) -> bool {
    // A word more than the modulus has, for the few steps above its root.
    let precision = u32::try_from(modulus.len() * 8 + 64).unwrap_or(u32::MAX);
    let n = BoxedUint::from_be_slice_truncated(modulus, precision);
    let one = BoxedUint::one_with_precision(n.bits_precision());
    let root = n.floor_sqrt_vartime();
    // An odd n is no square unless both factors are equal; then the first round below finds b = 0 as well.
    let mut a = if root.wrapping_square() == n { root } else { root.wrapping_add(&one) };
    let mut rest = a.wrapping_square().wrapping_sub(&n);
    for _ in 0..FERMAT_ROUNDS {
        if may_be_square(&rest) && rest.checked_sqrt_vartime().is_some() {
            return true;
        }
        // (a + 1)² − n = a² − n + 2a + 1
        rest = rest.wrapping_add(&a).wrapping_add(&a).wrapping_add(&one);
        a = a.wrapping_add(&one);
    }
    false
}

/// Squares end in 0, 1, 4, 9, 16, 17, 25, 33, 36, 41, 49 or 57 modulo 64: spares four roots of five.
fn may_be_square(value: &BoxedUint) -> bool {
    const SQUARES: u64 = (1 << 0)
        | (1 << 1)
        | (1 << 4)
        | (1 << 9)
        | (1 << 16)
        | (1 << 17)
        | (1 << 25)
        | (1 << 33)
        | (1 << 36)
        | (1 << 41)
        | (1 << 49)
        | (1 << 57);
    value.as_words().first().is_none_or(|word| SQUARES >> (word & 63) & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    // openssl prime -generate -bits 1024 -hex
    const P: &str = "fc77a96105ead15468da53b019dbfd91a9b1910412a330edaba7f031232d6d97764b4df4326b3c8d9e248e1a\
        38a5607343f245b227a74c9f1e89daba1f2707330cbae2821d02826acf4174aea1b2055e0647f68afa090b2b\
        16d5d595e80869aa8b9c51e241336bc380dc8d2591052d33415d74c33887c9e48f6a03457ff3bc35";
    const Q: &str = "f7084efc342bf622d3cbbab4439105a8832298b17b5b602a975198713403180f2e4ff8ddc770e6a129d27835\
        9759485ba09676c25429247cfee61c025e4d6405a31fac322c46e8604188b1579ea113f2998bc79c0cfd615d\
        de742b91abc6223121b8ed2962cb8806a0efc34b4fd30891a69ae3a2398e1153b3ec3aa77478a241";

    /// Bits that hold every product below.
    const WIDE: u32 = 2240;

    fn number(hex: &str) -> BoxedUint {
        BoxedUint::from_be_slice_truncated(&hex::decode(hex).unwrap(), WIDE)
    }

    fn product(p: &BoxedUint, q: &BoxedUint) -> Vec<u8> {
        p.wrapping_mul(q).to_be_bytes_trimmed_vartime().into_vec()
    }

    fn small(value: u64) -> BoxedUint {
        BoxedUint::from_be_slice_truncated(&value.to_be_bytes(), WIDE)
    }

    /// The first of a sequence that trial division does not refuse; whether it is prime does not matter here.
    fn without_small_factors(nth: impl Fn(u64) -> BoxedUint) -> BoxedUint {
        let fits = |number: &BoxedUint| {
            let bytes = number.to_be_bytes();
            primes(SMALL_PRIMES_BELOW).all(|prime| remainder(&bytes, prime) != 0)
        };
        (1..).map(nth).find(fits).unwrap()
    }

    #[test]
    fn an_ordinary_key_passes() {
        assert_eq!(judge(&product(&number(P), &number(Q))), Ok(()));
    }

    #[test]
    fn small_factors() {
        for factor in [3, 7, 751] {
            assert_eq!(judge(&product(&number(P), &small(factor))), Err(BadKey::RsaSmallFactor), "{factor}");
        }
        // The next prime is nobody's accident.
        assert_eq!(judge(&product(&number(P), &small(757))), Ok(()));
    }

    #[test]
    fn close_and_equal_factors() {
        let p = number(P);
        assert_eq!(judge(&product(&p, &p)), Err(BadKey::RsaCloseFactors));
        let near = without_small_factors(|step| p.wrapping_add(small(step * 2)));
        assert_eq!(judge(&product(&p, &near)), Err(BadKey::RsaCloseFactors));
    }

    #[test]
    fn the_form_of_the_faulty_generator() {
        // k·M + (65537^a mod M) with M the product of the first 39 primes; a = 1 and 2 leave the power as it is.
        let primorial =
            primes(ROCA_PRIMES_UP_TO + 1).fold(small(2), |m, prime| m.wrapping_mul(small(prime.into())));
        let form = |power: u64| {
            without_small_factors(|k| primorial.wrapping_mul(small(k)).wrapping_add(small(power)))
        };
        let modulus = product(&form(65537), &form(65537 * 65537));
        assert_eq!(judge(&modulus), Err(BadKey::RsaFaultyGenerator));
        assert_eq!(judge(&product(&form(65537), &number(P))), Ok(()));
    }

    #[test]
    fn other_kinds_pass() {
        assert_eq!(refuse_weak(&crate::test_support::p256_key(1).spki), Ok(()));
    }

    #[test]
    fn the_filter_lets_every_square_through() {
        for root in 0_u64..200 {
            assert!(may_be_square(&BoxedUint::from(root * root)), "{root}");
        }
    }
}
