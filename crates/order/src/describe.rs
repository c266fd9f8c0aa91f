//! What is about to be signed, in plain words, from the very bytes that will be signed.

use serde_json::Value;

use crate::document::{self, Malformed};
use crate::{AcceptRestore, Acceptance, GrantDocument, Order, Presence};

/// In which language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// Georgian.
    Georgian,
}

/// Describes an order, a document of the register, the acceptance of a restored database or a session, one line each for what it asks and for every member.
///
/// Nothing is left out: a member without a word of its own is shown under its own name. Characters that could hide
/// or turn text (controls, direction marks) are shown as escapes.
///
/// # Errors
///
/// [`Malformed`] when the bytes are none of them: then nobody should sign them.
pub fn describe(bytes: &[u8], language: Language) -> Result<Vec<String>, Malformed> {
    let (_, kind, members) = document::open_versioned(bytes)?;
    let readable = [
        Order::from_bytes(bytes).map(drop),
        GrantDocument::from_bytes(bytes).map(drop),
        AcceptRestore::from_bytes(bytes).map(drop),
        Presence::from_bytes(bytes).map(drop),
        Acceptance::from_bytes(bytes).map(drop),
    ];
    // Each kind has one reader; the others say that they do not know it.
    let other = [Err(Malformed::UnknownKind), Err(Malformed::OtherVersion)];
    let verdict = readable.into_iter().find(|read| !other.contains(read));
    verdict.unwrap_or(Err(Malformed::UnknownKind))?;
    let mut lines = vec![heading(&kind, language)];
    for (key, value) in &members {
        show(key, value, 1, language, &mut lines);
    }
    Ok(lines)
}

fn show(key: &str, value: &Value, depth: usize, language: Language, lines: &mut Vec<String>) {
    let indent = "  ".repeat(depth);
    let label = label(key, language);
    match value {
        Value::Null => lines.push(format!("{indent}{label}: –")),
        Value::Bool(flag) => lines.push(format!("{indent}{label}: {flag}")),
        Value::Number(number) => lines.push(format!("{indent}{label}: {number}")),
        Value::String(text) => lines.push(format!("{indent}{label}: {}", visible(text))),
        Value::Array(items) if items.is_empty() => lines.push(format!("{indent}{label}: –")),
        Value::Array(items) => {
            for item in items {
                show(key, item, depth, language, lines);
            }
        }
        Value::Object(members) => {
            lines.push(format!("{indent}{label}:"));
            for (key, value) in members {
                show(key, value, depth + 1, language, lines);
            }
        }
    }
}

/// Controls, direction marks and what else is not seen and changes what is.
pub(crate) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// Texts cannot break lines, reverse their direction or hide characters on the officer's screen.
fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) { shown.extend(c.escape_unicode()) } else { shown.push(c) }
    }
    shown
}

fn heading(kind: &str, language: Language) -> String {
    let words = match kind {
        "certify-unit" => (
            "Certify the next key of a time-stamping unit, and destroy the key before once it is in use",
            "დროის ნიშნულის ერთეულის შემდეგი გასაღების სერტიფიცირება და წინა გასაღების განადგურება ახლის ამოქმედების შემდეგ",
        ),
        "issue" => ("Issue a certificate", "სერტიფიკატის გაცემა"),
        "reissue" => ("Issue a certificate in place of another", "სერტიფიკატის გაცემა სხვის ნაცვლად"),
        "release" => ("End the suspension of a certificate", "სერტიფიკატის შეჩერების მოხსნა"),
        "revoke" => ("Revoke a certificate for ever", "სერტიფიკატის სამუდამოდ გაუქმება"),
        "suspend" => ("Suspend a certificate", "სერტიფიკატის შეჩერება"),
        "suspend-by-code" => (
            "Suspend a certificate: its subscriber gave the revocation code",
            "სერტიფიკატის შეჩერება: ხელმომწერმა გაუქმების კოდი წარადგინა",
        ),
        "accept-restore" => (
            "Accept a restored database that is behind its witnesses",
            "აღდგენილი მონაცემთა ბაზის მიღება, რომელიც მოწმეებს ჩამორჩება",
        ),
        "presence" => (
            "Be there with a second security officer while a CA's key is used",
            "უსაფრთხოების მეორე ოფიცერთან ერთად დასწრება, სანამ გამცემი ცენტრის გასაღები გამოიყენება",
        ),
        "authorise-responder" => (
            "Let a CA certify its OCSP responders again and again, within these bounds",
            "ნებართვა: გამცემმა ცენტრმა ამ ფარგლებში თავად გასცეს OCSP მოპასუხის სერტიფიკატები",
        ),
        "succeed-ca" => (
            "Let the next key of a CA issue from a moment on, and the present one no more",
            "გამცემი ცენტრის შემდეგი გასაღებით გაცემა მითითებული დროიდან; მოქმედი გასაღებით აღარაფერი გაიცემა",
        ),
        "terminate-ca" => (
            "End a CA for ever: it issues nothing and changes no status any more",
            "გამცემი ცენტრის სამუდამოდ დახურვა: აღარაფერს გასცემს და სტატუსს აღარ ცვლის",
        ),
        "revoke-ca" => (
            "Revoke a CA for ever, and every certificate that it issued",
            "გამცემი ცენტრისა და მის მიერ გაცემული ყველა სერტიფიკატის სამუდამოდ გაუქმება",
        ),
        "end-responder" => (
            "End a standing authorisation for OCSP responders",
            "OCSP მოპასუხეების მუდმივი ნებართვის შეწყვეტა",
        ),
        "replace-pin" => (
            "Pin other security officers: those of before, and all whom they appointed security officers, go",
            "უსაფრთხოების სხვა ოფიცრების დამაგრება: წინანდელები და მათ მიერ დანიშნული უსაფრთხოების ყველა ოფიცერი უფლებამოსილებას კარგავს",
        ),
        "acceptance" => ("Accept an appointment", "დანიშვნაზე თანხმობა"),
        "grant" => ("Appoint an officer", "თანამშრომლის დანიშვნა"),
        "end-grant" => ("End an officer's appointment", "თანამშრომლის უფლებამოსილების შეწყვეტა"),
        other => (other, other),
    };
    pick(words, language).to_owned()
}

fn pick<'w>((english, georgian): (&'w str, &'w str), language: Language) -> &'w str {
    match language {
        Language::English => english,
        Language::Georgian => georgian,
    }
}

/// The members' names for people: English, Georgian.
const LABELS: &[(&str, &str, &str)] = &[
    ("acceptance", "Officer's signature on the acceptance", "თანამშრომლის ხელმოწერა თანხმობაზე"),
    ("accepted_at", "Accepted by the officer", "თანამშრომელი დათანხმდა"),
    ("act", "What is done", "რა კეთდება"),
    ("agreement", "Agreement (SHA-256)", "ხელშეკრულება (SHA-256)"),
    ("authorisation", "Standing authorisation", "მუდმივი ნებართვა"),
    ("authorities", "CA", "გამცემი ცენტრი"),
    ("ca", "Issuing CA (key identifier)", "გამცემი ცენტრი (გასაღების იდენტიფიკატორი)"),
    ("common_name", "Common name", "საერთო სახელი"),
    ("count", "At most so many certificates", "სერტიფიკატების უდიდესი რაოდენობა"),
    ("country", "Country", "ქვეყანა"),
    ("created", "Written", "შედგენილია"),
    ("crl_number", "Highest CRL number", "გაუქმებულთა სიის უმაღლესი ნომერი"),
    ("csr", "Certificate request (SHA-256)", "მოთხოვნა სერტიფიკატზე (SHA-256)"),
    ("database", "The database as it is", "მონაცემთა ბაზა, როგორიც არის"),
    ("days", "Valid for, days", "მოქმედების ვადა, დღე"),
    ("decided", "What is decided (SHA-256)", "რა არის გადაწყვეტილი (SHA-256)"),
    ("destroys", "Destroys the key (SHA-256)", "ანადგურებს გასაღებს (SHA-256)"),
    ("device", "Qualified device of the key", "გასაღების კვალიფიციური მოწყობილობა"),
    ("digest", "SHA-256", "SHA-256"),
    ("effective", "Not before", "არა უადრეს"),
    ("email", "E-mail", "ელფოსტა"),
    (
        "enrolment",
        "Enrolment key that must sign each request",
        "ჩარიცხვის გასაღები, რომელიც თითოეულ მოთხოვნას აწერს ხელს",
    ),
    ("evidence", "Evidence (digest)", "მტკიცებულება (ჰეში)"),
    ("expires", "Lapses", "ძალას კარგავს"),
    ("file", "File (SHA-256)", "ფაილი (SHA-256)"),
    ("from", "In use from", "გამოიყენება თარიღიდან"),
    ("given_name", "Given names", "სახელი"),
    ("grant", "Register of officers up to number", "თანამშრომელთა რეესტრი ნომრამდე"),
    ("installation", "Installation", "სისტემა"),
    ("key", "Public key", "საჯარო გასაღები"),
    ("log_root", "Root of the audit log", "აუდიტის ჟურნალის ფესვი"),
    ("log_size", "Records of the audit log", "აუდიტის ჟურნალის ჩანაწერები"),
    ("marks", "It saw", "ნანახი აქვს"),
    ("model", "Model", "მოდელი"),
    ("name", "Name", "დასახელება"),
    ("name_shown", "Name shown", "საჩვენებელი სახელი"),
    ("next", "Next CA key (key identifier)", "გამცემი ცენტრის შემდეგი გასაღები (იდენტიფიკატორი)"),
    ("not_after", "Until", "დასასრული"),
    ("not_before", "From", "დასაწყისი"),
    ("office", "Office", "ოფისი"),
    ("officer", "Officer", "თანამშრომელი"),
    ("opened", "Session opened", "სესია გაიხსნა"),
    ("order_id", "Order", "ბრძანება"),
    ("organization", "Organisation", "ორგანიზაცია"),
    ("organization_identifier", "Organisation's identifier", "ორგანიზაციის იდენტიფიკატორი"),
    ("person", "Person (commitment)", "პირი (ჰეში)"),
    ("pin", "Pin of before (SHA-256)", "წინანდელი დამაგრება (SHA-256)"),
    ("prev", "Previous document (SHA-256)", "წინა დოკუმენტი (SHA-256)"),
    ("profile", "Profile", "პროფილი"),
    ("reason", "Reason", "მიზეზი"),
    ("registration_authorities", "Registry", "რეესტრი"),
    ("replaces", "Replaces certificate (serial number)", "ცვლის სერტიფიკატს (სერიული ნომერი)"),
    ("resume", "CA goes on above", "გამცემი ცენტრი აგრძელებს ზემოთ"),
    ("revocations", "Revocations taken from published lists", "გამოქვეყნებული სიებიდან აღდგენილი გაუქმებები"),
    ("role", "Role", "როლი"),
    ("roles", "Role", "როლი"),
    ("second_script", "Name in another script", "სახელი სხვა დამწერლობით"),
    ("security_officers", "Security officer", "უსაფრთხოების ოფიცერი"),
    ("seq", "Number in the register", "ნომერი რეესტრში"),
    ("serial", "Certificate (serial number)", "სერტიფიკატი (სერიული ნომერი)"),
    ("serial_number", "Identifier", "იდენტიფიკატორი"),
    ("session", "Session", "სესია"),
    ("shown_by", "Shown by", "დასტურდება"),
    ("spki", "Public key (SHA-256)", "საჯარო გასაღები (SHA-256)"),
    ("subject", "Subject", "სუბიექტი"),
    ("surname", "Surname", "გვარი"),
    ("tokens", "Token (serial number)", "ტოკენი (სერიული ნომერი)"),
    ("type", "Kind", "სახე"),
    ("vetting", "Papers of vetting and appointment", "შემოწმებისა და დანიშვნის დოკუმენტები"),
    ("version", "Status version", "სტატუსის ვერსია"),
    ("witnesses", "Witness that ends", "მოწმე, რომელიც სრულდება"),
];

fn label(key: &str, language: Language) -> String {
    match LABELS.iter().find(|(name, _, _)| *name == key) {
        Some((_, english, georgian)) => pick((english, georgian), language).to_owned(),
        // Only a subject's members can get here; their names are ours, fixed by its format.
        None => visible(key),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::{World, issue_order};

    #[test]
    fn everything_signed_is_shown_in_both_languages() {
        let bytes = issue_order().to_bytes().unwrap();
        let english = describe(&bytes, Language::English).unwrap();
        assert_eq!(english[0], "Issue a certificate");
        let text = english.join("\n");
        let (_, members) = document::open(&bytes).unwrap();
        // Each scalar of the document stands somewhere in the text.
        fn scalars(value: &Value, found: &mut Vec<String>) {
            match value {
                Value::String(text) => found.push(text.clone()),
                Value::Number(number) => found.push(number.to_string()),
                Value::Array(items) => items.iter().for_each(|item| scalars(item, found)),
                Value::Object(members) => members.values().for_each(|item| scalars(item, found)),
                Value::Null | Value::Bool(_) => {}
            }
        }
        let mut found = Vec::new();
        scalars(&Value::Object(members), &mut found);
        assert!(found.len() > 12);
        for scalar in found {
            assert!(text.contains(&scalar), "{scalar}");
        }
        let georgian = describe(&bytes, Language::Georgian).unwrap();
        assert_eq!((georgian.len(), georgian[0].as_str()), (english.len(), "სერტიფიკატის გაცემა"));
        // Every member has a name for people.
        assert!(
            georgian
                .iter()
                .skip(1)
                .all(|line| !line.trim_start().starts_with(|c: char| c.is_ascii_lowercase()))
        );
    }

    #[test]
    fn grants_too_and_nothing_else() {
        let world = World::new();
        let (bytes, _) = &world.chain[0];
        assert_eq!(describe(bytes, Language::English).unwrap()[0], "Appoint an officer");
        assert!(describe(&world.pin.to_bytes().unwrap(), Language::English).is_err());
        assert!(describe(b"{}", Language::Georgian).is_err());
    }

    #[test]
    fn nothing_hides_on_the_screen() {
        assert_eq!(visible("a\u{202e}b\nc"), "a\\u{202e}b\\u{a}c");
        assert_eq!(visible("ნინო"), "ნინო");
    }
}
