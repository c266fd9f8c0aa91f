//! Personal data at rest: sealed under the installation's data key, each value to its place.
//!
//! A sealed value is `version (1) ‖ number of the data key (4) ‖ nonce (12) ‖ AES-256-GCM ciphertext and tag`; the
//! installation, table, row and column are authenticated with it, so that a value that was moved, or comes from another
//! installation, does not open. What is looked for exactly (personal numbers, identification codes) is found by a keyed
//! digest beside it. Keys for the two come from the data key by HKDF (RFC 5869). ADR 0020.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, MAX_TAG_LEN, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::{agreement, hkdf, hmac};
use ndoba_types::{InstallationId, Random, RandomUnavailable};
use zeroize::{Zeroize as _, Zeroizing};

/// The form of values that are sealed under a data key.
const VERSION: u8 = 1;
/// The form of values that are sealed to a data key's public half, the sender's own public half before the nonce.
const TO_PUBLIC: u8 = 2;
/// Octets of a public half (RFC 7748).
const PUBLIC: usize = 32;
/// Version and the key's number.
const HEADER: usize = 5;

/// A data key as it comes out of the token. Wiped when it is dropped; says nothing of itself.
pub struct RawDataKey(Zeroizing<[u8; 32]>);

impl RawDataKey {
    /// Draws a new one.
    ///
    /// # Errors
    ///
    /// [`RandomUnavailable`].
    pub fn generate(random: &dyn Random) -> Result<Self, RandomUnavailable> {
        let mut octets = Zeroizing::new([0; 32]);
        random.fill(&mut octets[..])?;
        Ok(Self(octets))
    }

    /// Takes the octets that were unwrapped; none where they are not 32.
    pub fn from_unwrapped(octets: &[u8]) -> Option<Self> {
        Some(Self(Zeroizing::new(octets.try_into().ok()?)))
    }

    /// The octets, to be wrapped.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for RawDataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RawDataKey(…)")
    }
}

/// What a token wraps a data key for: another installation's, or one of another number, is refused by the token itself.
pub fn wrapping_context(installation: InstallationId, number: u32) -> Vec<u8> {
    [b"ndoba data key 1".as_slice(), installation.as_bytes(), &number.to_be_bytes()].concat()
}

/// Where a sealed value belongs.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The table.
    pub table: &'static str,
    /// The row, by its key.
    pub row: &'a [u8],
    /// The column.
    pub column: &'static str,
}

/// Why a stored value does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Not of a form that this program writes.
    #[error("is not a sealed value")]
    Form,
    /// Sealed under a data key that this process has not read yet: another process made it a moment ago.
    #[error("is sealed under a data key that is not read yet")]
    NewerKey,
    /// Sealed under a data key that there is not: never was, or was destroyed.
    #[error("is sealed under a data key that does not exist")]
    NoKey,
    /// Changed, moved from another place, or another installation's.
    #[error("was changed, or belongs to another place")]
    Damaged,
}

/// Why a value was not sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// There is no nonce.
    #[error("no random octets for a nonce")]
    Random(#[from] RandomUnavailable),
    /// Longer than AES-GCM allows: far beyond what any limit of ours lets in.
    #[error("the value cannot be sealed")]
    Refused,
}

/// What seals: a data key, or its public half alone.
pub trait Seal {
    /// The data key's number.
    fn number(&self) -> u32;

    /// Seals `clear` to its place.
    ///
    /// # Errors
    ///
    /// [`SealError`].
    fn seal(&self, place: Place<'_>, clear: &[u8]) -> Result<Vec<u8>, SealError>;
}

/// One data key, ready for use.
struct DataKey {
    number: u32,
    content: LessSafeKey,
    index: hmac::Key,
    private: agreement::PrivateKey,
    public: [u8; PUBLIC],
}

impl DataKey {
    fn derive(number: u32, raw: &RawDataKey) -> Result<Self, Unspecified> {
        let secret = hkdf::Salt::new(hkdf::HKDF_SHA256, b"ndoba data key").extract(&raw.expose()[..]);
        let content = UnboundKey::from(secret.expand(&[b"content"], &AES_256_GCM)?);
        let index = hmac::Key::from(secret.expand(&[b"index"], hmac::HMAC_SHA256)?);
        let mut scalar = Zeroizing::new([0; PUBLIC]);
        secret.expand(&[b"agreement"], &AES_256_GCM)?.fill(&mut scalar[..])?;
        let (private, public) = pair(&scalar)?;
        Ok(Self { number, content: LessSafeKey::new(content), index, private, public })
    }
}

fn pair(scalar: &[u8; PUBLIC]) -> Result<(agreement::PrivateKey, [u8; PUBLIC]), Unspecified> {
    let private =
        agreement::PrivateKey::from_private_key(&agreement::X25519, &scalar[..]).map_err(|_| Unspecified)?;
    let public = private.compute_public_key()?.as_ref().try_into().map_err(|_| Unspecified)?;
    Ok((private, public))
}

/// The key that a sender and the owner of `receiver` have in common (X25519, HKDF over both public halves).
fn agreed(
    private: &agreement::PrivateKey,
    peer: &[u8; PUBLIC],
    sender: &[u8; PUBLIC],
    receiver: &[u8; PUBLIC],
) -> Result<LessSafeKey, Unspecified> {
    let peer = agreement::UnparsedPublicKey::new(&agreement::X25519, peer);
    agreement::agree(private, peer, Unspecified, |shared| {
        let secret = hkdf::Salt::new(hkdf::HKDF_SHA256, b"ndoba sealed to public").extract(shared);
        let key = UnboundKey::from(secret.expand(&[sender, receiver], &AES_256_GCM)?);
        Ok(LessSafeKey::new(key))
    })
}

/// The public half of a data key that its token has not given yet: it seals, and opens nothing. So a revocation is taken
/// with the token dead, and what was said by whom is sealed all the same.
pub struct PublicDataKey {
    installation: InstallationId,
    number: u32,
    public: [u8; PUBLIC],
    random: Arc<dyn Random>,
}

impl PublicDataKey {
    /// Takes a public half as it is stored; none where it is not one.
    pub fn new(
        installation: InstallationId,
        number: u32,
        public: &[u8],
        random: Arc<dyn Random>,
    ) -> Option<Self> {
        Some(Self { installation, number, public: public.try_into().ok()?, random })
    }
}

impl Seal for PublicDataKey {
    fn number(&self) -> u32 {
        self.number
    }

    fn seal(&self, place: Place<'_>, clear: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut scalar = Zeroizing::new([0; PUBLIC]);
        self.random.fill(&mut scalar[..])?;
        let (private, sender) = pair(&scalar).map_err(|_| SealError::Refused)?;
        let key = agreed(&private, &self.public, &sender, &self.public).map_err(|_| SealError::Refused)?;
        let mut head = vec![TO_PUBLIC];
        head.extend(self.number.to_be_bytes());
        head.extend(sender);
        let aad = aad(TO_PUBLIC, self.number, self.installation, place);
        finish(head, &key, &*self.random, aad, clear)
    }
}

/// What comes before the nonce, the nonce, the ciphertext and its tag.
fn finish(
    mut head: Vec<u8>,
    key: &LessSafeKey,
    random: &dyn Random,
    aad: Vec<u8>,
    clear: &[u8],
) -> Result<Vec<u8>, SealError> {
    let mut nonce = [0; NONCE_LEN];
    random.fill(&mut nonce)?;
    head.extend(nonce);
    let mut content = clear.to_vec();
    let nonce = Nonce::assume_unique_for_key(nonce);
    if key.seal_in_place_append_tag(nonce, Aad::from(aad), &mut content).is_err() {
        content.zeroize();
        return Err(SealError::Refused);
    }
    head.extend(content);
    Ok(head)
}

fn aad(version: u8, number: u32, installation: InstallationId, place: Place<'_>) -> Vec<u8> {
    let Place { table, row, column } = place;
    let mut aad = vec![version];
    aad.extend(number.to_be_bytes());
    aad.extend(installation.as_bytes());
    for part in [table.as_bytes(), row, column.as_bytes()] {
        // Lengths first: no two places are spelt alike. Names and keys are short.
        aad.extend(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        aad.extend(part);
    }
    aad
}

/// The data keys of an installation: the newest seals, all of them open.
pub struct DataKeys {
    installation: InstallationId,
    /// By number, the newest last; never empty.
    keys: Vec<DataKey>,
    random: Arc<dyn Random>,
}

impl DataKeys {
    /// Makes them ready; none where there are none, or where the library refuses one.
    pub fn new(
        installation: InstallationId,
        raw: &[(u32, RawDataKey)],
        random: Arc<dyn Random>,
    ) -> Option<Self> {
        let derived = raw.iter().map(|(number, raw)| DataKey::derive(*number, raw));
        let mut keys = derived.collect::<Result<Vec<_>, _>>().ok()?;
        keys.sort_by_key(|key| key.number);
        keys.last()?;
        Some(Self { installation, keys, random })
    }

    /// The number of the key that seals.
    pub fn newest(&self) -> u32 {
        self.keys.last().map_or(0, |key| key.number)
    }

    /// The numbers of all of them.
    pub fn numbers(&self) -> impl Iterator<Item = u32> + '_ {
        self.keys.iter().map(|key| key.number)
    }

    /// The public half of the newest.
    pub fn public(&self) -> Option<&[u8]> {
        self.keys.last().map(|key| &key.public[..])
    }

    /// Opens what was sealed to this place.
    ///
    /// # Errors
    ///
    /// [`OpenError`].
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let (&[version, number @ ..], rest) = sealed.split_first_chunk::<HEADER>().ok_or(OpenError::Form)?;
        let number = u32::from_be_bytes(number);
        let (sender, rest) = match version {
            VERSION => (None, rest),
            TO_PUBLIC => {
                let (sender, rest) = rest.split_first_chunk::<PUBLIC>().ok_or(OpenError::Form)?;
                (Some(sender), rest)
            }
            _ => return Err(OpenError::Form),
        };
        let (nonce, content) = rest.split_first_chunk::<NONCE_LEN>().ok_or(OpenError::Form)?;
        if content.len() < MAX_TAG_LEN {
            return Err(OpenError::Form);
        }
        let Some(key) = self.keys.iter().find(|key| key.number == number) else {
            return Err(if number > self.newest() { OpenError::NewerKey } else { OpenError::NoKey });
        };
        let agreed = sender
            .map(|sender| agreed(&key.private, sender, sender, &key.public))
            .transpose()
            .map_err(|_| OpenError::Damaged)?;
        let opens = agreed.as_ref().unwrap_or(&key.content);
        let mut clear = Zeroizing::new(content.to_vec());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let aad = Aad::from(aad(version, number, self.installation, place));
        let length = opens.open_in_place(nonce, aad, &mut clear).map_err(|_| OpenError::Damaged)?.len();
        clear.truncate(length);
        Ok(clear)
    }

    /// What a value is found by that is stored sealed: under each key, the newest last.
    pub fn indexes(&self, column: &'static str, value: &str) -> Vec<[u8; 32]> {
        self.keys.iter().map(|key| self.index_under(key, column, value)).collect()
    }

    /// The same, as it is stored now.
    pub fn index(&self, column: &'static str, value: &str) -> [u8; 32] {
        self.keys.last().map_or([0; 32], |key| self.index_under(key, column, value))
    }

    fn index_under(&self, key: &DataKey, column: &'static str, value: &str) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&key.index);
        for part in [self.installation.as_bytes().as_slice(), column.as_bytes(), &[0], value.as_bytes()] {
            context.update(part);
        }
        let mut index = [0; 32];
        index.copy_from_slice(context.sign().as_ref());
        index
    }
}

impl Seal for DataKeys {
    fn number(&self) -> u32 {
        self.newest()
    }

    fn seal(&self, place: Place<'_>, clear: &[u8]) -> Result<Vec<u8>, SealError> {
        let key = self.keys.last().ok_or(SealError::Refused)?;
        let mut head = vec![VERSION];
        head.extend(key.number.to_be_bytes());
        finish(head, &key.content, &*self.random, aad(VERSION, key.number, self.installation, place), clear)
    }
}

impl fmt::Debug for DataKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataKeys").field("newest", &self.newest()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Counts: nonces only have to differ.
    struct Counting(std::sync::atomic::AtomicU64);

    impl Random for Counting {
        fn fill(&self, octets: &mut [u8]) -> Result<(), RandomUnavailable> {
            let number = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed).to_be_bytes();
            octets.iter_mut().zip(number.iter().cycle()).for_each(|(octet, one)| *octet = *one);
            Ok(())
        }
    }

    fn keys(home: u8, numbers: &[u32]) -> DataKeys {
        let raw = |n: &u32| (*n, RawDataKey::from_unwrapped(&[n.to_be_bytes()[3]; 32]).unwrap());
        let raw: Vec<_> = numbers.iter().map(raw).collect();
        let random = Arc::new(Counting(std::sync::atomic::AtomicU64::new(1)));
        DataKeys::new(InstallationId::from_bytes([home; 16]), &raw, random).unwrap()
    }

    const HERE: Place<'_> = Place { table: "evidence", row: &[1, 2], column: "content" };

    #[test]
    fn a_value_opens_in_its_place_only() {
        let ours = keys(1, &[1]);
        let sealed = ours.seal(HERE, b"12IA34567").unwrap();
        assert_eq!(ours.open(HERE, &sealed).unwrap().as_slice(), b"12IA34567");
        assert!(!sealed.windows(4).any(|four| four == b"12IA"));
        assert_ne!(ours.seal(HERE, b"12IA34567").unwrap(), sealed, "no nonce twice");
        let elsewhere = [
            Place { row: &[1, 3], ..HERE },
            Place { table: "evidenc", row: &[b'e', 1, 2], ..HERE },
            Place { column: "remark", ..HERE },
        ];
        for place in elsewhere {
            assert_eq!(ours.open(place, &sealed).unwrap_err(), OpenError::Damaged, "{place:?}");
        }
        assert_eq!(
            keys(2, &[1]).open(HERE, &sealed).unwrap_err(),
            OpenError::Damaged,
            "another installation"
        );
    }

    #[test]
    fn the_public_half_seals_and_opens_nothing() {
        let ours = keys(1, &[1, 2]);
        let random = Arc::new(Counting(std::sync::atomic::AtomicU64::new(9)));
        let home = InstallationId::from_bytes([1; 16]);
        let public = PublicDataKey::new(home, 2, ours.public().unwrap(), random).unwrap();
        let sealed = public.seal(HERE, b"a call at night").unwrap();
        assert_eq!((public.number(), &sealed[..HEADER]), (2, &[TO_PUBLIC, 0, 0, 0, 2][..]));
        assert_eq!(ours.open(HERE, &sealed).unwrap().as_slice(), b"a call at night");
        assert_eq!(ours.open(Place { row: &[1, 3], ..HERE }, &sealed).unwrap_err(), OpenError::Damaged);
        assert_eq!(keys(1, &[1]).open(HERE, &sealed).unwrap_err(), OpenError::NewerKey);
        for at in [HEADER, HEADER + PUBLIC, sealed.len() - 1] {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(ours.open(HERE, &changed).unwrap_err(), OpenError::Damaged, "{at}");
        }
        assert_eq!(ours.open(HERE, &sealed[..HEADER + PUBLIC]).unwrap_err(), OpenError::Form);
    }

    #[test]
    fn the_newest_key_seals_and_all_open() {
        let (before, after) = (keys(1, &[1]), keys(1, &[2, 1]));
        let old = before.seal(HERE, b"old").unwrap();
        let new = after.seal(HERE, b"new").unwrap();
        assert_eq!((after.newest(), &new[..HEADER]), (2, &[VERSION, 0, 0, 0, 2][..]));
        assert_eq!(after.open(HERE, &old).unwrap().as_slice(), b"old");
        assert_eq!(before.open(HERE, &new).unwrap_err(), OpenError::NewerKey);
        assert_eq!(keys(1, &[2]).open(HERE, &old).unwrap_err(), OpenError::NoKey);
    }

    #[test]
    fn an_index_is_one_keys_one_columns_and_one_values() {
        let both = keys(1, &[1, 2]);
        let found = both.indexes("subject", "01001000001");
        assert_eq!(found[0], keys(1, &[1]).index("subject", "01001000001"));
        assert_eq!(found[1], both.index("subject", "01001000001"));
        assert_ne!(found[0], found[1]);
        assert_ne!(found[1], both.index("subject", "01001000002"));
        assert_ne!(found[1], both.index("other", "01001000001"));
        assert_ne!(found[1], keys(2, &[1, 2]).index("subject", "01001000001"));
    }

    #[test]
    fn keys_say_nothing_of_themselves() {
        let raw = RawDataKey::from_unwrapped(&[0x5a; 32]).unwrap();
        let said = format!("{raw:?} {:?}", keys(1, &[0x5a]));
        assert!(!said.contains("5a5a") && !said.contains("90, 90"), "{said}");
        assert!(RawDataKey::from_unwrapped(&[1; 31]).is_none());
    }

    proptest! {
        #[test]
        fn no_octets_panic(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(keys(1, &[1]).open(HERE, &octets).is_err());
        }

        #[test]
        fn no_changed_octet_opens(at in 0_usize..40, by in 1_u8..) {
            let ours = keys(1, &[1]);
            let mut sealed = ours.seal(HERE, b"content").unwrap();
            let at = at % sealed.len();
            sealed[at] ^= by;
            prop_assert!(ours.open(HERE, &sealed).is_err());
        }
    }
}
