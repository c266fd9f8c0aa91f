//! The fields of an application, put together for a profile and a day.

use std::borrow::Cow;

use ndoba_order::DeviceEvidence;
use ndoba_types::Span;
use ndoba_x509::IdentifierScheme;
use ndoba_x509::alphabet::{ALPHABETS, MAX_NAME_PART, MAX_WHOLE_NAME, class};

use super::identifiers;
use super::judge::today;
use super::parts::words;
use super::rules::{self, Clause, bilingual, rule};
use super::{Alternatives, Between, Bilingual, Choice, Field, Form, Kind, Letters, Relation, Rule, Test};
use crate::check::{AUTHORITY_KINDS, DOCUMENT_KINDS, PROOFING_METHODS, Rules, VALIDATION_METHODS};
use crate::profile::{ProfileOffer, SubjectKind};
use crate::text::{MAX_NAME, MAX_TEXT};

/// What must hold among the fields of a subject.
type Among = (Vec<Alternatives>, Vec<Relation>);

/// The form of `offer`'s applications today.
pub(crate) fn effective(offer: &ProfileOffer, rules: Rules<'_>) -> Form {
    let today = today(rules.now).to_string();
    let mut fields = Vec::new();
    head(&mut fields, offer);
    let (alternatives, relations) = match offer.subject {
        SubjectKind::Natural => natural(&mut fields, offer, &today),
        SubjectKind::Legal => legal(&mut fields, offer, &today),
    };
    proofs(&mut fields, rules, &today);
    if offer.device {
        device(&mut fields, rules, &today);
    }
    tail(&mut fields);
    let alphabets = ALPHABETS.iter();
    Form {
        profile: offer.name.clone(),
        today,
        normalization: "NFC".into(),
        alphabets: alphabets
            .map(|one| Letters { name: one.name.into(), letters: class(one.letters) })
            .collect(),
        fields,
        alternatives,
        relations: relations.into_iter().chain([dates()]).collect(),
    }
}

fn head(fields: &mut Vec<Field>, offer: &ProfileOffer) {
    let only = |value: &str, label| vec![Choice { value: value.into(), label }];
    let name = only(&offer.name, bilingual(offer.name.clone(), offer.name.clone()));
    let (kind, called) = match offer.subject {
        SubjectKind::Natural => ("natural-person", words("ფიზიკური პირი", "natural person")),
        SubjectKind::Legal => ("legal-person", words("იურიდიული პირი", "legal person")),
    };
    let range = bilingual(
        format!("უნდა იყოს 1-დან {}-მდე", offer.max_days),
        format!("must be between 1 and {}", offer.max_days),
    );
    let days = Test::Between { minimum: 1, maximum: offer.max_days };
    let other = bilingual(format!("ეს პროფილი განკუთვნილია: {kind}"), format!("is a profile for a {kind}"));
    let subject_type = rule(Test::OneOf { values: only(kind, called) }, "profile.other-subject", None, other);
    fields.extend([
        needed("/profile", Kind::Choice, None, words("პროფილი", "profile"), vec![rules::one_of(name, None)]),
        needed(
            "/days",
            Kind::Number,
            Some("C-71"),
            words("მოქმედების დღეები", "days of validity"),
            vec![rule(days, "days.range", Some("C-71"), range)],
        ),
        needed("/subject", Kind::Group, Some("P-11"), words("სერტიფიკატის მფლობელი", "subject"), Vec::new()),
        needed(
            "/subject/type",
            Kind::Choice,
            None,
            words("მფლობელის სახე", "kind of subject"),
            vec![subject_type],
        ),
    ]);
}

fn natural(fields: &mut Vec<Field>, offer: &ProfileOffer, today: &str) -> Among {
    let name = || rules::person_name(MAX_NAME_PART);
    let latin = || rules::latin_name(MAX_NAME_PART);
    let (given, surname) = (|| words("სახელი", "given names"), || words("გვარი", "surname"));
    fields.extend([
        text("/subject/given_names", Some("P-11"), given(), name()),
        text("/subject/surname", Some("P-11"), surname(), name()),
        wanted(
            "/subject/latin",
            Kind::Group,
            Some("C-28"),
            words("სახელი ლათინურად", "name in Latin letters"),
        ),
        text("/subject/latin/given_names", Some("C-28"), given(), latin()),
        text("/subject/latin/surname", Some("C-28"), surname(), latin()),
        Field {
            rules: rules::country(),
            ..wanted("/subject/country", Kind::Text, Some("C-22"), words("საკუთარი ქვეყანა", "own country"))
        },
    ]);
    let alternatives = identifiers::person(fields, &identifiers::SUBJECT, &offer.identifiers);
    fields.push(text("/subject/email", Some("P-11"), words("ელფოსტა", "e-mail address"), rules::email()));
    let mut relations = vec![
        relation(
            Between::SameScripts,
            ["/subject/surname", "/subject/given_names"],
            ("name.script", "C-27"),
            words(
                "უნდა იყოს იმავე დამწერლობით, რომლითაც სახელია",
                "must be of the same script as the given name",
            ),
        ),
        other_script("/subject/latin/given_names", "/subject/given_names"),
    ];
    if offer.organisation {
        let organisation = needed(
            "/subject/organisation",
            Kind::Group,
            Some("C-24"),
            words("ორგანიზაცია", "organisation"),
            Vec::new(),
        );
        fields.push(organisation);
        fields.extend([
            registered_name("/subject/organisation/name"),
            text(
                "/subject/organisation/identification_code",
                Some("P-11"),
                words("საიდენტიფიკაციო კოდი", "identification code"),
                rules::identification_code(),
            ),
        ]);
        authority(fields, AFFILIATION, words("კავშირის დადასტურება", "proof of the affiliation"), today);
        relations
            .push(not_the_number("/subject/organisation/name", "/subject/organisation/identification_code"));
    }
    (alternatives, relations)
}

fn legal(fields: &mut Vec<Field>, offer: &ProfileOffer, today: &str) -> Among {
    fields.push(registered_name("/subject/name"));
    let mut alternatives = identifiers::body(fields, &offer.identifiers);
    let representative = || Some("P-11");
    fields.extend([
        Field {
            rules: rules::organisation_name(MAX_WHOLE_NAME),
            ..wanted(
                "/subject/common_name",
                Kind::Text,
                Some("C-33"),
                words("საყოველთაოდ ცნობილი სახელი", "common name"),
            )
        },
        Field {
            rules: rules::latin_name(MAX_WHOLE_NAME),
            ..wanted(
                "/subject/latin_name",
                Kind::Text,
                Some("C-28"),
                words("სახელი ლათინურად", "name in Latin letters"),
            )
        },
        text("/subject/email", Some("P-11"), words("ელფოსტა", "e-mail address"), rules::email()),
        text(
            "/subject/contact_address",
            Some("P-11"),
            words("საკონტაქტო მისამართი", "contact address"),
            rules::text(MAX_TEXT, Some("P-11")),
        ),
        needed(
            "/subject/representative",
            Kind::Group,
            representative(),
            words("წარმომადგენელი", "representative"),
            Vec::new(),
        ),
        text(
            "/subject/representative/name",
            representative(),
            words("სახელი და გვარი", "full name"),
            rules::text(MAX_NAME, Some("P-11")),
        ),
    ]);
    // Whoever acts is in no certificate: no profile narrows by what they are known.
    let all = &IdentifierScheme::OF_PERSONS;
    alternatives.extend(identifiers::person(fields, &identifiers::REPRESENTATIVE, all));
    fields.push(text(
        "/subject/representative/position",
        representative(),
        words("თანამდებობა", "position"),
        rules::text(MAX_TEXT, Some("P-11")),
    ));
    authority(fields, AUTHORITY, words("უფლებამოსილების დადასტურება", "proof of authority"), today);
    let numbers = ["/subject/identification_code", "/subject/vat_number", "/subject/local_number/number"];
    let mut relations = vec![other_script("/subject/latin_name", "/subject/name")];
    let asked = numbers.into_iter().filter(|number| fields.iter().any(|field| field.field == *number));
    relations.extend(asked.map(|number| not_the_number("/subject/name", number)));
    (alternatives, relations)
}

fn registered_name(field: &'static str) -> Field {
    text(
        field,
        Some("P-11"),
        words("სრული რეგისტრირებული სახელი", "full registered name"),
        rules::organisation_name(MAX_WHOLE_NAME),
    )
}

type AuthorityPointers = [&'static str; 4];
const AUTHORITY: AuthorityPointers = [
    "/subject/authority",
    "/subject/authority/type",
    "/subject/authority/reference",
    "/subject/authority/date",
];
const AFFILIATION: AuthorityPointers = [
    "/subject/organisation/authority",
    "/subject/organisation/authority/type",
    "/subject/organisation/authority/reference",
    "/subject/organisation/authority/date",
];

fn authority(fields: &mut Vec<Field>, at: AuthorityPointers, label: Bilingual, today: &str) {
    let [group, kind, reference, date] = at;
    fields.push(needed(group, Kind::Group, Some("P-11"), label, Vec::new()));
    proof(fields, [kind, reference, date], choices(AUTHORITY_KINDS), Some("P-11"), today);
}

/// Kind, reference and date of what proves something.
fn proof(
    fields: &mut Vec<Field>,
    [kind, reference, date]: [&'static str; 3],
    kinds: Vec<Choice>,
    clause: Clause,
    today: &str,
) {
    fields.extend([
        needed(kind, Kind::Choice, clause, words("სახე", "type"), vec![rules::one_of(kinds, clause)]),
        text(
            reference,
            clause,
            words("ნომერი ან სხვა მითითება", "number or other reference"),
            rules::text(MAX_TEXT, clause),
        ),
        needed(date, Kind::Day, clause, words("თარიღი", "date"), rules::past(today, clause)),
    ]);
}

/// The identity document and how the identity was proved.
fn proofs(fields: &mut Vec<Field>, rules_of_today: Rules<'_>, today: &str) {
    let document = Some("P-12");
    let ended = words("დოკუმენტის ვადა გასულია", "the document's validity has ended");
    let valid = rule(Test::NotBefore { day: today.into() }, "document.expired", Some("P-11"), ended);
    fields.extend([
        needed(
            "/identity_document",
            Kind::Group,
            document,
            words("პირადობის დოკუმენტი", "identity document"),
            Vec::new(),
        ),
        needed(
            "/identity_document/type",
            Kind::Choice,
            document,
            words("დოკუმენტის სახე", "type of document"),
            vec![rules::one_of(choices(DOCUMENT_KINDS), document)],
        ),
        text("/identity_document/number", document, words("ნომერი", "number"), rules::document_number()),
        text(
            "/identity_document/issued_by",
            document,
            words("გამცემი ორგანო", "issued by"),
            rules::text(MAX_TEXT, document),
        ),
        needed(
            "/identity_document/validation",
            Kind::Choice,
            document,
            words("როგორ შემოწმდა დოკუმენტი", "how it was validated"),
            vec![rules::one_of(choices(VALIDATION_METHODS), document)],
        ),
        text(
            "/identity_document/copies_at",
            document,
            words("სად ინახება ასლები", "where copies are kept"),
            rules::text(MAX_TEXT, document),
        ),
        Field {
            rules: rules::past(today, Some("P-11")),
            ..wanted(
                "/identity_document/issued",
                Kind::Day,
                document,
                words("გაცემის თარიღი", "date of issue"),
            )
        },
        Field {
            rules: vec![rules::calendar(), valid],
            ..wanted(
                "/identity_document/expires",
                Kind::Day,
                document,
                words("მოქმედების ბოლო დღე", "last day of validity"),
            )
        },
    ]);
    let days = rules_of_today.proofing_max_age_days;
    let first = super::judge::today(rules_of_today.now.minus(Span::days(days))).to_string();
    let old = bilingual(
        format!("არ უნდა იყოს {days} დღეზე ძველი"),
        format!("must not be more than {days} days ago"),
    );
    let mut date = rules::past(today, Some("C-72"));
    date.push(rule(Test::NotBefore { day: first }, "proofing.too-old", Some("C-72"), old));
    let proofing = Some("P-12");
    fields.extend([
        needed(
            "/identity_proofing",
            Kind::Group,
            proofing,
            words("ვინაობის დადგენა", "proof of identity"),
            Vec::new(),
        ),
        needed(
            "/identity_proofing/method",
            Kind::Choice,
            proofing,
            words("მეთოდი", "method"),
            vec![rules::one_of(choices(PROOFING_METHODS), Some("P-10"))],
        ),
        needed("/identity_proofing/date", Kind::Day, proofing, words("დღე", "day"), date),
        text(
            "/identity_proofing/seen_by",
            proofing,
            words("ვინ ნახა პირი", "who saw the person"),
            rules::text(MAX_NAME, proofing),
        ),
    ]);
}

fn device(fields: &mut Vec<Field>, rules_of_today: Rules<'_>, today: &str) {
    let model = |offer: &crate::profile::DeviceOffer| Choice {
        value: offer.model.as_str().into(),
        label: bilingual(offer.model.as_str().into(), offer.model.as_str().into()),
    };
    let known: Vec<Choice> = rules_of_today.devices.iter().map(model).collect();
    let names: Vec<&str> = known.iter().map(|choice| choice.value.as_str()).collect();
    let unknown = bilingual(
        format!("უნდა იყოს მომწოდებლის რეესტრის სერტიფიცირებული მოდელი: {}", names.join(", ")),
        format!("must be a certified model of the provider's register: {}", names.join(", ")),
    );
    let certified = rules_of_today.devices.iter().filter(|offer| offer.ends > rules_of_today.now).map(model);
    let ended = words("მოდელის სერტიფიკაცია დასრულდა", "is a model whose certification has ended");
    let models = vec![
        rule(Test::OneOf { values: known }, "device.unknown", Some("C-52"), unknown),
        rule(Test::OneOf { values: certified.collect() }, "device.certification-ended", Some("C-52"), ended),
    ];
    fields.extend([
        needed("/device", Kind::Group, Some("C-52"), words("მოწყობილობა", "device"), Vec::new()),
        needed("/device/model", Kind::Choice, Some("C-52"), words("მოდელი", "model"), models),
    ]);
    let kinds = choices(&DeviceEvidence::ALL.map(DeviceEvidence::name));
    proof(fields, ["/device/type", "/device/reference", "/device/date"], kinds, Some("C-73"), today);
}

fn tail(fields: &mut Vec<Field>) {
    fields.extend([
        needed(
            "/csr",
            Kind::CertificateRequest,
            Some("C-73"),
            words("სერტიფიკატის მოთხოვნა (PKCS#10)", "certificate request (PKCS#10)"),
            Vec::new(),
        ),
        needed(
            "/publication_consent",
            Kind::Flag,
            Some("P-14"),
            words("თანხმობა გამოქვეყნებაზე", "consent to publication"),
            Vec::new(),
        ),
    ]);
}

fn dates() -> Relation {
    relation(
        Between::NotBefore,
        ["/identity_document/expires", "/identity_document/issued"],
        ("document.dates", "P-11"),
        words("არ უნდა იყოს გაცემის დღეზე ადრე", "must not be before the day of issue"),
    )
}

fn other_script(field: &'static str, other: &'static str) -> Relation {
    relation(
        Between::OtherScripts,
        [field, other],
        ("name.script", "C-28"),
        words("უნდა იყოს სხვა დამწერლობით, ვიდრე მთავარი სახელი", "must be in another script than the name"),
    )
}

fn not_the_number(field: &'static str, other: &'static str) -> Relation {
    relation(
        Between::NotTheRegistrationNumber,
        [field, other],
        ("name.number", "C-33"),
        words(
            "უნდა იყოს სახელი და არა სარეგისტრაციო ნომერი",
            "must be the name, not the registration number",
        ),
    )
}

fn relation(
    kind: Between,
    [field, other]: [&'static str; 2],
    (code, clause): (&'static str, &'static str),
    message: Bilingual,
) -> Relation {
    let clause = Some(Cow::Borrowed(clause));
    Relation { kind, field: field.into(), other: other.into(), code: code.into(), clause, message }
}

pub(super) fn text(field: &'static str, clause: Clause, label: Bilingual, rules: Vec<Rule>) -> Field {
    needed(field, Kind::Text, clause, label, rules)
}

pub(super) fn needed(
    field: &'static str,
    kind: Kind,
    clause: Clause,
    label: Bilingual,
    rules: Vec<Rule>,
) -> Field {
    Field { field: field.into(), kind, required: true, clause: clause.map(Into::into), label, rules }
}

pub(super) fn wanted(field: &'static str, kind: Kind, clause: Clause, label: Bilingual) -> Field {
    Field { required: false, ..needed(field, kind, clause, label, Vec::new()) }
}

/// The values of a choice with what people call them.
fn choices(values: &[&'static str]) -> Vec<Choice> {
    let label = |value: &'static str| match value {
        "chip-read" => words("ჩიპის წაკითხვა", "chip read"),
        "electronic-identification" => words("ელექტრონული იდენტიფიკაცია", "electronic identification"),
        "identity-card" => words("პირადობის მოწმობა", "identity card"),
        "key-attestation" => words("გასაღების ატესტაცია", "key attestation"),
        "neutral-document" => words("ნეიტრალური დოკუმენტი", "neutral document"),
        "officers-declaration" => words("ოფიცრის განცხადება", "officer's declaration"),
        "order-of-appointment" => words("დანიშვნის ბრძანება", "order of appointment"),
        "other" => words("სხვა", "other"),
        "passport" => words("პასპორტი", "passport"),
        "personalisation-record" => words("პერსონალიზაციის ჩანაწერი", "personalisation record"),
        "physical-presence" => words("პირადი დასწრება", "physical presence"),
        "power-of-attorney" => words("მინდობილობა", "power of attorney"),
        "qualified-certificate" => words("კვალიფიციური სერტიფიკატი", "qualified certificate"),
        "register-check" => words("რეესტრში შემოწმება", "checked in the register"),
        "registry-extract" => words("ამონაწერი რეესტრიდან", "registry extract"),
        "remote-video" => words("დისტანციური ვიდეო", "remote video"),
        "residence-card" => words("ბინადრობის მოწმობა", "residence card"),
        "visual-inspection" => words("ვიზუალური შემოწმება", "visual inspection"),
        value => words(value, value),
    };
    values.iter().map(|value| Choice { value: (*value).into(), label: label(value) }).collect()
}
