//! `ndoba order`: what was asked of the CA, in plain words.

use anyhow::ensure;
use ndoba_client::{Order, OrderSignature};
use ndoba_order::{SignerRole, describe};
use ndoba_types::Sha256Digest;

use super::session::Session;
use crate::cli::OrderCommand;

/// Carries one out.
pub(crate) fn run(command: &OrderCommand) -> anyhow::Result<()> {
    match command {
        OrderCommand::Show { api, id } => {
            let session = Session::open(api)?;
            let order = session.api.order(id)?;
            let lines = lines(&session, &order)?;
            session.print(&order, || lines.join("\n"))
        }
    }
}

fn lines(session: &Session, order: &Order) -> anyhow::Result<Vec<String>> {
    let words = session.words;
    let Order {
        order_id,
        kind,
        digest,
        content,
        state,
        ca,
        application,
        target,
        certificate,
        refusal,
        created,
        expires,
        signatures,
    } = order;
    // What is told is what was signed, or nothing.
    ensure!(Sha256Digest::of(content.as_bytes()).to_string() == *digest, words.other_digest());
    let mut lines = vec![
        words.order_head(order_id, words.order_kind(kind), words.order_state(state)),
        words.order_times(ca, created, expires),
    ];
    lines.extend(application.iter().map(|id| words.order_application(id)));
    lines.extend(target.iter().map(|serial| words.order_target(serial)));
    lines.extend(certificate.iter().map(|serial| words.order_certificate(serial)));
    lines.extend(refusal.iter().map(|one| words.order_refused(&one.code, &one.message)));
    lines.push(words.order_says());
    lines.extend(describe(content.as_bytes(), session.language)?.iter().map(|line| format!("    {line}")));
    if signatures.is_empty() {
        lines.push(words.order_unsigned());
    }
    lines.extend(signatures.iter().map(|OrderSignature { role, officer, jws: _, added }| {
        let role = role.parse::<SignerRole>().map_or(role.as_str(), |role| words.signer(role));
        words.order_signed(role, officer, added)
    }));
    Ok(lines)
}
