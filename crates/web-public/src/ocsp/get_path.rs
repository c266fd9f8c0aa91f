//! The request in the path of a GET, as clients, libraries and proxies spoil it (interop.md §4, 1).

use std::iter;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// What a path after `/ocsp` may have meant, the likeliest first. Nothing when it is no base64 at all.
///
/// Escaped or raw, standard or URL-safe alphabet, with or without padding, with slashes in front; and with one
/// `//` inside collapsed to `/`, as proxies do: each slash in turn is taken for two. Only what is asked for is
/// decoded.
pub fn candidates(raw: &str) -> impl Iterator<Item = Vec<u8>> {
    // DER starts with 0x30, hence base64 with `M`: slashes in front are never part of it.
    let text = unescape(raw).unwrap_or_default();
    let text = text.trim_start_matches('/').trim_end_matches('=').to_owned();
    let straight = Some(text.clone()).filter(|text| !text.is_empty());
    let mut from = 0;
    let collapsed = iter::from_fn(move || {
        let position = from + text.get(from..)?.find('/')?;
        from = position + 1;
        let (before, after) = text.split_at(position);
        Some(format!("{before}/{after}"))
    });
    straight.into_iter().chain(collapsed.take(MAX_REPAIRS)).filter_map(|text| BASE64.decode(text).ok())
}

/// How many slashes are considered for doubling.
const MAX_REPAIRS: usize = 16;

/// Undoes percent-encoding once, and what other layers do to `+` and to long lines.
fn unescape(raw: &str) -> Option<String> {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw.bytes();
    while let Some(octet) = rest.next() {
        let octet = match octet {
            b'%' => (hex_digit(rest.next()?)? << 4) | hex_digit(rest.next()?)?,
            other => other,
        };
        match octet {
            b'\r' | b'\n' => {}
            b' ' => text.push('+'),
            b'-' => text.push('+'),
            b'_' => text.push('/'),
            other => text.push(char::from(other)),
        }
    }
    Some(text)
}

fn hex_digit(octet: u8) -> Option<u8> {
    char::from(octet).to_digit(16)?.try_into().ok()
}

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// `M` first, and with `+`, `/`, `//` and `=` in it.
    const DER: &[u8] = &[0x30, 0xff, 0xff, 0xff, 0xfb, 0xef, 0xbe, 0x01];

    #[test]
    fn spellings() {
        for spelling in [
            "/MP////vvvgE=",
            "/MP////vvvgE",
            "//MP////vvvgE=",
            "/MP%2F%2f%2F%2FvvvgE%3D",
            "/MP____vvvgE",
            "/MP%2F%2F%2F%2Fvvvg%0D%0AE%3d",
        ] {
            assert_eq!(candidates(spelling).next().as_deref(), Some(DER), "{spelling}");
        }
        let plus = &[0x30, 0xfb, 0xef, 0xbe][..];
        for spelling in ["/MPvvvg==", "/MPvvvg"] {
            assert_eq!(candidates(spelling).next().as_deref(), Some(plus), "{spelling}");
        }
        for spelling in ["/MAA+", "/MAA%2b", "/MAA%20", "/MAA-"] {
            assert_eq!(candidates(spelling).next(), Some(vec![0x30, 0x00, 0x3e]), "{spelling}");
        }
    }

    #[test]
    fn a_collapsed_pair_of_slashes() {
        let der = [0x30, 0x0f, 0xff, 0x03, 0xff, 0xf0];
        assert_eq!(BASE64.encode(der), "MA//A//w");
        for spelling in ["/MA/A//w", "/MA//A/w"] {
            assert!(candidates(spelling).any(|reading| reading == der), "{spelling}");
        }
    }

    #[test]
    fn no_base64() {
        for spelling in ["/%", "/%4", "/%zz", "/M?", "/MAA*", "/%00%00%00%00"] {
            assert_eq!(candidates(spelling).next(), None, "{spelling}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(raw in ".{0,200}") {
            let _ = candidates(&raw).count();
        }

        #[test]
        fn every_standard_spelling_comes_back(tail in proptest::collection::vec(any::<u8>(), 0..100)) {
            let der = [vec![0x30], tail].concat();
            let raw = format!("/{}", BASE64.encode(&der));
            let escaped = raw.replacen('/', "", 1).replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
            prop_assert_eq!(candidates(&raw).next(), Some(der.clone()));
            prop_assert_eq!(candidates(&format!("/{escaped}")).next(), Some(der));
        }
    }
}
