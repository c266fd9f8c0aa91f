//! The server's refusal of an application, in the officer's language: by the form where it has the words, else by the codes.

use ndoba_client::{ClientError, Problem};
use ndoba_registration::form::Form;
use serde_json::Value;

use super::content::Content;
use crate::command::session::Session;
use crate::words::Words;

/// What ends the command: the refusal by the form of the profile that the content names.
pub(super) fn in_words(session: &Session, content: &Content, refused: ClientError) -> anyhow::Error {
    let ClientError::Problem(problem) = refused else { return refused.into() };
    let profile = content.get("profile").and_then(Value::as_str);
    match profile.filter(|_| !problem.errors.is_empty()).and_then(|name| session.api.form(name).ok()) {
        // Told already: what knows the codes alone has nothing to add.
        Some(form) => {
            anyhow::Error::msg(with_words(&form, content, session.words, &problem).lines().join("\n"))
        }
        None => ClientError::Problem(problem).into(),
    }
}

/// The refusal with the form's words for what it refuses, too: they name the length, the choices, the day.
pub(super) fn with_words(form: &Form, content: &Content, words: Words, problem: &Problem) -> Problem {
    let found = form.judge(&Value::Object(content.clone()));
    let mut problem = words.problem(problem);
    for error in &mut problem.errors {
        let same = found.iter().find(|one| one.field == error.field && one.code == error.code);
        if let Some(finding) = same {
            error.message = words.bilingual(&finding.message).to_owned();
        }
    }
    problem
}
