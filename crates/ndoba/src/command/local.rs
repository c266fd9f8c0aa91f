//! Commands that work on this machine's configuration and tokens.

use std::process::ExitCode;
use std::time::Duration;

use ndoba_ca::ports::Ledger as _;

use crate::cli::ConfigArgs;
use crate::installation;
use crate::tokens::Tokens;

/// Accounts for every signature that the CA keys were asked for (design §5).
pub(crate) fn reconcile(args: &ConfigArgs) -> anyhow::Result<ExitCode> {
    let settings = installation::load(&args.config)?;
    let store = installation::open_store(&settings)?;
    println!("{:<24} {:<34} {:>8} {:>8} {:>6} {:>6}", "key", "epoch", "intents", "signed", "lost", "open");
    let mut open = 0;
    for uses in store.key_uses()? {
        let pending = uses.intents.saturating_sub(uses.signed + uses.lost);
        open += pending;
        println!(
            "{:<24} {:<34} {:>8} {:>8} {:>6} {:>6}",
            uses.key.to_string(),
            uses.epoch,
            uses.intents,
            uses.signed,
            uses.lost,
            pending
        );
    }
    println!("{open} intents have neither a signature nor an end yet");
    Ok(ExitCode::SUCCESS)
}

/// Lists the keys of every configured token with what makes them unfit.
pub(crate) fn list_keys(args: &ConfigArgs) -> anyhow::Result<ExitCode> {
    let settings = installation::load(&args.config)?;
    let tokens = Tokens::start(&settings, |_| true)?;
    tokens.wait_ready(Duration::from_secs(10))?;
    let mut unfit = false;
    for (name, token) in tokens.iter() {
        for listed in token.list()? {
            let Some(label) = listed.label else {
                println!("{name}: a key whose label is none of ours");
                unfit = true;
                continue;
            };
            let key = token.inspect(&label)?;
            let offending = key.offending();
            unfit |= !offending.is_empty();
            let verdict = if offending.is_empty() { "fit".to_owned() } else { offending.join(", ") };
            println!("{name} {label} {} {verdict}", hex::encode(&key.id));
        }
    }
    Ok(if unfit { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
