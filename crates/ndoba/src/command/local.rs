//! Commands that work on this machine's configuration and tokens.

use std::process::ExitCode;
use std::time::Duration;

use crate::cli::ConfigArgs;
use crate::installation;
use crate::tokens::Tokens;

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
    if let Some(data_key) = &settings.data_key {
        let offending = tokens.get(&data_key.token)?.inspect_wrapping(&data_key.label)?.offending();
        unfit |= !offending.is_empty();
        let verdict =
            if offending.is_empty() { "fit, for wrapping".to_owned() } else { offending.join(", ") };
        println!("{} {} {verdict}", data_key.token, data_key.label);
    }
    Ok(if unfit { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
