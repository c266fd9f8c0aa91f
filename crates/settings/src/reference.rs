//! The commented reference, generated from the declarations in `raw`.

use std::fmt::Write as _;

use crate::raw::{
    RawAudit, RawCa, RawClock, RawCrl, RawDataKey, RawDatabase, RawDesk, RawDevice, RawLegal, RawLimits,
    RawListen, RawLog, RawModule, RawOcsp, RawPaths, RawPolicies, RawSettings, RawTls, RawToken, RawTsa,
    RawUnit, RawUrls, RawWebhook,
};
use crate::section::Section;

const PREAMBLE: &str = "\
# Every key of ndoba.toml, what it means and its default. Generated: `ndoba config reference` prints it.
#
# A line that begins with `#key =` shows the default, or an example where it is said that there is none.
# Environment variables win over the file: NDOBA_LOG__FORMAT=json sets log.format.
# Durations: 250ms, 5s, 30m, 12h, 30d. Sizes: 512B, 64KiB, 1MiB.
";

pub(crate) fn reference() -> String {
    let mut text = PREAMBLE.to_owned();
    section::<RawSettings>(&mut text, "", "General.");
    section::<RawPaths>(&mut text, "[paths]", "Folders and files.");
    section::<RawDatabase>(&mut text, "[database]", "Where records are kept.");
    section::<RawModule>(&mut text, "[[hsm.modules]]", "A PKCS#11 module; several are allowed.");
    section::<RawToken>(
        &mut text,
        "[[hsm.modules.tokens]]",
        "A token of the module above; several are allowed.",
    );
    section::<RawCa>(&mut text, "[[cas]]", "A certification authority; one such section each.");
    section::<RawCrl>(&mut text, "[cas.crl]", "The CRLs of the authority above.");
    section::<RawOcsp>(
        &mut text,
        "[cas.ocsp]",
        "The OCSP responder of the authority above, where it has one here.",
    );
    section::<RawDevice>(
        &mut text,
        "[[devices]]",
        "A model of qualified devices that subscribers' keys may be in; one such section each.",
    );
    section::<RawTsa>(&mut text, "[tsa]", "Time-stamping.");
    section::<RawUnit>(
        &mut text,
        "[[tsa.units]]",
        "A time-stamping unit: the first at /tsa, each at /tsa/<name> too.",
    );
    section::<RawClock>(&mut text, "[clock]", "The clock behind time-stamps.");
    section::<RawAudit>(&mut text, "[audit]", "Sealing of the audit log, for the role \"audit\".");
    section::<RawDataKey>(
        &mut text,
        "[data_key]",
        "What personal data is sealed under, for the role \"registration\".",
    );
    section::<RawDesk>(&mut text, "[desk]", "The revocation desk, for the role \"registration\".");
    section::<RawWebhook>(
        &mut text,
        "[[webhooks]]",
        "Programs that are told what happens, for the role \"registration\"; one such section each.",
    );
    section::<RawListen>(&mut text, "[listen]", "IP address and port; an absent one is not listened on.");
    section::<RawTls>(&mut text, "[tls]", "TLS files, PEM.");
    section::<RawUrls>(
        &mut text,
        "[urls]",
        "Addresses in certificates; they must work as long as the certificates live.",
    );
    section::<RawLimits>(&mut text, "[limits]", "Bounds on what strangers may send.");
    section::<RawLegal>(&mut text, "[legal]", "What the law decides; the defaults are proposals.");
    section::<RawPolicies>(
        &mut text,
        "[policies]",
        "Policy identifiers; the arc 2.999 is refused in production.",
    );
    section::<RawLog>(&mut text, "[log]", "Logging, to standard error.");
    text
}

fn section<S: Section>(text: &mut String, heading: &str, about: &str) {
    // A section that cannot be serialised would show no defaults, which the tests of this module would notice.
    let defaults = toml::Table::try_from(S::default()).unwrap_or_default();
    let heading = if heading.is_empty() { String::new() } else { format!("#{heading}\n") };
    let _ = write!(text, "\n\n# ---- {about}\n{heading}");
    for key in S::KEYS {
        text.push('\n');
        for line in key.doc {
            let _ = writeln!(text, "#{line}");
        }
        match (key.example, defaults.get(key.name)) {
            (Some(example), _) => {
                let _ = writeln!(text, "# No default; for example:\n#{} = {example}", key.name);
            }
            (None, Some(value)) => {
                let _ = writeln!(text, "#{} = {value}", key.name);
            }
            (None, None) => {
                let _ = writeln!(text, "# No default.");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::Settings;

    /// The reference with every key in force: a `#` before a key or a heading taken away.
    fn uncommented() -> String {
        reference()
            .lines()
            .map(|line| match line.strip_prefix('#') {
                Some(rest) if rest.starts_with('[') || rest.starts_with(|c: char| c.is_ascii_lowercase()) => {
                    rest
                }
                _ => line,
            })
            .fold(String::new(), |text, line| text + line + "\n")
    }

    #[test]
    fn the_file_in_config_is_current() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/ndoba.reference.toml");
        if std::env::var_os("NDOBA_UPDATE_REFERENCE").is_some() {
            std::fs::write(&file, reference()).unwrap();
        }
        assert_eq!(
            std::fs::read_to_string(file).unwrap(),
            reference(),
            "run the tests once with NDOBA_UPDATE_REFERENCE=1"
        );
    }

    #[test]
    fn the_reference_with_all_keys_in_force_is_a_valid_configuration() {
        // The two engines exclude each other; everything else can stand together.
        let mut text = uncommented().replace("url_file = ", "# url_file = ");
        // One token stands for the five.
        for token in ["ndoba-ocsp", "ndoba-tsa", "ndoba-audit", "ndoba-registration"] {
            text = text.replace(token, "ndoba-issuing");
        }
        let settings = Settings::from_toml(&text, Path::new("/etc/ndoba/ndoba.toml")).unwrap();
        assert_eq!(settings.cas.len(), 1);
        assert_eq!(settings.tsa.units.len(), 1);
        assert!(settings.audit.is_some());
    }

    #[test]
    fn every_key_is_documented_and_shown() {
        for key in RawSettings::KEYS.iter().chain(RawToken::KEYS).chain(RawUnit::KEYS) {
            assert!(reference().contains(key.doc[0]), "{}", key.name);
        }
        assert!(reference().contains("#accuracy = \"1s\""));
        assert!(reference().contains("#next_update = \"24h\""));
    }
}
