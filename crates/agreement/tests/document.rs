//! The document: the same octets for the same application, what it must say in both languages, two parts where they
//! are due. `pdftotext` (poppler) reads it as a stranger would, where it is installed.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::process::Command;

use ndoba_agreement::{TERMS, Templates};
use ndoba_registration::application::{ApplicationContent, ApplicationId, SubjectContent};
use ndoba_registration::fake::{clerk, municipality, person};
use ndoba_registration::ports::{AgreementError, AgreementMaker, AgreementOf};
use ndoba_registration::signed_copy::{UpdateError, Updates};

fn made(content: &ApplicationContent, terms: &str) -> Result<Vec<u8>, AgreementError> {
    let templates = Templates {
        provider: "ნდობა სატესტო სსიპ".into(), retention_years: 10
    };
    templates.render(&AgreementOf { application: ApplicationId::from_bytes([0xab; 16]), content, terms })
}

/// What a reader sees, its words separated by single spaces.
fn read(pdf: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("agreement.pdf");
    std::fs::write(&file, pdf).unwrap();
    let said = Command::new("pdftotext").arg(&file).arg("-").output().unwrap();
    assert!(said.status.success() && said.stderr.is_empty(), "{}", String::from_utf8_lossy(&said.stderr));
    String::from_utf8(said.stdout).unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn one_application_one_document() {
    let content = person();
    let pdf = made(&content, TERMS).unwrap();
    assert!(pdf.starts_with(b"%PDF-"));
    assert_eq!(pdf, made(&content, TERMS).unwrap());
    let mut other = content.clone();
    other.publication_consent = Some(true);
    assert_ne!(pdf, made(&other, TERMS).unwrap());
    assert_eq!(made(&content, "1999-1"), Err(AgreementError::UnknownTerms("1999-1".into())));
}

#[test]
fn both_languages_say_who_and_what() {
    let text = read(&made(&person(), TERMS).unwrap());
    for words in [
        "ხელშეკრულება აბონენტთან",
        "Subscriber agreement",
        "ნდობა სატესტო სსიპ",
        "აბონენტი: ნინო ბერიძე, პირადი ნომერი 01001012345.",
        "Subscriber: ნინო ბერიძე, personal number 01001012345.",
        "PNOGE-01001012345",
        "730 დღის ვადით",
        "valid for 730 days",
        "10 წლის განმავლობაში",
        "for 10 years",
        "does not let the certificate be shown",
        "თანახმა არ არის",
        &"ab".repeat(16),
        TERMS,
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    // No place was left empty, and there is no second part.
    assert!(!text.contains('{') && !text.contains("Second part"), "{text}");

    let text = read(&made(&municipality(), TERMS).unwrap());
    for words in ["Represented by: გიორგი მაისურაძე, personal number 01001054321, მერი.", "NTRGE-404123456"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn a_subject_who_is_not_the_subscriber_has_a_part_of_their_own() {
    let text = read(&made(&clerk(), TERMS).unwrap());
    for words in [
        "Subscriber: ქალაქ სატესტოს მერია, identification code 404123456.",
        "Subject of the certificate: ნინო ბერიძე, personal number 01001012345.",
        "Second part: the subject",
        "მეორე ნაწილი: სუბიექტი",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn other_scripts_long_words_and_what_cannot_be_printed() {
    let named = |name: &str| {
        let mut content = person();
        if let SubjectContent::NaturalPerson(person) = &mut content.subject {
            person.given_names = name.into();
        }
        made(&content, TERMS)
    };
    for name in ["Ãnna-María O’Neill", "Նինո", "Ніна", "Νίνα", &"ა".repeat(127), "{subscriber}"]
    {
        let text = read(&named(name).unwrap()).replace(' ', "");
        assert!(text.contains(&name.replace(' ', "")), "{name}: {text}");
    }
    assert_eq!(named("ა\u{12345}"), Err(AgreementError::NotPrintable('\u{12345}')));
}

/// Signatures are written behind the document, and registration reads what was (P-13): it must be able to read this.
#[test]
fn a_signature_on_it_would_be_read() {
    let pdf = made(&person(), TERMS).unwrap();
    assert!(Updates::read(&pdf, &pdf).is_ok());
    assert_eq!(Updates::read(&[&pdf[..], b"x"].concat(), &pdf).err(), Some(UpdateError::Unreadable));
}

/// Whoever says that a document was signed before its terms were there is wrong (P-13).
#[test]
fn no_terms_are_signed_before_they_are_in_force() {
    let templates = Templates { provider: "x".into(), retention_years: 10 };
    let (name, since) = (templates.terms(), templates.in_force_since());
    assert_eq!((name, since), (TERMS, "2026-01-01"));
}
