//! `ndoba webhook`: what has not come to the programs that are told, on registration's own machine.

use anyhow::bail;
use ndoba_registration::webhook::{Delivery, DeliveryState};

use crate::cli::WebhookCommand;
use crate::installation::{self, World};

/// The most that is listed.
const MOST: u32 = 1000;

/// Carries one out.
pub(crate) fn run(command: &WebhookCommand) -> anyhow::Result<()> {
    match command {
        WebhookCommand::List { config, failed, json } => {
            let store = installation::open_store(&installation::load(&config.config)?)?;
            let deliveries = store.webhook_deliveries(*failed, MOST)?;
            if *json {
                println!(
                    "{}",
                    serde_json::to_string_pretty(&deliveries.iter().map(as_json).collect::<Vec<_>>())?
                );
            } else if deliveries.is_empty() {
                println!(
                    "{}",
                    if *failed { "nothing was given up" } else { "nothing waits, and nothing was given up" }
                );
            } else {
                deliveries.iter().for_each(|delivery| println!("{}", line(delivery)));
            }
        }
        WebhookCommand::Retry { config, endpoint, sequence } => {
            let settings = installation::load(&config.config)?;
            if !settings.webhooks.iter().any(|webhook| webhook.name == *endpoint) {
                bail!("no webhook {endpoint} is configured");
            }
            let store = installation::open_store(&settings)?;
            let again = store.retry_webhook(endpoint, *sequence, World::real().clock.now())?;
            println!("{again} will be sent again");
        }
    }
    Ok(())
}

fn state(delivery: &Delivery) -> &'static str {
    match delivery.state {
        DeliveryState::Delivered => "delivered",
        DeliveryState::Failed => "failed",
        DeliveryState::Waiting => "waiting",
    }
}

fn line(delivery: &Delivery) -> String {
    let Delivery { endpoint, message, state: _, tries, due: _, answer } = delivery;
    let answer = answer.as_deref().map(|answer| format!(", {answer}")).unwrap_or_default();
    let (sequence, kind, object) = (message.sequence, &message.kind, &message.object);
    format!("{endpoint}  {sequence}  {}  {kind}  {object}  tries: {tries}{answer}", state(delivery))
}

fn as_json(delivery: &Delivery) -> serde_json::Value {
    let Delivery { endpoint, message, state: _, tries, due, answer } = delivery;
    serde_json::json!({
        "endpoint": endpoint, "sequence": message.sequence, "id": message.event, "type": message.kind,
        "object": message.object, "timestamp": message.created.to_string(), "state": state(delivery),
        "tries": tries, "due": due.to_string(), "answer": answer,
    })
}
