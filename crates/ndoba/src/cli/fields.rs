//! An application's fields as options. Which of them a profile has, and what they must keep, is its form's to say.

use clap::Args;

/// Pointers of which a profile's form has one at most, or none: the first that it has is meant.
pub(crate) type Pointers = &'static [&'static str];

macro_rules! field_options {
    ($($(#[doc = $about:literal])+ $name:ident $long:literal $value:literal: $($pointer:literal),+;)+) => {
        /// Fields of an application. Another that `--set` names: as `ndoba application form` tells it.
        #[derive(Clone, Debug, Default, Args)]
        #[command(next_help_heading = "Fields")]
        pub(crate) struct FieldArgs {
            $($(#[doc = $about])+
            #[arg(long = $long, value_name = $value)]
            $name: Option<String>,)+
            /// Any field, by its path in the profile's form, such as /subject/email=nino@example.ge; as often as needed.
            #[arg(long = "set", value_name = "FIELD=VALUE", value_parser = set)]
            set: Vec<(String, String)>,
        }

        impl FieldArgs {
            /// What was given by options of their own: option, pointers, value.
            pub(crate) fn named(&self) -> Vec<(&'static str, Pointers, &str)> {
                let all = [$(($long, &[$($pointer),+] as Pointers, self.$name.as_deref())),+];
                all.into_iter().filter_map(|(long, pointers, value)| Some((long, pointers, value?))).collect()
            }
        }
    };
}

field_options! {
    /// The profile.
    profile "profile" "NAME": "/profile";
    /// Days of validity.
    days "days" "N": "/days";
    /// Given names, as the document has them.
    given_names "given-names" "TEXT": "/subject/given_names";
    /// Surname, as the document has it.
    surname "surname" "TEXT": "/subject/surname";
    /// Given names in Latin letters, as the document has them.
    latin_given_names "latin-given-names" "TEXT": "/subject/latin/given_names";
    /// Surname in Latin letters, as the document has it.
    latin_surname "latin-surname" "TEXT": "/subject/latin/surname";
    /// The person's personal number.
    personal_number "personal-number" "DIGITS": "/subject/personal_number";
    /// The subject's own country, two letters.
    country "country" "CC": "/subject/country";
    /// The subject's e-mail address.
    email "email" "ADDRESS": "/subject/email";
    /// The organisation's full registered name.
    organisation "organisation" "TEXT": "/subject/organisation/name", "/subject/name";
    /// The organisation's identification code.
    identification_code "identification-code" "DIGITS":
        "/subject/organisation/identification_code", "/subject/identification_code";
    /// Kind of identity document.
    document_type "document-type" "KIND": "/identity_document/type";
    /// The identity document's number.
    document_number "document-number" "TEXT": "/identity_document/number";
    /// Who issued the identity document.
    document_issued_by "document-issued-by" "TEXT": "/identity_document/issued_by";
    /// The day on which it was issued.
    document_issued "document-issued" "DAY": "/identity_document/issued";
    /// The last day on which it is valid.
    document_expires "document-expires" "DAY": "/identity_document/expires";
    /// How it was found genuine.
    document_validation "document-validation" "HOW": "/identity_document/validation";
    /// Where its copies are kept.
    copies_at "copies-at" "TEXT": "/identity_document/copies_at";
    /// How the identity was proved.
    proofing_method "proofing-method" "HOW": "/identity_proofing/method";
    /// The day on which it was proved.
    proofing_date "proofing-date" "DAY": "/identity_proofing/date";
    /// Who saw the person.
    seen_by "seen-by" "TEXT": "/identity_proofing/seen_by";
    /// Whether the certificate may be shown to third parties: yes or no.
    publication_consent "publication-consent" "YES-OR-NO": "/publication_consent";
}

impl FieldArgs {
    /// Whether none is given.
    pub(crate) fn is_empty(&self) -> bool {
        self.set.is_empty() && self.named().is_empty()
    }

    /// What was given by pointer.
    pub(crate) fn by_pointer(&self) -> &[(String, String)] {
        &self.set
    }
}

fn set(text: &str) -> Result<(String, String), &'static str> {
    let wanted = "FIELD=VALUE with the field's path, such as /subject/email=nino@example.ge";
    let (field, value) = text.split_once('=').ok_or(wanted)?;
    if field.starts_with('/') { Ok((field.into(), value.into())) } else { Err(wanted) }
}
