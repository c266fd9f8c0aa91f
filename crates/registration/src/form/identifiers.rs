//! The fields by which subjects and representatives are identified, as the profile allows them (C-41 to C-43).

use ndoba_x509::IdentifierScheme;

use super::fields::{text, wanted};
use super::parts::words;
use super::rules::{self, bilingual};
use super::{Alternatives, Among, Bilingual, Field, Kind};

/// Where the members of a person's identification are: a natural person's, or a representative's.
pub(super) struct PersonPointers {
    personal_number: &'static str,
    tax_number: &'static str,
    /// Each with its country and number.
    foreign_number: [&'static str; 3],
    passport: [&'static str; 3],
    identity_card: [&'static str; 3],
}

macro_rules! pointers {
    ($at:literal) => {
        PersonPointers {
            personal_number: concat!($at, "/personal_number"),
            tax_number: concat!($at, "/tax_number"),
            foreign_number: pointers!($at, "/foreign_number"),
            passport: pointers!($at, "/passport"),
            identity_card: pointers!($at, "/identity_card"),
        }
    };
    ($at:literal, $member:literal) => {
        [concat!($at, $member), concat!($at, $member, "/country"), concat!($at, $member, "/number")]
    };
}

pub(super) const SUBJECT: PersonPointers = pointers!("/subject");
pub(super) const REPRESENTATIVE: PersonPointers = pointers!("/subject/representative");

/// A person's identifier of one of these kinds, with what must hold among its fields. The personal number may always be
/// noted: officers are known by theirs, and must not take part in what is about themselves (C-75).
pub(super) fn person(
    fields: &mut Vec<Field>,
    at: &PersonPointers,
    kinds: &[IdentifierScheme],
) -> Vec<Alternatives> {
    let PersonPointers { personal_number, tax_number, foreign_number, passport, identity_card } = *at;
    let (has, before) = (|kind| kinds.contains(&kind), fields.len());
    let p11 = Some("P-11");
    fields.push(Field {
        rules: rules::personal_number(),
        ..wanted(personal_number, Kind::Text, p11, words("პირადი ნომერი", "personal number"))
    });
    let mut others = Vec::new();
    if has(IdentifierScheme::Pno) {
        let label = words("უცხო ქვეყნის პირადი ნომერი", "personal number of another country");
        others.push(numbered(fields, foreign_number, label, rules::foreign_country()));
    }
    if has(IdentifierScheme::Pas) {
        others.push(numbered(fields, passport, words("პასპორტი", "passport"), rules::country()));
    }
    if has(IdentifierScheme::Idc) {
        let label = words("პირადობის მოწმობა", "identity card");
        others.push(numbered(fields, identity_card, label, rules::country()));
    }
    if has(IdentifierScheme::Tin) {
        let label = words("საგადასახადო ნომერი", "tax number");
        fields.push(Field {
            rules: rules::tax_number(),
            ..wanted(tax_number, Kind::Text, Some("C-41"), label)
        });
        others.push(tax_number);
    }
    let shown =
        if has(IdentifierScheme::Pno) { [&[personal_number], &others[..]].concat() } else { others.clone() };
    choice(fields, before, shown, others)
}

/// A legal person's.
pub(super) fn body(fields: &mut Vec<Field>, kinds: &[IdentifierScheme]) -> Vec<Alternatives> {
    let (has, before) = (|kind| kinds.contains(&kind), fields.len());
    let mut shown = Vec::new();
    let one = |pointer, clause, label: Bilingual, rules| Field {
        rules,
        ..wanted(pointer, Kind::Text, Some(clause), label)
    };
    if has(IdentifierScheme::Ntr) {
        let label = words("საიდენტიფიკაციო კოდი", "identification code");
        fields.push(one("/subject/identification_code", "P-11", label, rules::identification_code()));
        shown.push("/subject/identification_code");
    }
    if has(IdentifierScheme::Vat) {
        let label = words("დღგ-ის ნომერი", "VAT number");
        fields.push(one("/subject/vat_number", "C-42", label, rules::vat_number()));
        shown.push("/subject/vat_number");
    }
    if has(IdentifierScheme::Local) {
        let clause = Some("C-43");
        fields.extend([
            wanted(
                "/subject/local_number",
                Kind::Group,
                clause,
                words("ნომერი სხვა რეესტრში", "number in another registry"),
            ),
            text(
                "/subject/local_number/scheme",
                clause,
                words("სქემის ორი ასო", "two letters of the scheme"),
                rules::local_scheme(),
            ),
            text("/subject/local_number/number", clause, words("ნომერი", "number"), rules::number()),
            text(
                "/subject/local_number/registry",
                clause,
                words("რეესტრის მისამართი", "address of the registry"),
                rules::registry(),
            ),
        ]);
        shown.push("/subject/local_number");
    }
    choice(fields, before, shown.clone(), shown)
}

/// A document or number with its country; the pointer of the whole.
fn numbered(
    fields: &mut Vec<Field>,
    [group, country, number]: [&'static str; 3],
    label: Bilingual,
    countries: Vec<super::Rule>,
) -> &'static str {
    let clause = Some("C-41");
    fields.extend([
        wanted(group, Kind::Group, clause, label),
        text(country, clause, words("ქვეყანა", "country"), countries),
        text(number, clause, words("ნომერი", "number"), rules::number()),
    ]);
    group
}

/// One of `shown` must be there, and of `rivals` no more than one. Where there is no choice, the field is required.
fn choice(
    fields: &mut [Field],
    before: usize,
    shown: Vec<&'static str>,
    rivals: Vec<&'static str>,
) -> Vec<Alternatives> {
    let mut all = Vec::new();
    if let [only] = shown[..] {
        let own = fields[before..].iter_mut().filter(|field| field.field == only);
        own.for_each(|field| field.required = true);
    } else {
        let names = names(&shown);
        all.push(Alternatives {
            kind: Among::AtLeastOne,
            fields: shown.into_iter().map(Into::into).collect(),
            code: "field.missing".into(),
            clause: Some("P-11".into()),
            message: bilingual(
                format!("აუცილებელია ერთ-ერთი: {names}"),
                format!("must be given, or another of: {names}"),
            ),
        });
    }
    if rivals.len() > 1 {
        let names = names(&rivals);
        all.push(Alternatives {
            kind: Among::AtMostOne,
            fields: rivals.into_iter().map(Into::into).collect(),
            code: "identifier.twice".into(),
            clause: Some("C-41".into()),
            message: bilingual(
                format!("სერტიფიკატი მხოლოდ ერთ იდენტიფიკატორს აჩვენებს: {names}"),
                format!("is one too many, a certificate shows one identifier of: {names}"),
            ),
        });
    }
    all
}

fn names(pointers: &[&'static str]) -> String {
    let last = |pointer: &&'static str| pointer.rsplit('/').next().unwrap_or_default();
    pointers.iter().map(last).collect::<Vec<_>>().join(", ")
}
