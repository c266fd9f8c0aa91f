//! `ndoba application form`, `check`: the rules that the server checks by, told and kept before anything is opened.

use std::path::Path;

use anyhow::Context as _;
use ndoba_registration::form::{Field, Form, Kind, Rule, Test};
use ndoba_registration::judge_request;
use serde_json::{Map, Value, json};

use crate::command::session::Session;
use crate::files;
use crate::words::Words;

/// A refused field, as the command tells it.
struct Refused {
    field: String,
    code: String,
    clause: Option<String>,
    message: String,
}

/// Checks the content by the form of the profile that it names. What is refused ends the command with a failure.
pub(super) fn check(
    session: &Session,
    mut content: Map<String, Value>,
    csr: Option<&Path>,
) -> anyhow::Result<()> {
    let profile = content.get("profile").and_then(Value::as_str);
    let form = session.api.form(profile.with_context(|| session.words.names_no_profile())?)?;
    if let Some(csr) = csr {
        content.insert("csr".into(), files::read_text(csr)?.into());
    }
    let request = content.get("csr").and_then(Value::as_str).map(str::to_owned);
    let mut refused: Vec<Refused> = form
        .judge(&Value::Object(content))
        .into_iter()
        // Without a request, nobody asked about it.
        .filter(|finding| request.is_some() || finding.field != "/csr")
        .map(|finding| Refused {
            field: finding.field,
            code: finding.code.into_owned(),
            clause: finding.clause.map(Into::into),
            message: session.words.bilingual(&finding.message).to_owned(),
        })
        .collect();
    if let Some(Err((code, message))) = request.as_deref().map(judge_request) {
        refused.push(Refused {
            field: "/csr".into(),
            code: code.into(),
            clause: Some("C-73".into()),
            message: session.words.field_message(code, &message),
        });
    }
    let told: Vec<Value> = refused
        .iter()
        .map(|one| json!({ "field": one.field, "code": one.code, "clause": one.clause, "message": one.message }))
        .collect();
    if refused.is_empty() {
        return session.print(&told, || session.words.keeps_every_rule(&form.profile));
    }
    session.print(&told, || refused.iter().map(Refused::line).collect::<Vec<_>>().join("\n"))?;
    anyhow::bail!(session.words.fields_refused(refused.len()))
}

/// Prints a form: a line for each field, and its rules below.
pub(super) fn show(session: &Session, profile: &str) -> anyhow::Result<()> {
    let form = session.api.form(profile)?;
    session.print(&form, || lines(&form, session.words).join("\n"))
}

impl Refused {
    fn line(&self) -> String {
        let clause = self.clause.as_ref().map(|clause| format!(" ({clause})")).unwrap_or_default();
        format!("{}: {} [{}]{clause}", self.field, self.message, self.code)
    }
}

fn lines(form: &Form, words: Words) -> Vec<String> {
    let mut lines = Vec::new();
    for field in &form.fields {
        lines.push(heading(field, words));
        lines.extend(field.rules.iter().map(|rule| format!("    {}", told(rule, words))));
    }
    for one in &form.alternatives {
        lines.push(format!("{}: {}", one.fields.join(" / "), words.bilingual(&one.message)));
    }
    for relation in &form.relations {
        let message = words.bilingual(&relation.message);
        lines.push(format!("{} / {}: {message}", relation.field, relation.other));
    }
    lines
}

fn heading(field: &Field, words: Words) -> String {
    let Field { field: pointer, kind, required, clause, label, rules: _ } = field;
    let needed = if *required { words.required() } else { words.optional() };
    let clause = clause.as_ref().map(|clause| format!(" ({clause})")).unwrap_or_default();
    format!("{pointer}: {}, {}, {needed}{clause}", words.bilingual(label), kind_name(*kind))
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Choice => "choice",
        Kind::CertificateRequest => "certificate-request",
        Kind::Day => "day",
        Kind::Flag => "flag",
        Kind::Group => "group",
        Kind::Number => "number",
        Kind::Text => "text",
    }
}

/// A rule in words; a choice with what its values are called.
pub(super) fn told(rule: &Rule, words: Words) -> String {
    match &rule.test {
        Test::OneOf { values } => {
            let called = values.iter().map(|one| format!("{} ({})", one.value, words.bilingual(&one.label)));
            called.collect::<Vec<_>>().join(", ")
        }
        Test::Between { .. }
        | Test::Calendar
        | Test::MaxLength { .. }
        | Test::NotAfter { .. }
        | Test::NotBefore { .. }
        | Test::Pattern { .. } => words.bilingual(&rule.message).to_owned(),
    }
}
