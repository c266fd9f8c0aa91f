//! The profiles that ship with the product.

use super::Legislation;

/// The provider's own, under any law.
const OWN: [&str; 5] = [
    include_str!("../../../../config/profiles/root.toml"),
    include_str!("../../../../config/profiles/issuing-ca.toml"),
    include_str!("../../../../config/profiles/ocsp-responder.toml"),
    include_str!("../../../../config/profiles/tsu.toml"),
    include_str!("../../../../config/profiles/root-ocsp-responder.toml"),
];

/// Subscribers' in Georgia, and a time-stamping unit's with Georgian statements.
const GEORGIA: [&str; 7] = [
    include_str!("../../../../config/profiles/person-signature.toml"),
    include_str!("../../../../config/profiles/person-signature-qscd.toml"),
    include_str!("../../../../config/profiles/person-signature-short-term.toml"),
    include_str!("../../../../config/profiles/person-in-organisation.toml"),
    include_str!("../../../../config/profiles/organisation-seal.toml"),
    include_str!("../../../../config/profiles/organisation-seal-qscd.toml"),
    include_str!("../../../../config/profiles/tsu-qc.toml"),
];

/// Subscribers' in the European Union.
const EUROPEAN_UNION: [&str; 4] = [
    include_str!("../../../../config/profiles/eu-person-signature.toml"),
    include_str!("../../../../config/profiles/eu-person-signature-qscd.toml"),
    include_str!("../../../../config/profiles/eu-organisation-seal.toml"),
    include_str!("../../../../config/profiles/eu-organisation-seal-qscd.toml"),
];

/// The texts for a provider under `legislation`.
pub(super) fn texts(legislation: Legislation) -> Vec<&'static str> {
    let subscribers: &[&str] = match legislation {
        Legislation::Georgia => &GEORGIA,
        Legislation::EuropeanUnion => &EUROPEAN_UNION,
    };
    [&OWN, subscribers].concat()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::{Legislation, Profile, ProfileError, ProfileFile, Template};

    use super::{EUROPEAN_UNION, GEORGIA, OWN};

    const PERSON: &str = GEORGIA[0];
    const SHORT_TERM: &str = GEORGIA[2];
    const UNIT: &str = GEORGIA[6];

    #[test]
    fn presets_pass_and_have_their_own_names_and_digests() {
        let [georgian, european] =
            [Legislation::Georgia, Legislation::EuropeanUnion].map(|law| Profile::presets(law).unwrap());
        let all = || georgian.iter().chain(&european);
        for profile in all() {
            // CAs have no policy of their own: none, or anyPolicy.
            assert!(profile.is_development() || profile.template().is_ca(), "{}", profile.name());
        }
        let names: BTreeSet<_> = all().map(Profile::name).collect();
        let digests: BTreeSet<_> = all().map(Profile::digest).collect();
        let count = OWN.len() + GEORGIA.len() + EUROPEAN_UNION.len();
        assert_eq!((names.len(), digests.len()), (count, count));
        for name in names {
            assert_eq!(Profile::preset(name).unwrap().name(), name);
        }
        let foreign = |profiles: &[Profile], law| {
            profiles.iter().any(|profile| profile.template().is_subscriber() && profile.legislation() != law)
        };
        assert!(!foreign(&georgian, Legislation::Georgia) && !foreign(&european, Legislation::EuropeanUnion));
    }

    #[test]
    fn an_installations_own_policies() {
        let own = |policy: &str| -> Result<Vec<Profile>, ProfileError> {
            let mut files = Profile::preset_files(Legislation::Georgia)?;
            let is_changed = |file: &ProfileFile| file.template == Template::PersonSignature && file.qscd;
            for file in files.iter_mut().filter(|file| is_changed(file)) {
                file.policies[0] = policy.into();
            }
            files.into_iter().map(Profile::try_from).collect()
        };
        let changed = own("1.3.6.1.4.1.32473.1.1").unwrap();
        for (changed, shipped) in changed.iter().zip(Profile::presets(Legislation::Georgia).unwrap()) {
            assert_eq!(changed.digest() == shipped.digest(), changed.name() != "person-signature-qscd");
        }
        let person = changed.iter().find(|profile| profile.name() == "person-signature-qscd").unwrap();
        assert_eq!(person.policies()[0].to_string(), "1.3.6.1.4.1.32473.1.1");
        assert!(!person.is_development());
        assert!(own("0.4.0.194112.1.2").is_err());
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
        assert_eq!(refused(&SHORT_TERM.replace("max-days = 1", "max-days = 2")), ["C-110"]);
        assert_eq!(
            refused(&GEORGIA[4].replace("qscd = false", "qscd = false\norganisation = true")),
            ["C-24"]
        );
        // Kinds of identifiers that the subject cannot have, or twice.
        for kinds in ["\"NTR\"", "\"PNO\", \"VAT\"", "\"PAS\", \"PAS\""] {
            assert_eq!(
                person("qscd = false", &format!("qscd = false\nidentifiers = [{kinds}]")),
                ["C-41"],
                "{kinds}"
            );
        }
        assert_eq!(refused(&OWN[3].replace("private-key-days = 365", "private-key-days = 99999")), ["§0.9"]);
        assert_eq!(refused(&OWN[1].replace("ec-p384", "ec-p256")), ["§2.6"]);
        for (from, to, clauses) in [
            ("compliance = true", "compliance = false", vec!["§8.5", "§0.1, C-50"]),
            ("cc-legislation = [\"GE\"]", "cc-legislation = []", vec!["§0.1, C-50"]),
            ("type = \"eseal\"", "type = \"esign\"", vec!["K-C06"]),
            ("template = \"tsu\"", "template = \"ocsp-responder\"", vec!["C-71", "§2.6", "K-C06"]),
        ] {
            assert!(UNIT.contains(from), "{from}");
            let broken = refused(&UNIT.replace(from, to));
            assert!(clauses.iter().all(|clause| broken.contains(clause)), "{to}: {broken:?}");
        }
    }

    #[test]
    fn usage_types_and_keys_outside_the_vocabulary_do_not_even_read() {
        for (from, to) in [
            ("usage = \"A\"", "usage = \"D\""),
            ("qscd = false", "qscd = false\nidentifiers = [\"TAX\"]"),
            ("qscd = false", "qscd = false\nextra = 1"),
        ] {
            let text = PERSON.replace(from, to);
            assert!(matches!(Profile::from_toml(&text), Err(ProfileError::Unreadable { .. })), "{to}");
        }
    }

    #[test]
    fn what_a_change_changes_is_told_key_by_key() {
        let file = |name: &str| Profile::preset_file(name).unwrap();
        let (old, new) = (file("person-signature"), file("person-signature-qscd"));
        assert_eq!(old.differences(&old).unwrap(), []);
        let told: Vec<_> = old.differences(&new).unwrap();
        let line = |key: &str| told.iter().find(|difference| difference.key == key).unwrap();
        assert_eq!((line("qscd").old.as_deref(), line("qscd").new.as_deref()), (Some("false"), Some("true")));
        assert_eq!(
            (line("qc.qscd-legislation").old.as_deref(), line("qc.qscd-legislation").new.as_deref()),
            (Some("[]"), Some("[\"GE\"]"))
        );
        assert!(told.iter().all(|difference| difference.key != "key.usage"));
        assert_eq!(ProfileFile::from_toml(&old.to_toml().unwrap()), Ok(old));
    }

    #[test]
    fn comments_do_not_change_the_digest_and_versions_do() {
        let digest = |text: &str| Profile::from_toml(text).unwrap().digest();
        assert_eq!(digest(PERSON), digest(&format!("# another comment\n{PERSON}")));
        assert_ne!(digest(PERSON), digest(&PERSON.replace("version = 1", "version = 2")));
    }
}
