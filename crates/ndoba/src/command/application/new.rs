//! `ndoba application new`: from a file, from options, or by asking.

use std::fs;
use std::io::{self, BufRead, IsTerminal as _};

use anyhow::{Context as _, bail};
use ndoba_client::{Application, ClientError};
use ndoba_registration::form::Form;
use serde_json::Value;

use super::asking::{Decision, Dialogue, line};
use super::content::{self, Content};
use super::refused::{in_words, with_words};
use crate::cli::NewArgs;
use crate::command::session::Session;
use crate::files;

/// Carries it out.
pub(super) fn run(args: &NewArgs) -> anyhow::Result<()> {
    let session = Session::open(&args.api)?;
    let words = session.words;
    let NewArgs { api: _, file, csr, draft, ask, fields } = args;
    let mut content = match file {
        Some(file) => content::read(file)?,
        None => Content::new(),
    };
    let kept = draft.as_deref().filter(|draft| draft.exists());
    if let Some(draft) = kept {
        eprintln!("{}", words.going_on(draft.display()));
        content.extend(content::read(draft)?);
    }
    if let Some(csr) = csr {
        content.insert("csr".into(), files::read_text(csr)?.into());
    }
    let terminal = io::stdin().is_terminal();
    let asks = *ask || (file.is_none() && fields.is_empty() && terminal);
    let opened = if asks {
        ask_and_open(&session, args, content, &mut io::stdin().lock())?
    } else {
        anyhow::ensure!(file.is_some() || kept.is_some() || !fields.is_empty(), words.needs_content());
        if !fields.is_empty() {
            let form = form_of(&session, &content, args)?.with_context(|| words.needs_profile())?;
            content::put_fields(&mut content, &form, fields, words)?;
        }
        session
            .api
            .open_application(&content, None)
            .map_err(|refused| in_words(&session, &content, refused))?
    };
    if let Some(draft) = draft.as_deref().filter(|draft| draft.exists()) {
        // It is an application now, and about a person.
        fs::remove_file(draft).with_context(|| words.cannot_remove(draft.display()))?;
    }
    session.print(&opened, || words.opened(&opened.id))
}

fn ask_and_open(
    session: &Session,
    args: &NewArgs,
    mut content: Content,
    input: &mut dyn BufRead,
) -> anyhow::Result<Application> {
    let words = session.words;
    eprintln!("{}", words.how_to_answer());
    if args.draft.is_none() {
        eprintln!("{}", words.how_to_keep());
    }
    let form = match form_of(session, &content, args)? {
        Some(form) => form,
        None => ask_profile(session, input)?,
    };
    content::put_fields(&mut content, &form, &args.fields, words)?;
    let mut dialogue = Dialogue { words, form: &form, input, draft: args.draft.clone(), content };
    dialogue.complete()?;
    loop {
        if let Decision::Leave = dialogue.decide(args.api.yes)? {
            let kept = args.draft.as_ref().map(|file| format!("; {}", words.kept_in(file.display())));
            bail!("{}{}", words.nothing_opened(), kept.unwrap_or_default());
        }
        let refused = match session.api.open_application(&dialogue.content, None) {
            Ok(opened) => return Ok(opened),
            Err(ClientError::Problem(problem)) if !problem.errors.is_empty() && !args.api.yes => problem,
            Err(other) => return Err(in_words(session, &dialogue.content, other)),
        };
        let refused = with_words(&form, &dialogue.content, words, &refused);
        refused.lines().iter().for_each(|line| eprintln!("{line}"));
        let fields: Vec<String> = refused.errors.into_iter().map(|one| one.field).collect();
        dialogue.correct(&fields)?;
        while dialogue.correct(&[])? {}
    }
}

/// The form of the profile that the options or the content name.
fn form_of(session: &Session, content: &Content, args: &NewArgs) -> anyhow::Result<Option<Form>> {
    let by_option = args.fields.named().into_iter().find(|(option, _, _)| *option == "profile");
    let set = args.fields.by_pointer().iter().find(|(pointer, _)| pointer == "/profile");
    let named = by_option.map(|(_, _, name)| name).or(set.map(|(_, name)| name.as_str()));
    let profile = named.or_else(|| content.get("profile").and_then(Value::as_str));
    Ok(profile.map(|name| session.api.form(name)).transpose()?)
}

fn ask_profile(session: &Session, input: &mut dyn BufRead) -> anyhow::Result<Form> {
    let words = session.words;
    let profiles = session.api.profiles()?;
    eprintln!("{}:", words.which_profile());
    for (number, one) in profiles.iter().enumerate() {
        let subject = words.subject_kind(&one.subject);
        eprintln!("{:3} {}", number + 1, words.offer(&one.name, subject, &one.ca, one.max_days));
    }
    loop {
        let answer = line(input, &words.one_of_these())?.with_context(|| words.answers_ended())?;
        let numbered = answer.parse::<usize>().ok().and_then(|number| profiles.get(number.checked_sub(1)?));
        match numbered.or_else(|| profiles.iter().find(|one| one.name == answer)) {
            Some(profile) => return Ok(session.api.form(&profile.name)?),
            None => eprintln!("{}", words.no_such_choice()),
        }
    }
}
