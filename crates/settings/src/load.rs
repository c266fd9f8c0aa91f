//! From a file and the environment to a [`Settings`].

use std::collections::HashMap;
use std::path::Path;

use config::{Config, Environment, File, FileFormat};

use crate::raw::RawSettings;
use crate::{Settings, SettingsError, check, reference};

/// What our variables begin with. The command's own begin with `NDOBACTL_`, which is not this.
const PREFIX: &str = "NDOBA";

impl Settings {
    /// Reads `file`, overlays the environment's `NDOBA_` variables, and checks the whole.
    ///
    /// # Errors
    ///
    /// [`SettingsError`], naming the file, the key and the reason.
    pub fn load(file: &Path) -> Result<Self, SettingsError> {
        let text = std::fs::read_to_string(file)
            .map_err(|source| SettingsError::Unreadable { file: file.into(), source })?;
        // Variables that are not UTF-8 cannot be ours.
        let ours = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, _)| name.starts_with("NDOBA_") && name != "NDOBA_UPDATE_REFERENCE")
            .collect();
        Self::from_layers(&text, file, ours)
    }

    /// Checks `text` as if it had been read from `file`, without any environment.
    ///
    /// # Errors
    ///
    /// [`SettingsError`], naming the file, the key and the reason.
    pub fn from_toml(text: &str, file: &Path) -> Result<Self, SettingsError> {
        Self::from_layers(text, file, HashMap::new())
    }

    /// The commented list of every key with its meaning and default: a TOML file in which nothing is in force.
    pub fn reference() -> String {
        reference::reference()
    }

    fn from_layers(
        text: &str,
        file: &Path,
        variables: HashMap<String, String>,
    ) -> Result<Self, SettingsError> {
        // Read alone first: only this parser knows on which line a mistake is.
        let alone: RawSettings = toml::from_str(text).map_err(|error| malformed(text, file, &error))?;
        let raw = if variables.is_empty() { alone } else { overlay(text, variables)? };
        check::settings(raw, file)
    }
}

fn overlay(text: &str, variables: HashMap<String, String>) -> Result<RawSettings, SettingsError> {
    // No `try_parsing`: it would make the number 123 of the text "0123". A text is turned into a number only
    // where the key is one.
    let environment = Environment::with_prefix(PREFIX)
        .prefix_separator("_")
        .separator("__")
        .source(Some(variables.into_iter().collect()));
    Config::builder()
        .add_source(File::from_str(text, FileFormat::Toml))
        .add_source(environment)
        .build()
        .and_then(Config::try_deserialize)
        .map_err(|error| SettingsError::Environment { reason: error.to_string() })
}

/// Not `toml`'s own text: that quotes the line, and a line may hold what somebody should not have written there.
fn malformed(text: &str, file: &Path, error: &toml::de::Error) -> SettingsError {
    let start = error.span().map_or(0, |span| span.start).min(text.len());
    let before = text.get(..start).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let content = text.lines().nth(line - 1).unwrap_or_default().trim();
    let key = match content.split_once('=') {
        Some((key, _)) => key.trim(),
        None if content.starts_with('[') => content,
        None => "(no key)",
    };
    let key = key.to_owned();
    SettingsError::Malformed {
        file: file.into(),
        line,
        key,
        reason: error.message().trim().replace('\n', "; "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LogFormat;

    const SMALL: &str = "installation = \"00112233445566778899aabbccddeeff\"\nroles = [\"registration\"]\n\
        [database]\npath = \"ndoba.sqlite\"\n[listen]\nofficers = \"127.0.0.1:8443\"\n[tls]\n\
        officers_certificate = \"a\"\nofficers_key = \"b\"\nofficers_client_ca = \"c\"\n[[hsm.modules]]\npath = \"m\"\n\
        [[hsm.modules.tokens]]\nname = \"one\"\nlabel = \"one\"\npin = { file = \"p\" }\n\
        [data_key]\ntoken = \"one\"\nkey = \"registration/data/1\"\n";

    fn with(variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        let variables = variables.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        Settings::from_layers(SMALL, Path::new("/etc/ndoba/ndoba.toml"), variables)
    }

    #[test]
    fn the_environment_wins_and_its_mistakes_are_named() {
        assert_eq!(with(&[("NDOBA_LOG__FORMAT", "json")]).unwrap().log.format, LogFormat::Json);
        assert_eq!(with(&[("NDOBA_NODE", "7")]).unwrap().node, 7);
        assert_eq!(
            with(&[("NDOBA_PATHS__STATE", "0123")]).unwrap().paths.state,
            Path::new("/etc/ndoba/0123")
        );
        assert_eq!(with(&[("NDOBACTL_CONFIG", "x")]).unwrap().node, 0);
        let text = with(&[("NDOBA_LOG__FROMAT", "json")]).unwrap_err().to_string();
        assert!(text.contains("fromat"), "{text}");
        let text = with(&[("NDOBA_NODE", "many")]).unwrap_err().to_string();
        assert!(text.contains("node"), "{text}");
    }

    #[test]
    fn mistakes_name_file_line_and_key() {
        let file = Path::new("/etc/ndoba/ndoba.toml");
        let text = Settings::from_toml("mode = \"development\"\n\n[log]\nfromat = \"json\"\n", file)
            .unwrap_err()
            .to_string();
        assert!(text.starts_with("/etc/ndoba/ndoba.toml: line 4, fromat: unknown field"), "{text}");
        let text = Settings::from_toml("node = \"x\"", file).unwrap_err().to_string();
        assert!(text.contains("line 1, node"), "{text}");
        let text = Settings::from_toml("[log", file).unwrap_err().to_string();
        assert!(text.contains("line 1"), "{text}");
        let text = Settings::load(Path::new("/nonexistent/ndoba.toml")).unwrap_err().to_string();
        assert_eq!(text, "cannot read the configuration file /nonexistent/ndoba.toml");
    }

    #[test]
    fn a_pin_written_in_the_file_is_refused_and_not_repeated() {
        for pin in ["\"97531\"", "97531", "{ value = \"97531\" }", "[\"97531\"]", "97531.5"] {
            let text =
                format!("[[hsm.modules]]\npath = \"x\"\n[[hsm.modules.tokens]]\nname = \"t\"\npin = {pin}\n");
            let error = Settings::from_toml(&text, Path::new("ndoba.toml")).unwrap_err();
            let text = format!("{error} {error:?}");
            assert!(text.contains("line 5") && !text.contains("97531"), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[a-z\\[\\]=\"'0-9.\n#{} ]{0,200}") {
            let _ = Settings::from_toml(&text, Path::new("ndoba.toml"));
        }
    }
}
