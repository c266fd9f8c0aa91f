//! An application's content as it comes about: from a file, from options, from answers.

use std::path::Path;

use anyhow::Context as _;
use ndoba_registration::form::{Field, Form, Kind, Test};
use serde_json::{Map, Value};

use crate::cli::FieldArgs;
use crate::files;
use crate::words::Words;

/// What the API takes as an application.
pub(super) type Content = Map<String, Value>;

/// An application's content from a file, JSON or TOML.
pub(super) fn read(file: &Path) -> anyhow::Result<Content> {
    let text = files::read_text(file)?;
    let value: Value = if is_toml(file) {
        toml::from_str(&text).with_context(|| Words::spoken().no_toml(file.display()))?
    } else {
        serde_json::from_str(&text).with_context(|| Words::spoken().no_json(file.display()))?
    };
    match value {
        Value::Object(members) => Ok(members),
        Value::Array(_) | Value::Bool(_) | Value::Null | Value::Number(_) | Value::String(_) => {
            anyhow::bail!(Words::spoken().no_fields(file.display()))
        }
    }
}

/// Writes it as [`read`] reads it. It is about a person: only the file's owner can read it.
pub(super) fn write(file: &Path, content: &Content) -> anyhow::Result<()> {
    let text =
        if is_toml(file) { toml::to_string_pretty(content)? } else { serde_json::to_string_pretty(content)? };
    files::write_secret(file, text.as_bytes())
}

fn is_toml(file: &Path) -> bool {
    file.extension().is_some_and(|ending| ending == "toml")
}

/// Puts the options' values where the form has their fields.
pub(super) fn put_fields(
    content: &mut Content,
    form: &Form,
    fields: &FieldArgs,
    words: Words,
) -> anyhow::Result<()> {
    for (option, pointers, text) in fields.named() {
        let field = pointers.iter().find_map(|pointer| form.field(pointer));
        let field = field.with_context(|| words.no_field(format_args!("--{option}"), &form.profile))?;
        put(content, &field.field, typed(field, text));
    }
    for (pointer, text) in fields.by_pointer() {
        let field = form.field(pointer).filter(|field| field.kind != Kind::Group);
        let field = field.with_context(|| words.no_field(pointer, &form.profile))?;
        put(content, pointer, typed(field, text));
    }
    put_given(content, form);
    Ok(())
}

/// Puts what leaves no choice: the groups that must be there, and choices of one.
pub(super) fn put_given(content: &mut Content, form: &Form) {
    for field in form.fields.iter().filter(|field| field.required) {
        if value(content, &field.field).is_some() || !has_parent(content, &field.field) {
            continue;
        }
        match (field.kind, choices(field).as_slice()) {
            (Kind::Group, _) => put(content, &field.field, Value::Object(Map::new())),
            (Kind::Choice, [only]) => put(content, &field.field, Value::from(only.0)),
            (_, _) => {}
        }
    }
}

/// The values of a choice, with what they are called; none of another field.
pub(super) fn choices(field: &Field) -> Vec<(&str, &ndoba_registration::form::Bilingual)> {
    let values = field.rules.iter().find_map(|rule| match &rule.test {
        Test::OneOf { values } => Some(values),
        Test::Between { .. }
        | Test::Calendar
        | Test::MaxLength { .. }
        | Test::NotAfter { .. }
        | Test::NotBefore { .. }
        | Test::Pattern { .. } => None,
    });
    values.into_iter().flatten().map(|one| (one.value.as_str(), &one.label)).collect()
}

/// Text as the value that the field has; as it is where it is none, to be refused by the form.
pub(super) fn typed(field: &Field, text: &str) -> Value {
    match field.kind {
        Kind::Number => text.parse::<u32>().map_or_else(|_| text.into(), Value::from),
        Kind::Flag if text == "true" || Words::is_yes(text) => true.into(),
        Kind::Flag if text == "false" || Words::is_no(text) => false.into(),
        Kind::Choice | Kind::CertificateRequest | Kind::Day | Kind::Flag | Kind::Group | Kind::Text => {
            text.into()
        }
    }
}

/// The value at a pointer, where there is one.
pub(super) fn value<'a>(content: &'a Content, pointer: &str) -> Option<&'a Value> {
    let mut names = pointer.split('/').skip(1);
    let first = content.get(names.next()?)?;
    names.try_fold(first, |value, name| value.get(name)).filter(|value| !value.is_null())
}

/// Puts a value at a pointer; groups on the way are made.
pub(super) fn put(content: &mut Content, pointer: &str, value: Value) {
    let mut names: Vec<&str> = pointer.split('/').skip(1).collect();
    let Some(last) = names.pop() else { return };
    within(content, &names, |group| drop(group.insert(last.into(), value)));
}

/// Takes a value away.
pub(super) fn take(content: &mut Content, pointer: &str) {
    let mut names: Vec<&str> = pointer.split('/').skip(1).collect();
    let Some(last) = names.pop().filter(|_| has_parent(content, pointer)) else { return };
    within(content, &names, |group| drop(group.remove(last)));
}

fn within(content: &mut Content, names: &[&str], act: impl FnOnce(&mut Content)) {
    let Some((first, rest)) = names.split_first() else { return act(content) };
    let mut group = match content.remove(*first) {
        Some(Value::Object(members)) => members,
        Some(_) | None => Map::new(),
    };
    within(&mut group, rest, act);
    content.insert((*first).into(), Value::Object(group));
}

/// Whether the group that a field is in is there.
pub(super) fn has_parent(content: &Content, pointer: &str) -> bool {
    match pointer.rsplit_once('/') {
        None | Some(("", _)) => true,
        Some((parent, _)) => value(content, parent).is_some_and(Value::is_object),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_go_where_pointers_say() {
        let mut content = Content::new();
        put(&mut content, "/subject/latin/surname", "Beridze".into());
        put(&mut content, "/days", 3.into());
        assert_eq!(value(&content, "/subject/latin/surname"), Some(&Value::from("Beridze")));
        assert!(has_parent(&content, "/subject/latin/given_names") && has_parent(&content, "/csr"));
        assert!(!has_parent(&content, "/subject/passport/number"));
        take(&mut content, "/subject/latin");
        assert_eq!(value(&content, "/subject/latin"), None);
        assert_eq!(Value::Object(content).to_string(), r#"{"days":3,"subject":{}}"#);
    }
}
