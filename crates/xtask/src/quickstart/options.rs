//! The quick start's command line.

use std::path::PathBuf;

use crate::failure::{Failure, Outcome};
use crate::workspace;

pub(crate) const HELP: &str = "\
cargo xtask quickstart [options]

  --once           end after the story, with its exit status, instead of serving
  --dir D          the state folder (default var/quickstart); a second run goes on from it
  --ports A,B,C,D  ports of: public HTTP, public HTTPS, officers, operator (default 8080,8444,8443,9090)
  --public-url U   what certificates say for OCSP, CRLs and issuers (default http://127.0.0.1:A)
  --pds-url U      where the disclosure statement is, https (default https://pki.example.com)
";

/// What was asked for.
pub(crate) enum Asked {
    /// The text above.
    Help,
    /// The quick start itself.
    Run(Options),
}

/// The options, checked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) once: bool,
    pub(crate) dir: PathBuf,
    pub(crate) ports: Ports,
    /// Without a slash at the end.
    pub(crate) public_url: String,
    /// Without a slash at the end.
    pub(crate) pds_url: String,
}

/// Where the roles listen, all on 127.0.0.1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ports {
    pub(crate) public: u16,
    pub(crate) public_tls: u16,
    pub(crate) officers: u16,
    pub(crate) operator: u16,
}

impl Options {
    /// Reads the command line's words.
    pub(crate) fn parse(arguments: &[String]) -> Outcome<Asked> {
        let (mut once, mut dir, mut ports) = (false, None, None);
        let (mut public_url, mut pds_url) = (None, None);
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            let mut value = || {
                words
                    .next()
                    .cloned()
                    .ok_or_else(|| Failure::new(format!("{word} wants a value; see quickstart --help")))
            };
            match word.as_str() {
                "-h" | "--help" => return Ok(Asked::Help),
                "--once" => once = true,
                "--dir" => dir = Some(PathBuf::from(value()?)),
                "--ports" => ports = Some(Ports::parse(&value()?)?),
                "--public-url" => public_url = Some(url(&value()?, word, &["http://", "https://"])?),
                // EN 319 412-5 QCS-4.3.4: links to disclosure statements are https.
                "--pds-url" => pds_url = Some(url(&value()?, word, &["https://"])?),
                other => {
                    return Err(Failure::new(format!(
                        "quickstart has no option `{other}`; see quickstart --help"
                    )));
                }
            }
        }
        let ports = ports.unwrap_or(Ports { public: 8080, public_tls: 8444, officers: 8443, operator: 9090 });
        Ok(Asked::Run(Self {
            once,
            dir: dir.unwrap_or_else(|| workspace::root().join("var/quickstart")),
            public_url: public_url.unwrap_or_else(|| format!("http://127.0.0.1:{}", ports.public)),
            pds_url: pds_url.unwrap_or_else(|| "https://pki.example.com".into()),
            ports,
        }))
    }
}

impl Ports {
    /// Four numbers with commas between.
    fn parse(text: &str) -> Outcome<Self> {
        let numbers: Result<Vec<u16>, _> = text.split(',').map(|number| number.trim().parse()).collect();
        let wrong = || {
            Failure::new(format!(
                "--ports wants four different port numbers with commas between, not `{text}`"
            ))
        };
        let numbers = numbers.map_err(|_| wrong())?;
        let [public, public_tls, officers, operator] = numbers[..] else { return Err(wrong()) };
        let mut different = numbers.clone();
        different.sort_unstable();
        different.dedup();
        if different.len() < numbers.len() || different[0] == 0 {
            return Err(wrong());
        }
        Ok(Self { public, public_tls, officers, operator })
    }

    /// Each with the name of what listens there.
    pub(crate) fn named(&self) -> [(&'static str, u16); 4] {
        [
            ("public HTTP", self.public),
            ("public HTTPS", self.public_tls),
            ("officers", self.officers),
            ("operator", self.operator),
        ]
    }
}

fn url(text: &str, option: &str, schemes: &[&str]) -> Outcome<String> {
    let host = schemes.iter().find_map(|scheme| text.strip_prefix(scheme));
    if host.is_none_or(|host| host.is_empty() || host.contains(|c: char| c.is_whitespace() || !c.is_ascii()))
    {
        return Err(Failure::new(format!(
            "{option} wants an address that begins with {}, not `{text}`",
            schemes.join(" or ")
        )));
    }
    Ok(text.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Outcome<Options> {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        match Options::parse(&words)? {
            Asked::Run(options) => Ok(options),
            Asked::Help => Err(Failure::new("help")),
        }
    }

    #[test]
    fn addresses_follow_the_ports() {
        assert_eq!(parse(&[]).unwrap().public_url, "http://127.0.0.1:8080");
        assert_eq!(parse(&["--ports", "1,2,3,4"]).unwrap().public_url, "http://127.0.0.1:1");
        let given = parse(&["--public-url", "http://pki.example.com/"]).unwrap();
        assert_eq!(given.public_url, "http://pki.example.com");
    }

    #[test]
    fn refusals_are_sentences() {
        for words in [
            &["--ports", "1,2,3"][..],
            &["--ports", "1,2,3,3"],
            &["--ports", "0,1,2,3"],
            &["--pds-url", "http://insecure.example"],
            &["--public-url", "ftp://x"],
            &["--public-url", "http://"],
            &["--dir"],
            &["--twice"],
        ] {
            assert!(parse(words).is_err(), "{words:?}");
        }
    }
}
