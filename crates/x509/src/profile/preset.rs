//! The profiles that ship with the product.

/// Their texts.
pub(super) const TEXTS: [&str; 9] = [
    include_str!("../../../../config/profiles/root.toml"),
    include_str!("../../../../config/profiles/issuing-ca.toml"),
    include_str!("../../../../config/profiles/ocsp-responder.toml"),
    include_str!("../../../../config/profiles/tsu.toml"),
    include_str!("../../../../config/profiles/person-signature.toml"),
    include_str!("../../../../config/profiles/person-signature-qscd.toml"),
    include_str!("../../../../config/profiles/organisation-seal.toml"),
    include_str!("../../../../config/profiles/organisation-seal-qscd.toml"),
    include_str!("../../../../config/profiles/root-ocsp-responder.toml"),
];

#[cfg(test)]
mod tests {
    use crate::{Profile, ProfileError, Template};

    use super::TEXTS;

    const PERSON: &str = TEXTS[4];

    #[test]
    fn presets_pass_and_have_their_own_names_and_digests() {
        let presets = Profile::presets().unwrap();
        for profile in &presets {
            // CAs have no policy of their own: none, or anyPolicy.
            assert!(profile.is_development() || profile.template().is_ca(), "{}", profile.name());
        }
        let names: std::collections::BTreeSet<_> = presets.iter().map(Profile::name).collect();
        let digests: std::collections::BTreeSet<_> = presets.iter().map(Profile::digest).collect();
        assert_eq!((names.len(), digests.len()), (TEXTS.len(), TEXTS.len()));
        assert!(Profile::preset("person-signature").is_some());
    }

    #[test]
    fn an_installations_own_policies() {
        let own = |template, qscd| match (template, qscd) {
            (Template::PersonSignature, true) => Some("1.3.6.1.4.1.32473.1.1".parse().unwrap()),
            (_, _) => None,
        };
        let changed = Profile::presets_with(own).unwrap();
        for (changed, shipped) in changed.iter().zip(Profile::presets().unwrap()) {
            assert_eq!(changed.digest() == shipped.digest(), changed.name() != "person-signature-qscd");
        }
        let person = changed.iter().find(|profile| profile.name() == "person-signature-qscd").unwrap();
        assert_eq!(person.policies()[0].to_string(), "1.3.6.1.4.1.32473.1.1");
        assert!(!person.is_development());
        assert!(Profile::presets_with(|_, _| Some("0.4.0.194112.1.2".parse().unwrap())).is_err());
    }

    /// The clauses that `text` breaks.
    fn refused(text: &str) -> Vec<&'static str> {
        match Profile::from_toml(text) {
            Ok(_) => Vec::new(),
            Err(ProfileError::Refused { findings, .. }) => findings.into_iter().map(|f| f.clause).collect(),
            Err(ProfileError::Unreadable { reason }) => panic!("{reason}"),
        }
    }

    fn person(from: &str, to: &str) -> Vec<&'static str> {
        assert!(PERSON.contains(from), "{from}");
        refused(&PERSON.replace(from, to))
    }

    #[test]
    fn what_breaks_section_2_is_refused_by_clause() {
        assert_eq!(person("cc-legislation = [\"GE\"]", "cc-legislation = []"), ["§0.1, C-50"]);
        assert_eq!(person("cc-legislation = [\"GE\"]", "cc-legislation = [\"EE\"]"), ["§0.1, C-50"]);
        assert_eq!(person("compliance = true", "compliance = false"), ["§0.1, C-50"]);
        assert_eq!(person("legislation = \"GE\"", "legislation = \"EU\""), ["C-50, K-C05"]);
        assert_eq!(person("type = \"esign\"", "type = \"eseal\""), ["K-C06"]);
        assert_eq!(person("language = \"en\"", "language = \"EN\""), ["C-51", "C-51"]);
        assert_eq!(person("language = \"ka\"", "language = \"en\""), ["C-51"]);
        assert_eq!(person("pds/en.pdf", "http://x/en.pdf"), ["C-51"]);
        assert_eq!(person("0.4.0.2042.1.1", "0.4.0.2042.1.2"), ["C-61"]);
        assert_eq!(person("0.4.0.2042.1.1", "0.4.0.194112.1.0"), ["§0.3"]);
        assert_eq!(person("qscd = false", "qscd = true"), ["C-61", "C-52"]);
        assert_eq!(person("retention-years = 10", "retention-years = 6"), ["G-32"]);
        assert_eq!(person("max-days = 1096", "max-days = 1097"), ["C-71"]);
        assert_eq!(
            refused(&TEXTS[3].replace("private-key-days = 365", "private-key-days = 99999")),
            ["§0.9"]
        );
        assert_eq!(refused(&TEXTS[1].replace("ec-p384", "ec-p256")), ["§2.6"]);
    }

    #[test]
    fn usage_types_and_keys_outside_the_vocabulary_do_not_even_read() {
        for (from, to) in [("usage = \"A\"", "usage = \"D\""), ("qscd = false", "qscd = false\nextra = 1")] {
            let text = PERSON.replace(from, to);
            assert!(matches!(Profile::from_toml(&text), Err(ProfileError::Unreadable { .. })), "{to}");
        }
    }

    #[test]
    fn comments_do_not_change_the_digest_and_versions_do() {
        let digest = |text: &str| Profile::from_toml(text).unwrap().digest();
        assert_eq!(digest(PERSON), digest(&format!("# another comment\n{PERSON}")));
        assert_ne!(digest(PERSON), digest(&PERSON.replace("version = 1", "version = 2")));
    }
}
