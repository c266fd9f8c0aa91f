//! A person's key on a card, as a `pkcs11:` URI (RFC 7512) names it.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::PinPlace;

/// The longest URI that is read, in octets.
const MAX_LEN: usize = 2048;

/// Which key on which card, and where the card's PIN is; never the PIN.
///
/// What an attribute leaves out is not asked for: a URI with `token` alone names the only key of that card.
///
/// ```
/// let key: ndoba_types::CardUri = "pkcs11:token=Nino;object=officer?pin-source=file:/run/pin".parse().unwrap();
/// assert_eq!((key.token.as_deref(), key.object.as_deref()), (Some("Nino"), Some("officer")));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CardUri {
    /// The token's label.
    pub token: Option<String>,
    /// The token's serial number.
    pub serial: Option<String>,
    /// Who made it.
    pub manufacturer: Option<String>,
    /// Its model.
    pub model: Option<String>,
    /// The key's label (CKA_LABEL).
    pub object: Option<String>,
    /// The key's identifier (CKA_ID).
    pub id: Option<Vec<u8>>,
    /// The library by which the card is reached.
    pub module: Option<PathBuf>,
    /// Where the PIN is; the person is asked when absent.
    pub pin: Option<PinPlace>,
}

/// Why a text is no URI of a key on a card. None of the sentences repeats the text: a PIN may stand in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadCardUri {
    /// Another scheme, or too long.
    #[error("a key on a card is named `pkcs11:token=…;object=…` (RFC 7512), in {MAX_LEN} octets at most")]
    Scheme,
    /// A `%` without two hexadecimal digits, or a control character.
    #[error("the pkcs11: URI has a character that must be written as `%` and two hexadecimal digits")]
    Escape,
    /// An attribute without a value, or one that stands twice.
    #[error("each attribute of the pkcs11: URI is `name=value`, once")]
    Attribute,
    /// An attribute that is not looked at: the key might be another one than meant.
    #[error(
        "the pkcs11: URI may have token, serial, manufacturer, model, object, id and type, and after `?` module-path \
         and pin-source"
    )]
    Unknown,
    /// `pin-value`.
    #[error(
        "a PIN is never an argument: leave pin-value out, and say with pin-source where it is, or be asked"
    )]
    PinValue,
    /// `pin-source` of another form.
    #[error("pin-source is `file:/path`, `fd:3` (above 2) or `credential:name`")]
    PinSource,
    /// `module-path` that is relative.
    #[error("module-path is the absolute path of a PKCS#11 library")]
    ModulePath,
    /// `type` of something that does not sign.
    #[error("the pkcs11: URI names something else than a private key: type is `private`, or left out")]
    Type,
}

impl CardUri {
    /// How such a URI begins, for telling it from a file's name.
    pub const SCHEME: &'static str = "pkcs11:";

    fn path(&mut self, name: &str, value: &str) -> Result<(), BadCardUri> {
        match name {
            "token" => put(&mut self.token, text(value)?),
            "serial" => put(&mut self.serial, text(value)?),
            "manufacturer" => put(&mut self.manufacturer, text(value)?),
            "model" => put(&mut self.model, text(value)?),
            "object" => put(&mut self.object, text(value)?),
            "id" => put(&mut self.id, octets(value)?),
            "type" if value == "private" => Ok(()),
            "type" => Err(BadCardUri::Type),
            _ => Err(BadCardUri::Unknown),
        }
    }

    fn query(&mut self, name: &str, value: &str) -> Result<(), BadCardUri> {
        match name {
            "module-path" => {
                let path = PathBuf::from(text(value)?);
                if !path.is_absolute() {
                    return Err(BadCardUri::ModulePath);
                }
                put(&mut self.module, path)
            }
            "pin-source" => put(&mut self.pin, pin(&text(value)?)?),
            "pin-value" => Err(BadCardUri::PinValue),
            _ => Err(BadCardUri::Unknown),
        }
    }
}

impl FromStr for CardUri {
    type Err = BadCardUri;

    fn from_str(uri: &str) -> Result<Self, BadCardUri> {
        let rest = uri.strip_prefix(Self::SCHEME).filter(|_| uri.len() <= MAX_LEN);
        let rest = rest.ok_or(BadCardUri::Scheme)?;
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut read = Self::default();
        for (name, value) in attributes(path, ';') {
            read.path(name, value.ok_or(BadCardUri::Attribute)?)?;
        }
        for (name, value) in attributes(query, '&') {
            read.query(name, value.ok_or(BadCardUri::Attribute)?)?;
        }
        Ok(read)
    }
}

/// The key's and the card's names only, for messages: RFC 7512's own form, without the query.
impl fmt::Display for CardUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { token, serial, manufacturer, model, object, id, module: _, pin: _ } = self;
        let texts = [
            ("token", token),
            ("serial", serial),
            ("manufacturer", manufacturer),
            ("model", model),
            ("object", object),
        ];
        f.write_str(Self::SCHEME)?;
        let mut separator = "";
        for (name, value) in texts {
            if let Some(value) = value {
                write!(f, "{separator}{name}={}", escaped(value.as_bytes(), false))?;
                separator = ";";
            }
        }
        if let Some(id) = id {
            write!(f, "{separator}id={}", escaped(id, true))?;
        }
        Ok(())
    }
}

fn attributes(part: &str, separator: char) -> impl Iterator<Item = (&str, Option<&str>)> {
    let some = part.split(separator).filter(move |_| !part.is_empty());
    some.map(|one| one.split_once('=').map_or((one, None), |(name, value)| (name, Some(value))))
}

fn put<T>(place: &mut Option<T>, value: T) -> Result<(), BadCardUri> {
    if place.is_some() {
        return Err(BadCardUri::Attribute);
    }
    *place = Some(value);
    Ok(())
}

/// What `pin-source` names: `fd:3`, `credential:name`, `file:/path`, or the path alone.
fn pin(source: &str) -> Result<PinPlace, BadCardUri> {
    let place = if let Some(number) = source.strip_prefix("fd:") {
        number.parse().ok().and_then(PinPlace::fd)
    } else if let Some(name) = source.strip_prefix("credential:") {
        PinPlace::credential(name)
    } else {
        // `file:///path` and `file:/path` are the same file (RFC 8089 §2).
        let path = source.strip_prefix("file:").unwrap_or(source);
        let path = PathBuf::from(path.strip_prefix("//").unwrap_or(path));
        path.is_absolute().then_some(PinPlace::File(path))
    };
    place.ok_or(BadCardUri::PinSource)
}

fn text(value: &str) -> Result<String, BadCardUri> {
    let text = String::from_utf8(octets(value)?).map_err(|_| BadCardUri::Escape)?;
    if text.is_empty() {
        return Err(BadCardUri::Attribute);
    }
    if text.chars().any(char::is_control) { Err(BadCardUri::Escape) } else { Ok(text) }
}

/// The octets behind percent-encoding. Characters that RFC 7512 wants encoded are taken as they are, if they are no
/// separators: people write Georgian names.
fn octets(value: &str) -> Result<Vec<u8>, BadCardUri> {
    let mut octets = Vec::with_capacity(value.len());
    let mut rest = value.bytes();
    while let Some(octet) = rest.next() {
        octets.push(if octet == b'%' {
            let mut digit = || rest.next().and_then(|octet| char::from(octet).to_digit(16));
            let (high, low) = digit().zip(digit()).ok_or(BadCardUri::Escape)?;
            u8::try_from(high * 16 + low).map_err(|_| BadCardUri::Escape)?
        } else {
            octet
        });
    }
    if octets.is_empty() { Err(BadCardUri::Attribute) } else { Ok(octets) }
}

/// Percent-encoded but for what RFC 3986 calls unreserved; an identifier altogether (RFC 7512 §2.3).
fn escaped(octets: &[u8], whole: bool) -> String {
    let mut text = String::new();
    for &octet in octets {
        let plain = octet.is_ascii_alphanumeric() || b"-._~".contains(&octet);
        if plain && !whole {
            text.push(char::from(octet));
        } else {
            text.push_str(&format!("%{octet:02X}"));
        }
    }
    text
}

#[cfg(test)]
mod tests;
