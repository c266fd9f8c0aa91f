//! The rules that fields share, each with its refusal in two languages.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use ndoba_x509::alphabet::{latin_pattern, organisation_pattern, person_pattern};
use ndoba_x509::country_codes;

use super::parts::words;
use super::{Bilingual, Choice, Pattern, Rule, Test};
use crate::identifier::GEORGIA;
use crate::text::{filled_pattern, visible_pattern};

pub(super) type Clause = Option<&'static str>;

/// What the form says of a code where it says one thing, whatever the profile, the field and the day.
pub fn told(code: &str) -> Option<Bilingual> {
    let rules = [
        text(0, None),
        personal_number(),
        identification_code(),
        number(),
        tax_number(),
        vat_number(),
        local_scheme(),
        registry(),
        email(),
        document_number(),
        past("", None),
    ];
    let has_values = |rule: &Rule| matches!(rule.test, Test::MaxLength { .. });
    let same = |rule: &Rule| rule.code == code && !has_values(rule);
    rules.into_iter().flatten().find(same).map(|rule| rule.message)
}

/// Free text of at most `maximum` characters that shows what it is.
pub(super) fn text(maximum: usize, clause: Clause) -> Vec<Rule> {
    let max = || {
        bilingual(
            format!("უნდა ჰქონდეს არაუმეტეს {maximum} სიმბოლო"),
            format!("must have at most {maximum} characters"),
        )
    };
    let blank = words(
        "არ უნდა იყოს ცარიელი და არ უნდა ჰქონდეს შორისი თავსა და ბოლოში",
        "must not be empty, nor have spaces at its ends",
    );
    let invisible = words(
        "შეიცავს მმართველ, მიმართულების ან უხილავ სიმბოლოს",
        "contains a control, bidirectional or invisible character",
    );
    vec![
        Rule {
            test: Test::MaxLength { maximum },
            code: "text.too-long".into(),
            clause: None,
            message: max(),
        },
        rule(pattern(&FILLED), "text.blank", clause, blank),
        rule(pattern(&VISIBLE), "text.invisible", Some("G-43"), invisible),
    ]
}

/// Given names or a surname, of one script.
pub(super) fn person_name(maximum: usize) -> Vec<Rule> {
    let form = words(
        "უნდა შედგებოდეს ერთი დამწერლობის ასოებისგან (ქართული — მხედრულით), სიტყვებს შორის თითო შორისით",
        "must be words in letters of one script (Georgian in Mkhedruli), one space between them",
    );
    vec![length(maximum), rule(pattern(&PERSON), "name.form", Some("C-27"), form)]
}

/// A name in Latin letters.
pub(super) fn latin_name(maximum: usize) -> Vec<Rule> {
    let form = words(
        "უნდა შედგებოდეს ლათინური ასოებისგან, სიტყვებს შორის თითო შორისით",
        "must be words in Latin letters, one space between them",
    );
    vec![length(maximum), rule(pattern(&LATIN), "name.form", Some("C-28"), form)]
}

/// The name of an organisation.
pub(super) fn organisation_name(maximum: usize) -> Vec<Rule> {
    let form = words(
        "უნდა ჰქონდეს ასოები ან ციფრები, ერთი დამწერლობის (ან ქართული ლათინურთან), სიტყვებს შორის თითო შორისით",
        "must have letters or digits, of one script (or Georgian with Latin), one space between words",
    );
    vec![length(maximum), rule(pattern(&ORGANISATION), "name.form", Some("C-27"), form)]
}

/// A personal number: no checksum and no birth date in it, there is none (G-40).
pub(super) fn personal_number() -> Vec<Rule> {
    let form = words("უნდა იყოს 11-ნიშნა პირადი ნომერი", "must be the personal number of 11 digits");
    vec![rule(pattern(&PERSONAL_NUMBER), "personal-number.form", Some("G-40"), form)]
}

/// An identification code.
pub(super) fn identification_code() -> Vec<Rule> {
    let form = words("უნდა იყოს 9-ნიშნა საიდენტიფიკაციო კოდი", "must be the identification code of 9 digits");
    vec![rule(pattern(&CODE), "identification-code.form", Some("G-41"), form)]
}

/// A country (C-04, C-41).
pub(super) fn country() -> Vec<Rule> {
    let form = words(
        "უნდა იყოს ქვეყნის ორი ასო ISO 3166-1-ით, მაგალითად UA ან TR",
        "must be a country's two letters of ISO 3166-1, such as UA or TR",
    );
    vec![rule(pattern(&COUNTRY), "country.form", Some("C-41"), form)]
}

/// A country other than Georgia, whose personal number has a field of its own.
pub(super) fn foreign_country() -> Vec<Rule> {
    let form = words(
        "უნდა იყოს სხვა ქვეყნის ორი ასო ISO 3166-1-ით, მაგალითად UA ან TR; საქართველოს პირადი ნომრის ველი სხვაა",
        "must be another country's two letters of ISO 3166-1, such as UA or TR; Georgia's number is personal_number",
    );
    vec![rule(pattern(&FOREIGN), "country.form", Some("C-41"), form)]
}

/// The number of a document or a register in an identifier; letters are never changed, so that one number has one
/// spelling.
pub(super) fn number() -> Vec<Rule> {
    let form = words(
        "უნდა იყოს 1-დან 30-მდე დიდი ლათინური ასო ან ციფრი, დეფისი — მხოლოდ მათ შორის",
        "must be 1 to 30 capital letters and digits, hyphens only between them",
    );
    vec![rule(pattern(&NUMBER), "identifier.number", Some("C-41"), form)]
}

/// A Georgian tax number.
pub(super) fn tax_number() -> Vec<Rule> {
    let form =
        words("უნდა იყოს 9- ან 11-ნიშნა საგადასახადო ნომერი", "must be the tax number of 9 or 11 digits");
    vec![rule(pattern(&TAX), "tax-number.form", Some("G-41"), form)]
}

/// A Georgian VAT number: the identification code, or a sole trader's personal number.
pub(super) fn vat_number() -> Vec<Rule> {
    let form = words("უნდა იყოს 9- ან 11-ნიშნა დღგ-ის ნომერი", "must be the VAT number of 9 or 11 digits");
    vec![rule(pattern(&TAX), "vat-number.form", Some("G-41"), form)]
}

/// The letters of a local scheme.
pub(super) fn local_scheme() -> Vec<Rule> {
    let form = words("უნდა იყოს ორი დიდი ლათინური ასო", "must be two capital letters");
    vec![rule(pattern(&SCHEME), "local-scheme.form", Some("C-42"), form)]
}

/// The address of a registry.
pub(super) fn registry() -> Vec<Rule> {
    let form = words(
        "უნდა იყოს რეესტრის მისამართი, რომელიც https://-ით იწყება",
        "must be the registry's address, which begins with https://",
    );
    vec![length(250), rule(pattern(&REGISTRY), "registry.form", Some("C-43"), form)]
}

/// A form that mail can have, no more: that it is read by the right person, only a message can show.
pub(super) fn email() -> Vec<Rule> {
    let form = words(
        "უნდა იყოს ელფოსტის მისამართი, დომენი — ASCII-ით",
        "must be an e-mail address, its domain in ASCII",
    );
    vec![length(254), rule(pattern(&EMAIL), "email.form", None, form)]
}

/// The number of a document.
pub(super) fn document_number() -> Vec<Rule> {
    let form = words(
        "უნდა იყოს 1-დან 30-მდე ლათინური ასო, ციფრი ან დეფისი, როგორც დოკუმენტშია",
        "must be 1 to 30 letters, digits and hyphens, as printed",
    );
    vec![rule(pattern(&DOCUMENT), "document.number", Some("P-12"), form)]
}

/// A date.
pub(super) fn calendar() -> Rule {
    let form = words("უნდა იყოს თარიღი, მაგალითად 2026-11-23", "must be a date such as 2026-11-23");
    rule(Test::Calendar, "date.form", None, form)
}

/// A date not after `today`.
pub(super) fn past(today: &str, clause: Clause) -> Vec<Rule> {
    let future = words("არ უნდა იყოს მომავალში", "must not be in the future");
    vec![calendar(), rule(Test::NotAfter { day: today.into() }, "date.future", clause, future)]
}

/// One of these.
pub(super) fn one_of(values: Vec<Choice>, clause: Clause) -> Rule {
    let names: Vec<&str> = values.iter().map(|choice| choice.value.as_str()).collect();
    let message = bilingual(
        format!("უნდა იყოს ერთ-ერთი: {}", names.join(", ")),
        format!("must be one of: {}", names.join(", ")),
    );
    rule(Test::OneOf { values }, "choice.unknown", clause, message)
}

/// At most so many characters of a name.
fn length(maximum: usize) -> Rule {
    let message = bilingual(
        format!("უნდა ჰქონდეს არაუმეტეს {maximum} სიმბოლო"),
        format!("must have at most {maximum} characters"),
    );
    rule(Test::MaxLength { maximum }, "text.too-long", Some("C-25"), message)
}

pub(super) fn rule(test: Test, code: &'static str, clause: Clause, message: Bilingual) -> Rule {
    Rule { test, code: code.into(), clause: clause.map(Into::into), message }
}

pub(super) fn bilingual(ka: String, en: String) -> Bilingual {
    Bilingual { ka: ka.into(), en: en.into() }
}

fn pattern(pattern: &LazyLock<Pattern>) -> Test {
    Test::Pattern { pattern: Pattern::clone(pattern) }
}

macro_rules! patterns {
    ($($name:ident = $text:expr;)*) => {$(
        static $name: LazyLock<Pattern> = LazyLock::new(|| compiled(&$text));
    )*};
}

patterns! {
    CODE = "^[0-9]{9}$";
    COUNTRY = one_of_countries(country_codes());
    DOCUMENT = "^[0-9A-Za-z\\-]{1,30}$";
    EMAIL = "^[!#$%&'*+\\-./0-9=?A-Z\\^_`a-z{|}~]{1,64}@[0-9A-Za-z\\-]+(?:\\.[0-9A-Za-z\\-]+)+$";
    FILLED = filled_pattern();
    FOREIGN = one_of_countries(country_codes().filter(|code| *code != GEORGIA));
    LATIN = latin_pattern();
    NUMBER = "^[0-9A-Z](?:[0-9A-Z\\-]{0,28}[0-9A-Z])?$";
    ORGANISATION = organisation_pattern();
    PERSON = person_pattern();
    PERSONAL_NUMBER = "^[0-9]{11}$";
    REGISTRY = "^https://[0-9A-Za-z][0-9A-Za-z\\-]*(?:\\.[0-9A-Za-z\\-]+)+(?:/[0-9A-Za-z\\-._~/%]*)?$";
    SCHEME = "^[A-Z]{2}$";
    TAX = "^(?:[0-9]{9}|[0-9]{11})$";
    VISIBLE = visible_pattern();
}

/// Countries by their first letter, with the second ones as a class: a form has this several times.
fn one_of_countries(codes: impl Iterator<Item = &'static str>) -> String {
    let mut second: BTreeMap<&str, String> = BTreeMap::new();
    for code in codes {
        let (first, rest) = code.split_at(1);
        *second.entry(first).or_default() += rest;
    }
    let each: Vec<_> = second.iter().map(|(first, rest)| format!("{first}[{rest}]")).collect();
    format!("^(?:{})$", each.join("|"))
}

#[expect(
    clippy::expect_used,
    reason = "constants of ours: the first form that is made shows one that is wrong"
)]
fn compiled(text: &str) -> Pattern {
    // Unwrap safety: every form has all of them, and every test makes a form.
    text.parse().expect("a pattern of ours compiles")
}
