//! Addresses that go into certificates.

use std::fmt;
use std::str::FromStr;

/// An absolute http or https URL in printable ASCII, without a fragment, credentials or a final slash.
///
/// It becomes an IA5String in certificates that live for years, so it is taken exactly as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpUrl(String);

impl HttpUrl {
    /// The URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether its scheme is https.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }

    /// The URL of `path`, which begins with a slash, under this one.
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
}

impl FromStr for HttpUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let host = rest.and_then(|rest| rest.split(['/', '?']).next()).unwrap_or_default();
        if host.is_empty() || host.contains('@') {
            return Err(format!(
                "`{text}` is no address; write http://host or https://host, with a path if needed"
            ));
        }
        if !text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'#' | b'<' | b'>' | b'"' | b'\\')) {
            return Err(format!(
                "`{text}`: an address in a certificate is printable ASCII without spaces or #"
            ));
        }
        if text.ends_with('/') {
            return Err(format!("`{text}`: leave out the slash at the end"));
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_belongs_in_a_certificate() {
        let url: HttpUrl = "http://127.0.0.1:8080".parse().unwrap();
        assert_eq!(url.join("/ocsp"), "http://127.0.0.1:8080/ocsp");
        for bad in [
            "",
            "ftp://x",
            "http://",
            "http:///a",
            "http://a b",
            "http://a/",
            "http://u:p@h",
            "http://ნდობა.ge",
        ] {
            assert!(bad.parse::<HttpUrl>().is_err(), "{bad}");
        }
    }
}
