//! What may be written behind an agreement: signature fields, signatures and what validates them; nothing that changes what
//! its pages show.

use std::collections::BTreeMap;

use super::object::{Object, Unreadable};
use super::update::{Section, UpdateError};

/// The objects in force.
pub(super) struct State {
    /// As the agreement has them.
    first: BTreeMap<u32, Object>,
    now: BTreeMap<u32, Object>,
    catalog: u32,
    info: Option<u32>,
}

/// What a signing program may add to the catalog: the form with the fields, validation data (EN 319 142-1 §5.4), and what
/// it says of itself.
const OF_CATALOG: [&str; 5] = ["AcroForm", "DSS", "Extensions", "Metadata", "Version"];
/// What the form may say. No NeedAppearances and no XFA: both show something else.
const OF_FORM: [&str; 4] = ["DA", "DR", "Fields", "SigFlags"];
/// What a field must not have: actions, and other fields above or below it.
const NOT_OF_FIELD: [&str; 4] = ["A", "AA", "Kids", "Parent"];

impl State {
    pub(super) fn of(first: &Section) -> Result<Self, Unreadable> {
        let reference = |key| match first.trailer.get(key) {
            Some(Object::Reference(number)) => Some(*number),
            _ => None,
        };
        Ok(Self {
            first: first.objects.clone(),
            now: first.objects.clone(),
            catalog: reference("Root").ok_or(Unreadable)?,
            info: reference("Info"),
        })
    }

    /// Takes an update in. The rules hold after each: what was signed in between was shown too.
    pub(super) fn update(&mut self, section: &Section) -> Result<(), UpdateError> {
        if !matches!(section.trailer.get("Root"), Some(Object::Reference(root)) if *root == self.catalog) {
            return Err(UpdateError::Changed);
        }
        for (number, object) in &section.objects {
            let may_change = match self.first.get(number) {
                Some(page) if page.says("Type", "Page") => true,
                // Titles and dates; no page shows them.
                Some(_) => *number == self.catalog || Some(*number) == self.info,
                None => self.now.get(number).is_none_or(|before| before.get("ByteRange").is_none()),
            };
            if !may_change {
                return Err(UpdateError::Changed);
            }
            self.now.insert(*number, object.clone());
        }
        if self.shows_the_same() { Ok(()) } else { Err(UpdateError::Changed) }
    }

    fn shows_the_same(&self) -> bool {
        self.first.iter().all(|(number, before)| {
            let Some(now) = self.now.get(number) else { return false };
            if *number == self.catalog {
                grown(before, now, &OF_CATALOG) && now.get("AcroForm").is_none_or(|form| self.is_form(form))
            } else if before.says("Type", "Page") {
                grown(before, now, &["Annots"]) && now.get("Annots").is_none_or(|list| self.are_fields(list))
            } else {
                Some(*number) == self.info || now == before
            }
        })
    }

    fn is_form(&self, form: &Object) -> bool {
        let Some(form) = self.resolved(form) else { return false };
        let known = |key: &[u8]| OF_FORM.iter().any(|one| one.as_bytes() == key);
        !form.entries().is_empty()
            && form.entries().iter().all(|(key, _)| known(key))
            && form.get("Fields").is_some_and(|list| self.are_fields(list))
    }

    /// Whether all are fields for signatures: on pages, their widgets.
    fn are_fields(&self, list: &Object) -> bool {
        let Some(Object::Array(list)) = self.resolved(list) else { return false };
        list.iter().all(|field| {
            self.resolved(field).is_some_and(|field| {
                field.says("FT", "Sig")
                    && (field.get("Subtype").is_none() || field.says("Subtype", "Widget"))
                    && NOT_OF_FIELD.iter().all(|key| field.get(key).is_none())
            })
        })
    }

    /// What a reference leads to, in one step.
    fn resolved<'a>(&'a self, object: &'a Object) -> Option<&'a Object> {
        if let Object::Reference(number) = object { self.now.get(number) } else { Some(object) }
    }
}

/// Whether every entry is as it was, and the new ones are among these.
fn grown(before: &Object, now: &Object, new: &[&str]) -> bool {
    let kept = before.entries().iter().all(|(key, value)| {
        let found = now.entries().iter().find(|(name, _)| name == key);
        found.is_some_and(|(_, found)| found == value)
    });
    let had = |key: &[u8]| before.entries().iter().any(|(name, _)| name == key);
    kept && now.entries().iter().all(|(key, _)| had(key) || new.iter().any(|one| one.as_bytes() == key))
}
