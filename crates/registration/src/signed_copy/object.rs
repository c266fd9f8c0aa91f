//! Objects of a PDF as text (ISO 32000-1 §7.2, §7.3).

use std::ops::Range;

/// How deep objects may lie in each other.
const MAX_DEPTH: usize = 16;

/// An object.
#[derive(Clone, Debug)]
pub(super) enum Object {
    Array(Vec<Self>),
    Dictionary(Vec<(Vec<u8>, Self)>),
    Name(Vec<u8>),
    /// A number, `true`, `false` or `null`, as it is written.
    Plain(Vec<u8>),
    /// The number of an object of generation 0.
    Reference(u32),
    /// A string, decoded; and where it stands, its delimiters included.
    Text(Vec<u8>, Range<usize>),
}

/// The same value, wherever it stands.
impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Array(one), Self::Array(other)) => one == other,
            (Self::Dictionary(one), Self::Dictionary(other)) => {
                one.len() == other.len() && one.iter().all(|(key, value)| get(other, key) == Some(value))
            }
            (Self::Name(one), Self::Name(other)) | (Self::Text(one, _), Self::Text(other, _)) => one == other,
            (Self::Plain(one), Self::Plain(other)) => number(one) == number(other),
            (Self::Reference(one), Self::Reference(other)) => one == other,
            (
                Self::Array(_)
                | Self::Dictionary(_)
                | Self::Name(_)
                | Self::Plain(_)
                | Self::Reference(_)
                | Self::Text(..),
                _,
            ) => false,
        }
    }
}

/// `595.0` is written `595` by others.
fn number(text: &[u8]) -> &[u8] {
    if !text.contains(&b'.') {
        return text;
    }
    let end = text.iter().rposition(|digit| *digit != b'0').map_or(0, |last| last + 1);
    let short = text.get(..end).unwrap_or_default();
    short.strip_suffix(b".").unwrap_or(short)
}

fn get<'a>(dictionary: &'a [(Vec<u8>, Object)], key: &[u8]) -> Option<&'a Object> {
    dictionary.iter().find(|(name, _)| name == key).map(|(_, value)| value)
}

impl Object {
    /// The entries of a dictionary; none for anything else.
    pub(super) fn entries(&self) -> &[(Vec<u8>, Self)] {
        if let Self::Dictionary(entries) = self { entries } else { &[] }
    }

    /// The value under a key of a dictionary.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        get(self.entries(), key.as_bytes())
    }

    /// Whether the value under `key` is this name.
    pub(super) fn says(&self, key: &str, name: &str) -> bool {
        matches!(self.get(key), Some(Self::Name(found)) if found == name.as_bytes())
    }

    /// A number that is not negative and whole.
    pub(super) fn whole(&self) -> Option<usize> {
        if let Self::Plain(digits) = self { decimal(digits) } else { None }
    }
}

fn decimal(digits: &[u8]) -> Option<usize> {
    let fits = (1..=10).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    let digits = std::str::from_utf8(digits).ok().filter(|_| fits)?;
    digits.parse().ok()
}

/// The four numbers of an array that begins at `at`.
pub(super) fn four_numbers(file: &[u8], at: usize) -> Option<[usize; 4]> {
    let Ok(Object::Array(numbers)) = (Reader { bytes: file, at }).object(MAX_DEPTH) else { return None };
    let numbers: Option<Vec<usize>> = numbers.iter().map(Object::whole).collect();
    numbers?.try_into().ok()
}

/// It is not what is read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unreadable;

/// Reads on from a place.
pub(super) struct Reader<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
}

fn is_space(octet: u8) -> bool {
    matches!(octet, 0 | b'\t' | b'\n' | 0x0c | b'\r' | b' ')
}

fn is_regular(octet: u8) -> bool {
    !is_space(octet) && !b"()<>[]{}/%".contains(&octet)
}

impl<'a> Reader<'a> {
    pub(super) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Whitespace, without comments.
    pub(super) fn white(&mut self) {
        self.at += self.rest().iter().take_while(|octet| is_space(**octet)).count();
    }

    /// Whitespace and comments.
    pub(super) fn space(&mut self) {
        self.white();
        while self.rest().starts_with(b"%") {
            self.at += self.rest().iter().take_while(|octet| !matches!(octet, b'\n' | b'\r')).count();
            self.white();
        }
    }

    /// Takes these octets, which must come next.
    pub(super) fn expect(&mut self, word: &[u8]) -> Result<(), Unreadable> {
        if self.rest().starts_with(word) {
            self.at += word.len();
            Ok(())
        } else {
            Err(Unreadable)
        }
    }

    /// A run of regular characters, after whitespace and comments.
    pub(super) fn word(&mut self) -> &'a [u8] {
        self.space();
        let rest = self.rest();
        let length = rest.iter().take_while(|octet| is_regular(**octet)).count();
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    /// The same, and it must be this one.
    pub(super) fn keyword(&mut self, word: &[u8]) -> Result<(), Unreadable> {
        if self.word() == word { Ok(()) } else { Err(Unreadable) }
    }

    pub(super) fn number(&mut self) -> Result<usize, Unreadable> {
        decimal(self.word()).ok_or(Unreadable)
    }

    pub(super) fn any(&mut self) -> Result<Object, Unreadable> {
        self.object(MAX_DEPTH)
    }

    fn object(&mut self, depth: usize) -> Result<Object, Unreadable> {
        let depth = depth.checked_sub(1).ok_or(Unreadable)?;
        self.space();
        match self.rest() {
            [b'<', b'<', ..] => self.dictionary(depth),
            [b'<', ..] => self.hexadecimal(),
            [b'(', ..] => self.literal(),
            [b'/', ..] => Ok(Object::Name(self.name()?)),
            [b'[', ..] => self.array(depth),
            _ => self.plain(),
        }
    }

    fn array(&mut self, depth: usize) -> Result<Object, Unreadable> {
        self.expect(b"[")?;
        let mut elements = Vec::new();
        loop {
            self.space();
            if self.expect(b"]").is_ok() {
                return Ok(Object::Array(elements));
            }
            elements.push(self.object(depth)?);
        }
    }

    fn dictionary(&mut self, depth: usize) -> Result<Object, Unreadable> {
        self.expect(b"<<")?;
        let mut entries: Vec<(Vec<u8>, Object)> = Vec::new();
        loop {
            self.space();
            if self.expect(b">>").is_ok() {
                return Ok(Object::Dictionary(entries));
            }
            let key = self.name()?;
            // Readers differ in which of two they take.
            if get(&entries, &key).is_some() {
                return Err(Unreadable);
            }
            entries.push((key, self.object(depth)?));
        }
    }

    /// A name, `#` and two digits decoded, so that none is written another way.
    fn name(&mut self) -> Result<Vec<u8>, Unreadable> {
        self.expect(b"/")?;
        let length = self.rest().iter().take_while(|octet| is_regular(**octet)).count();
        let mut written = self.rest().iter().take(length).copied();
        self.at += length;
        let mut name = Vec::with_capacity(length);
        while let Some(octet) = written.next() {
            if octet == b'#' {
                let digits = [written.next().ok_or(Unreadable)?, written.next().ok_or(Unreadable)?];
                name.extend(hex::decode(digits).map_err(|_| Unreadable)?);
            } else {
                name.push(octet);
            }
        }
        Ok(name)
    }

    fn hexadecimal(&mut self) -> Result<Object, Unreadable> {
        let begin = self.at;
        self.expect(b"<")?;
        let length = self.rest().iter().position(|octet| *octet == b'>').ok_or(Unreadable)?;
        let mut digits: Vec<u8> =
            self.rest().iter().take(length).copied().filter(|c| !is_space(*c)).collect();
        if digits.len() % 2 == 1 {
            digits.push(b'0');
        }
        self.at += length + 1;
        Ok(Object::Text(hex::decode(digits).map_err(|_| Unreadable)?, begin..self.at))
    }

    /// A string in parentheses.
    fn literal(&mut self) -> Result<Object, Unreadable> {
        let begin = self.at;
        let mut text = Vec::new();
        let mut open = 0_usize;
        loop {
            match self.octet()? {
                b'\\' => text.extend(self.escaped()?),
                octet => {
                    open += usize::from(octet == b'(');
                    open -= usize::from(octet == b')');
                    if open == 0 {
                        // Without the parenthesis that began it.
                        text.remove(0);
                        return Ok(Object::Text(text, begin..self.at));
                    }
                    text.push(octet);
                }
            }
        }
    }

    /// What stands behind a backslash (§7.3.4.2).
    fn escaped(&mut self) -> Result<Option<u8>, Unreadable> {
        let octet = self.octet()?;
        Ok(match octet {
            b'n' => Some(b'\n'),
            b'r' => Some(b'\r'),
            b't' => Some(b'\t'),
            b'b' => Some(8),
            b'f' => Some(12),
            b'\n' => None,
            b'0'..=b'7' => {
                let more =
                    self.rest().iter().take(2).take_while(|digit| matches!(digit, b'0'..=b'7')).count();
                let digits = self.rest().iter().take(more);
                let code = digits.fold(octet - b'0', |code, digit| code.wrapping_mul(8) | (digit - b'0'));
                self.at += more;
                Some(code)
            }
            other => Some(other),
        })
    }

    fn octet(&mut self) -> Result<u8, Unreadable> {
        let octet = *self.rest().first().ok_or(Unreadable)?;
        self.at += 1;
        Ok(octet)
    }

    /// A reference, or a word.
    fn plain(&mut self) -> Result<Object, Unreadable> {
        let word = self.word();
        if word.is_empty() {
            return Err(Unreadable);
        }
        let behind = self.at;
        if let Some(number) = decimal(word)
            && self.word() == b"0"
            && self.word() == b"R"
        {
            return u32::try_from(number).map(Object::Reference).map_err(|_| Unreadable);
        }
        self.at = behind;
        let is_number = word.iter().all(|c| c.is_ascii_digit() || b"+-.".contains(c));
        if is_number || matches!(word, b"true" | b"false" | b"null") {
            Ok(Object::Plain(word.to_vec()))
        } else {
            Err(Unreadable)
        }
    }
}
