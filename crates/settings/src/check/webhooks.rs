//! Programs that are told what happens.

use std::path::Path;

use ndoba_types::Span;

use super::{Checked, complaint, parsed, path, positive_span};
use crate::HttpUrl;
use crate::raw::RawWebhook;
use crate::values::{Mode, Webhook};

/// A turn of delivery is longer.
const LONGEST_ANSWER: Span = Span::seconds(20);

pub(super) fn webhooks(raws: Vec<RawWebhook>, mode: Mode, folder: &Path) -> Checked<Vec<Webhook>> {
    let mut webhooks: Vec<Webhook> = Vec::with_capacity(raws.len());
    for (i, raw) in raws.into_iter().enumerate() {
        let key = |name: &str| format!("webhooks.{i}.{name}");
        let RawWebhook { name, url, events, secret_file, ca_file, timeout, retry_after, give_up_after } = raw;
        let fits = (1..=32).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !fits {
            return complaint(key("name"), "1 to 32 lower-case letters, digits and hyphens");
        }
        if webhooks.iter().any(|webhook| webhook.name == name) {
            return complaint(key("name"), format!("{name} stands there twice"));
        }
        let url: HttpUrl = parsed(&key("url"), &url)?;
        let plain = mode == Mode::Development && is_loopback(&url);
        if !(url.is_https() || plain) {
            return complaint(
                key("url"),
                "https; http only in development, and to a loopback address such as http://127.0.0.1:9000",
            );
        }
        if url.is_https() && ca_file.is_none() {
            return complaint(key("ca_file"), "missing: whose certificates are believed at an https address");
        }
        let span = |name: &str, text: &str| positive_span(&key(name), text);
        let timeout = span("timeout", &timeout)?;
        if timeout > LONGEST_ANSWER {
            return complaint(key("timeout"), "at most 20s");
        }
        webhooks.push(Webhook {
            name,
            events,
            secret_file: path(&key("secret_file"), &secret_file, folder)?,
            ca_file: ca_file.map(|file| path(&key("ca_file"), &file, folder)).transpose()?,
            timeout,
            retry_after: span("retry_after", &retry_after)?,
            give_up_after: span("give_up_after", &give_up_after)?,
            url,
        });
    }
    Ok(webhooks)
}

/// An IP address and no name: what a name means is another's to say.
fn is_loopback(url: &HttpUrl) -> bool {
    let rest = url.as_str().trim_start_matches("http://");
    let host = rest.split(['/', '?']).next().unwrap_or_default();
    host.parse::<std::net::SocketAddr>().is_ok_and(|address| address.ip().is_loopback())
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_goes_to_this_machine_only_and_only_in_development() {
        let raw = |url: &str| {
            let (name, secret_file) = ("a".into(), "a.secret".into());
            vec![RawWebhook { name, url: url.into(), secret_file, ..RawWebhook::default() }]
        };
        let judge = |url: &str, mode| webhooks(raw(url), mode, Path::new("/")).map_err(|one| one.key);
        for url in ["http://127.0.0.1:9000/in", "http://[::1]:9000", "http://127.0.0.9"] {
            assert!(judge(url, Mode::Development).is_ok(), "{url}");
            assert_eq!(judge(url, Mode::Production).unwrap_err(), "webhooks.0.url");
        }
        for url in ["http://localhost:9000", "http://192.0.2.1", "http://127.0.0.1.example", "http://example"]
        {
            assert_eq!(judge(url, Mode::Development).unwrap_err(), "webhooks.0.url", "{url}");
        }
        // Nobody is believed who is not named.
        assert_eq!(judge("https://a.example", Mode::Production).unwrap_err(), "webhooks.0.ca_file");
        let twice = [raw("http://127.0.0.1"), raw("http://127.0.0.1")].concat();
        assert_eq!(webhooks(twice, Mode::Development, Path::new("/")).unwrap_err().key, "webhooks.1.name");
    }
}
