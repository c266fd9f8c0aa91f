//! Revocations and suspensions while the API's database cannot take them: signed whole, handed in, kept (ADR 0013).

use anyhow::Context as _;
use ndoba_client::{ClientError, HandedIn, KeptOrder, Order, Review, StatusOrder};

use super::session::Session;

/// The API's code for a database that does not answer or cannot commit.
const DATABASE_UNAVAILABLE: &str = "database.unavailable";

/// Whether it is the database that hindered a call.
pub(super) fn database_is_away(error: &ClientError) -> bool {
    matches!(error, ClientError::Later { problem, .. } if problem.code == DATABASE_UNAVAILABLE)
}

/// Has a request kept that could not even be proposed.
pub(super) fn keep(
    session: &Session,
    serial: &str,
    request: &StatusOrder<'_>,
    ca: Option<&str>,
) -> anyhow::Result<()> {
    let ca = ca.with_context(|| session.words.name_the_ca())?;
    let draft = session.api.draft_status_order(serial, ca, request)?;
    // What a caller answers is judged by the record of the application. Where that is out of reach the note says how the
    // caller was recognised.
    let evidence: serde_json::Value = serde_json::from_str(&draft.evidence).unwrap_or_default();
    if !request.control.is_empty() && evidence["content"]["control"].is_null() {
        eprintln!("{}", session.words.answers_unjudged());
    }
    let jws = session.review(&Review::of_draft(&draft)?)?;
    tell(session, &session.api.hand_in(&draft.content, Some(&draft.evidence), &jws)?)
}

/// Has the signature on an order kept that was proposed before the database went away.
pub(super) fn keep_signature(session: &Session, order: &Order) -> anyhow::Result<()> {
    eprintln!("{}", session.words.sign_once_more());
    let jws = session.review(&Review::of(order)?)?;
    tell(session, &session.api.hand_in(&order.content, None, &jws)?)
}

fn tell(session: &Session, handed_in: &HandedIn) -> anyhow::Result<()> {
    let words = session.words;
    match handed_in {
        HandedIn::Kept(kept) => session.print(kept, || {
            let KeptOrder { order_id, kind, received, due, title, .. } = kept;
            words.not_in_force(words.order_kind(kind), order_id, received, due, title)
        }),
        HandedIn::Recorded(order) => session.print(order, || {
            let (kind, state) = (words.order_kind(&order.kind), words.order_state(&order.state));
            words.database_back(kind, &order.order_id, state)
        }),
    }
}
