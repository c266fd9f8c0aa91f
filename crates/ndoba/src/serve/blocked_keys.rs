//! The public keys that nobody is certified for: known to be in other hands before any certificate was.

use std::collections::BTreeSet;

use anyhow::Context as _;
use ndoba_settings::Settings;
use ndoba_types::Sha256Digest;

use crate::files;

/// The configured list; empty where none is configured.
pub(super) fn read(settings: &Settings) -> anyhow::Result<BTreeSet<Sha256Digest>> {
    let Some(file) = &settings.paths.blocked_keys else { return Ok(BTreeSet::new()) };
    parse(&files::read_text(file)?).with_context(|| format!("{} cannot be used", file.display()))
}

fn parse(text: &str) -> anyhow::Result<BTreeSet<Sha256Digest>> {
    let mut keys = BTreeSet::new();
    for (number, line) in (1..).zip(text.lines()) {
        let digest = line.split('#').next().unwrap_or_default().trim();
        // A line that is not understood would be a key that is certified after all.
        if !digest.is_empty() {
            let digest = digest.parse();
            keys.insert(digest.map_err(|_| anyhow::anyhow!("line {number} is no SHA-256 in hexadecimal"))?);
        }
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_no_digest_is_not_passed_over() {
        let digest = "ab".repeat(32);
        let keys = parse(&format!("# found in a leak\n\n{digest} # of 2026\n{digest}\n")).unwrap();
        assert_eq!(keys, [digest.parse().unwrap()].into());
        for wrong in ["ab", "signature", &digest[1..]] {
            assert!(parse(&format!("{digest}\n{wrong}\n")).unwrap_err().to_string().contains("line 2"));
        }
        assert!(parse("").unwrap().is_empty());
    }
}
