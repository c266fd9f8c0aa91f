//! Addresses that certificates carry.

use std::fmt;
use std::str::FromStr;

use ndoba_types::CrlName;

use crate::issuer::IssuerUrls;

/// The most octets an address may have.
const MAX_LEN: usize = 2000;

/// Letters, digits and marks that a URI may hold (RFC 3986), no spaces, no other scripts: goes into an IA5String.
fn is_uri_rest(text: &str) -> bool {
    let host_end = text.find(['/', '?', '#']).unwrap_or(text.len());
    let host = &text[..host_end];
    let host_ok = !host.is_empty()
        && host.bytes().any(|b| b.is_ascii_alphanumeric())
        && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.:[]".contains(&b));
    host_ok && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&b))
}

macro_rules! url {
    ($(#[$doc:meta])* $name:ident, $scheme:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The address as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// `path` under this address, with exactly one slash between.
            ///
            /// # Errors
            ///
            /// [`BadUrl`] when `path` has characters that an address cannot have.
            pub fn join(&self, path: &str) -> Result<Self, BadUrl> {
                format!("{}/{}", self.0.trim_end_matches('/'), path.trim_start_matches('/')).parse()
            }
        }

        impl FromStr for $name {
            type Err = BadUrl;

            fn from_str(text: &str) -> Result<Self, BadUrl> {
                let rest = text.strip_prefix(concat!($scheme, "://")).ok_or(BadUrl::Scheme { wanted: $scheme })?;
                if text.len() > MAX_LEN || !is_uri_rest(rest) {
                    return Err(BadUrl::Characters);
                }
                Ok(Self(text.into()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadUrl;

            fn try_from(text: String) -> Result<Self, BadUrl> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(url: $name) -> String {
                url.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    };
}

url! {
    /// A plain `http://` address, as for status and issuers: no TLS, which would need what it serves (C-32).
    HttpUrl, "http"
}
url! {
    /// An `https://` address, as for documents that people read (C-51, C-61).
    HttpsUrl, "https"
}

/// Where an installation publishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrls {
    /// The public server: status, lists, issuers are under it.
    pub base: HttpUrl,
    /// The folder of PKI disclosure statements and practice statements.
    pub documents: HttpsUrl,
}

impl PublicUrls {
    /// What certificates issued by the CA named `ca` (lower-case letters, digits, hyphens) say about it:
    /// `/ocsp`, `/crl/<ca>.crl`, `/issuer/<ca>.cer`.
    ///
    /// # Errors
    ///
    /// [`BadUrl`] when the name has characters that an address cannot have.
    pub fn of_issuer(&self, ca: &str) -> Result<IssuerUrls, BadUrl> {
        Ok(IssuerUrls {
            ca_issuers: self.base.join(&format!("issuer/{ca}.cer"))?,
            ocsp: self.base.join("ocsp")?,
            crl: self.base.join(&format!("crl/{ca}.crl"))?,
        })
    }

    /// Where a list is: `/crl/<list>.crl`.
    ///
    /// # Errors
    ///
    /// [`BadUrl`] when the address would be too long.
    pub fn of_crl(&self, list: &CrlName) -> Result<HttpUrl, BadUrl> {
        self.base.join(&format!("crl/{list}.crl"))
    }
}

/// Why text is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadUrl {
    /// Another scheme.
    #[error("the address must begin with {wanted}://")]
    Scheme {
        /// The scheme that is wanted here.
        wanted: &'static str,
    },
    /// No host, too long, or characters that an address cannot have.
    #[error("the address needs a host and may have only the characters of RFC 3986")]
    Characters,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_and_what_not() {
        let base: HttpUrl = "http://127.0.0.1:8080/".parse().unwrap();
        assert_eq!(base.join("/ocsp").unwrap().as_str(), "http://127.0.0.1:8080/ocsp");
        for bad in ["https://a", "http://", "http:///x", "http://a b", "http://გ.ge", "http://a\n"] {
            assert!(bad.parse::<HttpUrl>().is_err(), "{bad}");
        }
        assert!("https://pki.example.com/pds".parse::<HttpsUrl>().is_ok());
        assert!("http://pki.example.com".parse::<HttpsUrl>().is_err());
    }
}
