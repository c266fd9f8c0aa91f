//! An application entered field by field: each answer is judged by the form at once, as the server will.

use std::io::{BufRead, Write as _};
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use ndoba_registration::form::{Alternatives, Among, Field, Form, Kind};
use ndoba_registration::judge_request;
use ndoba_x509::VerifiedCsr;
use serde_json::{Map, Value};

use super::content::{self, Content};
use super::form::told;
use crate::files;
use crate::words::Words;

/// Who is asked, and what was answered so far.
pub(super) struct Dialogue<'a> {
    pub(super) words: Words,
    pub(super) form: &'a Form,
    pub(super) input: &'a mut dyn BufRead,
    /// Where answers are kept.
    pub(super) draft: Option<PathBuf>,
    pub(super) content: Content,
}

/// What somebody wants who was shown the whole.
pub(super) enum Decision {
    /// Open it.
    Open,
    /// Leave it.
    Leave,
}

impl Dialogue<'_> {
    /// Asks for whatever is missing, until every rule is kept.
    pub(super) fn complete(&mut self) -> anyhow::Result<()> {
        content::put_given(&mut self.content, self.form);
        for field in &self.form.fields {
            self.ask_for(field)?;
        }
        while self.correct(&[])? {}
        Ok(())
    }

    /// Asks again for every field that breaks a rule, or that `others` name; whether there was one.
    pub(super) fn correct(&mut self, others: &[String]) -> anyhow::Result<bool> {
        let whole = Value::Object(self.content.clone());
        let found = self.form.judge(&whole);
        for finding in &found {
            eprintln!("{}: {}", finding.field, self.words.bilingual(&finding.message));
            self.again(&finding.field)?;
        }
        for pointer in others.iter().filter(|pointer| !found.iter().any(|one| one.field == **pointer)) {
            self.again(pointer)?;
        }
        content::put_given(&mut self.content, self.form);
        Ok(!found.is_empty())
    }

    /// Shows the whole and asks what is to become of it; fields are changed on the way.
    pub(super) fn decide(&mut self, yes: bool) -> anyhow::Result<Decision> {
        loop {
            let form = self.form;
            let given: Vec<&Field> = form.fields.iter().filter(|field| self.is_given(field)).collect();
            eprintln!("{}", self.words.whole());
            for (number, field) in given.iter().enumerate() {
                eprintln!("{:3} {}: {}", number + 1, self.called(field), self.shown(field));
            }
            if yes {
                return Ok(Decision::Open);
            }
            let answer = self.line(&self.words.open_it())?;
            let numbered = answer.parse::<usize>().ok().and_then(|number| given.get(number.checked_sub(1)?));
            match numbered.copied().or_else(|| form.field(&answer)) {
                Some(field) => {
                    self.ask(field, field.required)?;
                    while self.correct(&[])? {}
                }
                None if Words::is_yes(&answer) => return Ok(Decision::Open),
                None if Words::is_no(&answer) => return Ok(Decision::Leave),
                None => eprintln!("{}", self.words.no_such_choice()),
            }
        }
    }

    fn is_given(&self, field: &Field) -> bool {
        field.kind != Kind::Group && content::value(&self.content, &field.field).is_some()
    }

    /// How many of these fields are given.
    fn given(&self, one: &Alternatives) -> usize {
        one.fields.iter().filter(|pointer| content::value(&self.content, pointer).is_some()).count()
    }

    fn again(&mut self, pointer: &str) -> anyhow::Result<()> {
        let form = self.form;
        let named = |one: &&Alternatives| {
            one.kind == Among::AtLeastOne && one.fields.iter().any(|field| *field == pointer)
        };
        if let Some(which) = form.alternatives.iter().find(named) {
            let rivals =
                form.alternatives.iter().any(|one| one.kind == Among::AtMostOne && self.given(one) > 1);
            if rivals || self.given(which) == 0 {
                return self.choose(which);
            }
        }
        match form.field(pointer) {
            Some(field) if field.kind == Kind::Group => {
                content::put(&mut self.content, pointer, Value::Object(Map::new()));
                content::put_given(&mut self.content, form);
                let members = form.fields.iter().filter(|one| is_within(&one.field, pointer));
                members.into_iter().try_for_each(|member| self.ask_for(member))
            }
            Some(field) => self.ask(field, field.required),
            None => {
                content::take(&mut self.content, pointer);
                eprintln!("{}", self.words.taken_out(pointer));
                Ok(())
            }
        }
    }

    /// Asks for a field in its turn, unless it was given or is not to be.
    fn ask_for(&mut self, field: &Field) -> anyhow::Result<()> {
        if !content::has_parent(&self.content, &field.field) {
            return Ok(());
        }
        let form = self.form;
        if let Some(which) = form.alternatives.iter().find(|one| one.fields.contains(&field.field))
            && which.kind == Among::AtLeastOne
        {
            let given = which.fields.iter().any(|one| content::value(&self.content, one).is_some());
            return if given { Ok(()) } else { self.choose(which) };
        }
        if content::value(&self.content, &field.field).is_some() {
            // A group may be empty still; a value of a file, a draft or an option may break its rules.
            return if field.kind == Kind::Group || self.refusals(field).is_empty() {
                Ok(())
            } else {
                self.ask(field, field.required)
            };
        }
        if field.kind != Kind::Group {
            return self.ask(field, field.required);
        }
        let question = self.words.give_group(self.called(field));
        if field.required || Words::is_yes(&self.line(&question)?) {
            content::put(&mut self.content, &field.field, Value::Object(Map::new()));
            content::put_given(&mut self.content, form);
        }
        Ok(())
    }

    /// Asks which of several fields are given, and for these.
    fn choose(&mut self, which: &Alternatives) -> anyhow::Result<()> {
        let form = self.form;
        let fields: Vec<&Field> = which.fields.iter().filter_map(|pointer| form.field(pointer)).collect();
        eprintln!("{}:", self.words.bilingual(&which.message));
        for (number, field) in fields.iter().enumerate() {
            eprintln!("{:3} {}", number + 1, self.called(field));
        }
        let chosen = loop {
            let answer = self.line(&self.words.some_of_these())?;
            let numbers = answer.split(',').map(|number| number.trim().parse::<usize>().ok());
            let chosen: Option<Vec<&Field>> =
                numbers.map(|number| fields.get(number?.checked_sub(1)?).copied()).collect();
            let Some(chosen) = chosen else {
                eprintln!("{}", self.words.no_such_choice());
                continue;
            };
            let rivals = form.alternatives.iter().filter(|one| one.kind == Among::AtMostOne);
            let many =
                |one: &&Alternatives| chosen.iter().filter(|f| one.fields.contains(&f.field)).count() > 1;
            match rivals.into_iter().find(many) {
                Some(rival) => eprintln!("{}", self.words.bilingual(&rival.message)),
                None => break chosen,
            }
        };
        for field in &fields {
            content::take(&mut self.content, &field.field);
        }
        for field in chosen {
            if field.kind != Kind::Group {
                self.ask(field, true)?;
                continue;
            }
            content::put(&mut self.content, &field.field, Value::Object(Map::new()));
            for member in form.fields.iter().filter(|one| is_within(&one.field, &field.field)) {
                self.ask(member, member.required)?;
            }
        }
        Ok(())
    }

    /// Asks for a field until the answer keeps its rules, or is empty where it may be.
    fn ask(&mut self, field: &Field, required: bool) -> anyhow::Result<()> {
        let words = self.words;
        let choices = content::choices(field);
        let called = self.called(field);
        for (number, (value, label)) in choices.iter().enumerate() {
            if number == 0 {
                eprintln!("{called}:");
            }
            eprintln!("{:3} {value} – {}", number + 1, words.bilingual(label));
        }
        let optional = if required { String::new() } else { format!(" ({})", words.optional()) };
        let question = match field.kind {
            Kind::CertificateRequest => words.request_file(&called),
            Kind::Choice => words.one_of_these(),
            Kind::Day => format!("{called}, YYYY-MM-DD{optional}: "),
            Kind::Flag => format!("{called} [{}]{optional}: ", words.of("y/n", "კი/არა")),
            Kind::Group | Kind::Number | Kind::Text => format!("{called}{optional}: "),
        };
        loop {
            let answer = self.line(&question)?;
            let before = content::value(&self.content, &field.field).cloned();
            let value = match answer.as_str() {
                "" if !required => {
                    content::take(&mut self.content, &field.field);
                    return self.keep();
                }
                "" => {
                    eprintln!("  {}", words.must_be_given());
                    continue;
                }
                "?" => {
                    eprintln!("  {}", field.field);
                    field.rules.iter().for_each(|rule| eprintln!("  {}", told(rule, words)));
                    continue;
                }
                text if field.kind == Kind::CertificateRequest => match files::read_text(text.as_ref()) {
                    Ok(pem) => pem.into(),
                    Err(error) => {
                        eprintln!("  {}", crate::chain(error.as_ref()));
                        continue;
                    }
                },
                text => {
                    let number = text.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
                    let chosen = number.and_then(|number| choices.get(number));
                    chosen.map_or_else(|| content::typed(field, text), |(value, _)| (*value).into())
                }
            };
            content::put(&mut self.content, &field.field, value);
            let refusals = self.refusals(field);
            if refusals.is_empty() {
                return self.keep();
            }
            refusals.iter().for_each(|why| eprintln!("  {why}"));
            match before {
                Some(before) => content::put(&mut self.content, &field.field, before),
                None => content::take(&mut self.content, &field.field),
            }
        }
    }

    /// Why the value of a field is refused.
    fn refusals(&self, field: &Field) -> Vec<String> {
        let whole = Value::Object(self.content.clone());
        let found = self.form.judge(&whole).into_iter().filter(|one| one.field == field.field);
        let mut refusals: Vec<String> = found
            .map(|one| {
                let clause = one.clause.map(|clause| format!(" ({clause})")).unwrap_or_default();
                format!("{} [{}]{clause}", self.words.bilingual(&one.message), one.code)
            })
            .collect();
        if field.kind == Kind::CertificateRequest
            && let Some(pem) = content::value(&self.content, &field.field).and_then(Value::as_str)
            && let Err((code, message)) = judge_request(pem)
        {
            let message = self.words.field_message(code, &message);
            refusals.push(format!("{message} [{code}] (C-73)"));
        }
        refusals
    }

    /// What a field is called, after the groups that it is in.
    fn called(&self, field: &Field) -> String {
        let above = self.form.fields.iter().filter(|one| is_within(&field.field, &one.field));
        let labels = above.chain([field]).map(|one| self.words.bilingual(&one.label));
        labels.collect::<Vec<_>>().join(" – ")
    }

    fn shown(&self, field: &Field) -> String {
        let value = content::value(&self.content, &field.field);
        match (field.kind, value) {
            (Kind::CertificateRequest, Some(Value::String(pem))) => {
                match VerifiedCsr::parse(pem.as_bytes()) {
                    Ok(csr) => self.words.request_for(csr.spki().fingerprint()),
                    Err(error) => error.sentence(),
                }
            }
            (_, Some(Value::String(text))) => text.clone(),
            (_, Some(value)) => value.to_string(),
            (_, None) => String::new(),
        }
    }

    /// Writes down what was answered.
    fn keep(&self) -> anyhow::Result<()> {
        self.draft.as_deref().map_or(Ok(()), |file| content::write(file, &self.content))
    }

    fn line(&mut self, question: &str) -> anyhow::Result<String> {
        let answer = line(self.input, question)?;
        answer.with_context(|| {
            let kept = self.draft.as_ref().map(|file| self.words.kept_in(file.display()));
            [Some(self.words.answers_ended()), kept].into_iter().flatten().collect::<Vec<_>>().join("; ")
        })
    }
}

/// Asks one question; nothing when there are no more answers.
pub(super) fn line(input: &mut dyn BufRead, question: &str) -> anyhow::Result<Option<String>> {
    // On standard error, so that standard output stays the result's.
    eprint!("{question}");
    std::io::stderr().flush()?;
    let mut answer = String::new();
    match input.read_line(&mut answer) {
        Ok(0) => Ok(None),
        Ok(_) => Ok(Some(answer.trim().to_owned())),
        Err(error) => bail!(error),
    }
}

fn is_within(pointer: &str, group: &str) -> bool {
    pointer.strip_prefix(group).is_some_and(|rest| rest.starts_with('/'))
}
