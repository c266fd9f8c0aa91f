//! `ndoba certificate revoke-all`: a mass revocation, shown before it begins and gone on with after it broke off.
//!
//! There is no list of what was done beside the certificates themselves: what is revoked is done, whoever did it. Each
//! certificate gets an order of its own, signed by the officer who was asked once for all of them; that the order says
//! what was agreed to is compared here, not believed.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use ndoba_client::{CertificateStatus, ClientError, Review, StatusOrder};
use ndoba_order::OrderContent;
use ndoba_types::{SerialNumber, UtcTime};
use serde::Serialize;

use super::session::{CA_UNAVAILABLE, Session, asked};
use crate::cli::RequestArgs;
use crate::cli::revoke_all::{Choice, RevokeAllArgs};
use crate::files;
use crate::words::Words;

/// Certificates per page of the API.
const PAGE: &str = "200";
/// How many serial numbers the preview names on a terminal.
const NAMED: usize = 20;
/// Progress is told after so many.
const TOLD: usize = 100;
/// How long the CA may take for the next of them before the command stops waiting.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks at what the CA has done.
const LOOK: Duration = Duration::from_millis(500);

/// What the choice means now.
#[derive(Default, Serialize)]
struct Plan {
    /// To be revoked.
    certificates: Vec<CertificateStatus>,
    /// Chosen, and revoked already.
    revoked: usize,
    /// Chosen, and no longer valid.
    expired: usize,
}

/// What became of it.
#[derive(Default, Serialize)]
struct Outcome {
    /// Revoked when the command ended, by whomever.
    revoked: usize,
    /// Ordered, and the CA has not acted yet.
    waiting: Vec<String>,
    /// Refused, with the reason.
    refused: BTreeMap<String, String>,
}

/// Carries it out.
pub(super) fn run(args: &RevokeAllArgs) -> anyhow::Result<()> {
    let session = Session::open(&args.api)?;
    let words = session.words;
    let plan = plan(&session, args)?;
    if args.preview || plan.certificates.is_empty() {
        return session.print(&plan, || told(&plan, words).join("\n"));
    }
    for line in told(&plan, words) {
        eprintln!("{line}");
    }
    let question = words.mass_question(plan.certificates.len(), &args.reason);
    anyhow::ensure!(args.api.yes || asked(&question), words.mass_nothing());
    let outcome = carry_out(&session, args, &plan)?;
    session.print(&outcome, || summary(&outcome, words).join("\n"))?;
    anyhow::ensure!(outcome.refused.is_empty() && outcome.waiting.is_empty(), words.mass_unfinished());
    Ok(())
}

fn plan(session: &Session, args: &RevokeAllArgs) -> anyhow::Result<Plan> {
    let now = session.world.clock.now();
    let mut plan = Plan::default();
    for found in chosen(session, args)? {
        let until: UtcTime = found.not_after.parse().context("the API gave no date")?;
        if found.status == "revoked" {
            plan.revoked += 1;
        } else if until < now {
            plan.expired += 1;
        } else {
            plan.certificates.push(found);
        }
    }
    Ok(plan)
}

fn chosen(session: &Session, args: &RevokeAllArgs) -> anyhow::Result<Vec<CertificateStatus>> {
    let filter = match args.by {
        Choice::DeviceModel => "device",
        Choice::KeyDigest => "key",
        Choice::Profile => "profile",
        Choice::Subject => "subject",
        Choice::List => return listed(session, &args.of),
    };
    let mut found = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let mut query = vec![(filter, args.of.as_str()), ("limit", PAGE)];
        query.extend(after.as_deref().map(|after| ("after", after)));
        let page = session.api.certificates(&query)?;
        found.extend(page.items);
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(found),
        }
    }
}

/// Every line is looked up before anything is shown: a number that is mistyped is found now.
fn listed(session: &Session, file: &str) -> anyhow::Result<Vec<CertificateStatus>> {
    let text = String::from_utf8(files::read(file.as_ref())?).with_context(|| session.words.no_text(file))?;
    let mut found: BTreeMap<SerialNumber, CertificateStatus> = BTreeMap::new();
    for (number, line) in (1..).zip(text.lines()) {
        let serial = line.split('#').next().unwrap_or_default().trim();
        if serial.is_empty() {
            continue;
        }
        let parsed: SerialNumber =
            serial.parse().with_context(|| session.words.line_no_serial(file, number, serial))?;
        let status =
            session.api.certificate(serial).with_context(|| session.words.line_of(file, number, serial))?;
        found.insert(parsed, status);
    }
    Ok(found.into_values().collect())
}

fn told(plan: &Plan, words: Words) -> Vec<String> {
    let Plan { certificates, revoked, expired } = plan;
    let mut kinds: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for one in certificates {
        *kinds.entry((&one.ca, &one.profile)).or_default() += 1;
    }
    let mut lines = vec![words.mass_plan(certificates.len(), revoked, expired)];
    lines.extend(kinds.iter().map(|((ca, profile), count)| words.mass_kind(count, profile, ca)));
    // What reads a pipe gets all of them.
    let named = if std::io::stdout().is_terminal() { NAMED } else { usize::MAX };
    lines.extend(
        certificates
            .iter()
            .take(named)
            .map(|one| words.mass_one(&one.serial, words.status(&one.status), &one.not_after)),
    );
    if certificates.len() > named {
        lines.push(words.mass_more(certificates.len() - named));
    }
    lines
}

fn carry_out(session: &Session, args: &RevokeAllArgs, plan: &Plan) -> anyhow::Result<Outcome> {
    let mut outcome = Outcome::default();
    let mut ordered = Vec::new();
    for (count, one) in plan.certificates.iter().enumerate() {
        match order(session, args, &one.serial) {
            Ok(true) => ordered.push(one.serial.clone()),
            // Somebody was first.
            Ok(false) => outcome.revoked += 1,
            Err(ClientError::Problem(problem)) => {
                outcome
                    .refused
                    .insert(one.serial.clone(), session.words.problem(&problem).lines().join("; "));
            }
            Err(error) => {
                let broken = session.words.mass_broken(count, plan.certificates.len());
                return Err(anyhow::Error::from(error).context(broken));
            }
        }
        if (count + 1) % TOLD == 0 {
            eprintln!("{}", session.words.mass_progress(count + 1, plan.certificates.len()));
        }
    }
    eprintln!("{}", session.words.mass_waiting(ordered.len()));
    let mut last = Instant::now();
    // In the order in which the CA takes them: the first that is not done stands for those behind it.
    ordered.reverse();
    while let Some(serial) = ordered.last() {
        if session.api.certificate(serial)?.status == "revoked" {
            ordered.pop();
            outcome.revoked += 1;
            last = Instant::now();
        } else if last.elapsed() < PATIENCE {
            sleep(LOOK);
        } else {
            break;
        }
    }
    outcome.waiting = ordered;
    Ok(outcome)
}

/// Drafts and signs one order; `false` where the certificate is revoked already.
fn order(session: &Session, args: &RevokeAllArgs, serial: &str) -> Result<bool, ClientError> {
    let RequestArgs { channel, note, received_at, answers } = &args.request;
    let received = received_at.map(|at| at.to_string());
    let request = StatusOrder {
        kind: "revoke",
        reason: Some(&args.reason),
        received: received.as_deref(),
        effective: None,
        channel,
        note,
        control: answers.iter().map(|(name, answer)| (name.as_str(), answer.as_str())).collect(),
    };
    let drafted = match session.api.propose(serial, &request, None) {
        Ok(drafted) => drafted,
        Err(ClientError::Problem(problem)) if problem.code == "certificate.revoked" => return Ok(false),
        Err(error) => return Err(error),
    };
    let review = Review::of(&session.api.order(&drafted.order_id)?)?;
    let agreed = match &review.document().content {
        OrderContent::Revoke(revoke) => {
            revoke.serial.to_string() == serial
                && revoke.reason.name() == args.reason
                && revoke.effective.is_none()
        }
        OrderContent::CertifyUnit(_)
        | OrderContent::Issue(_)
        | OrderContent::Reissue(_)
        | OrderContent::Release(_)
        | OrderContent::Suspend(_)
        | OrderContent::SuspendByCode(_) => false,
    };
    if !agreed {
        return Err(ClientError::NotSigned("the order says something else than what was agreed to".into()));
    }
    let signature = review.sign(&session.officer, session.world.clock.now())?;
    match session.api.add_signature(&drafted.order_id, &signature, None) {
        Ok(_) => Ok(true),
        // Kept, although nobody carries it out now.
        Err(ClientError::Later { problem, .. }) if problem.code == CA_UNAVAILABLE => Ok(true),
        Err(error) => Err(error),
    }
}

fn summary(outcome: &Outcome, words: Words) -> Vec<String> {
    let Outcome { revoked, waiting, refused } = outcome;
    let mut lines = vec![words.mass_summary(revoked, waiting.len(), refused.len())];
    lines.extend(refused.iter().map(|(serial, why)| format!("  {serial}: {why}")));
    lines
}
