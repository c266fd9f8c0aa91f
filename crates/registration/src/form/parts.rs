//! What is refused whatever a field's own rules say: it is missing, unknown, or of another type.

use super::{Bilingual, Field, Finding, Kind};

pub(super) const fn words(ka: &'static str, en: &'static str) -> Bilingual {
    Bilingual { ka: std::borrow::Cow::Borrowed(ka), en: std::borrow::Cow::Borrowed(en) }
}

pub(super) fn missing(field: &Field) -> Finding {
    Finding {
        field: field.field.clone().into_owned(),
        code: "field.missing".into(),
        clause: field.clause.clone(),
        message: words("აუცილებელია", "must be given"),
    }
}

pub(super) fn unknown(pointer: String) -> Finding {
    let message =
        words("ამ პროფილის განაცხადს ასეთი ველი არ აქვს", "is no field of this profile's applications");
    Finding { field: pointer, code: "field.unknown".into(), clause: None, message }
}

pub(super) fn other_type(pointer: &str, kind: Kind) -> Finding {
    let message = match kind {
        Kind::Choice | Kind::CertificateRequest | Kind::Day | Kind::Text => {
            words("უნდა იყოს ტექსტი", "must be a text")
        }
        Kind::Flag => words("უნდა იყოს true ან false", "must be true or false"),
        Kind::Group => words("უნდა იყოს ველების ჯგუფი", "must be a group of fields"),
        Kind::Number => words("უნდა იყოს მთელი რიცხვი", "must be a whole number"),
    };
    Finding { field: pointer.into(), code: "field.type".into(), clause: None, message }
}
