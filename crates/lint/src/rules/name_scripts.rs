use super::Rule;
use super::oid;
use crate::certificate::{Certificate, attributes};
use crate::context::{CertificateKind, Context};
use crate::edition;
use crate::finding::Report;

pub(super) const RULE: Rule = Rule {
    id: "name-scripts",
    clause: "EN 319 412-2 NAT-4.2.4-19; C-27, G-43 (stricter: refused)",
    about: "one script in a person's givenName, surname and CN, and no Georgian capitals, which no document shows",
    effective: edition::FIRST_NORMS,
    check,
};

fn check(certificate: &Certificate<'_>, context: &Context<'_>, report: &mut Report<'_>) {
    let place = certificate.subject.place();
    let attributes = attributes(&certificate.subject).unwrap_or_default();
    let texts =
        || attributes.iter().filter_map(|attribute| Some((attribute.oid.as_str(), attribute.value.text()?)));
    // Mtavruli appears when somebody upper-cases a name (G-43).
    if texts().any(|(_, text)| text.chars().any(|c| ('\u{1c90}'..='\u{1cbf}').contains(&c))) {
        report.decision("a name has Mtavruli capitals: somebody changed its letter case", place.clone());
    }
    if context.kind != CertificateKind::NaturalPerson {
        return;
    }
    let scripts: Vec<Script> = texts()
        .filter(|(oid, _)| [oid::GIVEN_NAME, oid::SURNAME, oid::COMMON_NAME].contains(oid))
        .flat_map(|(_, text)| text.chars().filter_map(script_of))
        .collect();
    if scripts.windows(2).any(|pair| pair[0] != pair[1]) {
        report.decision(
            "scripts are mixed in the person's names; a second script belongs into SAN directoryName",
            place,
        );
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Script {
    Cyrillic,
    Georgian,
    Greek,
    Latin,
    Other,
}

/// The script of a letter; none for marks, spaces and hyphens, which all scripts share.
fn script_of(letter: char) -> Option<Script> {
    if !letter.is_alphabetic() {
        return None;
    }
    Some(match letter {
        '\u{10a0}'..='\u{10ff}' | '\u{1c90}'..='\u{1cbf}' | '\u{2d00}'..='\u{2d2f}' => Script::Georgian,
        '\u{0400}'..='\u{052f}' => Script::Cyrillic,
        '\u{0370}'..='\u{03ff}' | '\u{1f00}'..='\u{1fff}' => Script::Greek,
        // Modifier letters such as ʼ go with Latin transliterations.
        '\u{0000}'..='\u{02ff}' | '\u{1e00}'..='\u{1eff}' => Script::Latin,
        _ => Script::Other,
    })
}

#[cfg(test)]
mod tests {
    use super::oid;
    use crate::tests::{Sample, person_name};

    #[test]
    fn mixed() {
        let mut sample = Sample::person();
        sample.subject = person_name(&[(oid::GIVEN_NAME, 0x0c, "Nino")]);
        sample.must_find("name-scripts");
        // A Latin a in a Cyrillic name is the classic homograph.
        sample.subject = person_name(&[(oid::GIVEN_NAME, 0x0c, "Иvан")]);
        sample.must_find("name-scripts");
    }

    #[test]
    fn upper_cased() {
        let mut sample = Sample::person();
        sample.subject = person_name(&[(oid::SURNAME, 0x0c, "ბერიძე")]);
        sample.must_be_clean();
        sample.subject = person_name(&[(oid::SURNAME, 0x0c, &"ბერიძე".to_uppercase())]);
        sample.must_find("name-scripts");
    }
}
