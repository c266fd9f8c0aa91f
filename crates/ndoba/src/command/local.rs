//! Commands that work on this machine's configuration and tokens.

use std::process::ExitCode;
use std::time::Duration;

use ndoba_hsm::KeyError;
use ndoba_settings::DataKeyRef;

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
        let DataKeyRef { token, label } = data_key;
        let verdict = match tokens.get(token)?.inspect_wrapping(label) {
            Ok(found) if found.offending().is_empty() => "fit".to_owned(),
            Ok(found) => found.offending().join(", "),
            Err(KeyError::NotFound { .. }) => "is missing: ndoba registration data-key".to_owned(),
            Err(error) => return Err(error.into()),
        };
        unfit |= verdict != "fit";
        // A secret key's CKA_ID is its label.
        println!("{token} {label} {} {verdict}", hex::encode(label.to_string()));
    }
    Ok(if unfit { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
