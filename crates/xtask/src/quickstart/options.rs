//! The quick start's command line.

use std::fmt;
use std::path::PathBuf;

use crate::failure::{Failure, Outcome};
use crate::workspace;

pub(crate) const HELP: &str = "\
cargo xtask quickstart [options]

  --once           end after the story, with its exit status, instead of serving
  --dir D          the state folder (default var/quickstart); a second run goes on from it, with its ports and URLs
  --ports A,B,C,D  ports of: public HTTP, public HTTPS, officers, operator (default 8080,8444,8443,9090)
  --public-url U   what certificates say for OCSP, CRLs and issuers, http (default http://127.0.0.1:A)
  --pds-url U      where the disclosure statement is, https (default https://pki.example.com)
";

/// What was asked for.
pub(crate) enum Asked {
    /// The text above.
    Help,
    /// The quick start itself.
    Run(Wanted),
}

/// The command line's words, each checked for itself.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) once: bool,
    pub(crate) dir: PathBuf,
    ports: Option<Ports>,
    public_url: Option<String>,
    pds_url: Option<String>,
}

/// The options, with what was not asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) once: bool,
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

impl Wanted {
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
                // No check of a certificate may need another one first (C-32).
                "--public-url" => public_url = Some(url(&value()?, word, "http://")?),
                // EN 319 412-5 QCS-4.3.4: links to disclosure statements are https.
                "--pds-url" => pds_url = Some(url(&value()?, word, "https://")?),
                other => {
                    return Err(Failure::new(format!(
                        "quickstart has no option `{other}`; see quickstart --help"
                    )));
                }
            }
        }
        let dir = dir.unwrap_or_else(|| workspace::root().join("var/quickstart"));
        Ok(Asked::Run(Self { once, dir, ports, public_url, pds_url }))
    }

    /// What was not asked for is as in the state folder's configuration, if there is one, or the default. What a
    /// ceremony has settled cannot be asked for otherwise: certificates carry it.
    pub(crate) fn settle(self, configuration: Option<&str>) -> Outcome<Options> {
        let Self { once, dir, ports, public_url, pds_url } = self;
        let settled = configuration.map(Settled::read).transpose()?;
        let one = |option: &str, wanted: Option<String>, settled: Option<&String>| match (wanted, settled) {
            (Some(wanted), Some(settled)) if wanted != *settled => Err(Failure::new(format!(
                "the state in {} was made with {option} {settled}, which its certificates and configuration carry. \
                 Leave the option out, or choose another folder with --dir",
                dir.display()
            ))),
            (wanted, settled) => Ok(wanted.or_else(|| settled.cloned())),
        };
        let settled = settled.as_ref();
        let ports = ports.map(|ports| ports.to_string());
        let ports = one("--ports", ports, settled.map(|settled| &settled.ports))?;
        let ports = Ports::parse(ports.as_deref().unwrap_or("8080,8444,8443,9090"))?;
        let public_url = one("--public-url", public_url, settled.map(|settled| &settled.public_url))?;
        let pds_url = one("--pds-url", pds_url, settled.map(|settled| &settled.pds_url))?;
        Ok(Options {
            once,
            public_url: public_url.unwrap_or_else(|| format!("http://127.0.0.1:{}", ports.public)),
            pds_url: pds_url.unwrap_or_else(|| "https://pki.example.com".into()),
            ports,
        })
    }
}

impl Options {
    /// A path of the public server, where it listens.
    pub(crate) fn public(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.ports.public)
    }

    /// An address in a certificate, as it is reached before any name leads here.
    pub(crate) fn on_this_machine(&self, address: &str) -> String {
        match address.strip_prefix(&self.public_url) {
            Some(path) => self.public(path),
            None => address.to_owned(),
        }
    }
}

/// What the configuration of an earlier run says, as the options would be written.
struct Settled {
    ports: String,
    public_url: String,
    pds_url: String,
}

impl Settled {
    fn read(configuration: &str) -> Outcome<Self> {
        let value = |key: &str| {
            let line = configuration.lines().find_map(|line| line.strip_prefix(&format!("{key} = \"")));
            line.and_then(|rest| rest.strip_suffix('"'))
                .ok_or_else(|| Failure::new(format!("the state folder's ndoba.toml does not say {key}")))
        };
        let port = |key: &str| value(key).map(|address| address.rsplit(':').next().unwrap_or_default());
        Ok(Self {
            ports: [port("public")?, port("public_tls")?, port("officers")?, port("operator")?].join(","),
            public_url: value("public_url")?.to_owned(),
            pds_url: value("pds_url")?.to_owned(),
        })
    }
}

impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { public, public_tls, officers, operator } = self;
        write!(f, "{public},{public_tls},{officers},{operator}")
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

fn url(text: &str, option: &str, scheme: &str) -> Outcome<String> {
    let host = text.strip_prefix(scheme);
    if host.is_none_or(|host| host.is_empty() || host.contains(|c: char| c.is_whitespace() || !c.is_ascii()))
    {
        return Err(Failure::new(format!(
            "{option} wants an address that begins with {scheme}, not `{text}`"
        )));
    }
    Ok(text.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIGURATION: &str = "\
[listen]
public = \"127.0.0.1:1\"
public_tls = \"127.0.0.1:2\"
officers = \"127.0.0.1:3\"
operator = \"127.0.0.1:4\"

[urls]
public_url = \"http://pki.example.com\"
pds_url = \"https://pds.example.com\"
";

    fn parse(words: &[&str], configuration: Option<&str>) -> Outcome<Options> {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        match Wanted::parse(&words)? {
            Asked::Run(wanted) => wanted.settle(configuration),
            Asked::Help => Err(Failure::new("help")),
        }
    }

    #[test]
    fn addresses_follow_the_ports() {
        assert_eq!(parse(&[], None).unwrap().public_url, "http://127.0.0.1:8080");
        assert_eq!(parse(&["--ports", "1,2,3,4"], None).unwrap().public_url, "http://127.0.0.1:1");
        let given = parse(&["--public-url", "http://pki.example.com/"], None).unwrap();
        assert_eq!(given.public_url, "http://pki.example.com");
        assert_eq!(given.on_this_machine("http://pki.example.com/ocsp"), "http://127.0.0.1:8080/ocsp");
        assert_eq!(given.on_this_machine("http://elsewhere.example/ocsp"), "http://elsewhere.example/ocsp");
    }

    #[test]
    fn a_second_run_goes_on_as_the_first_was_begun() {
        let again = parse(&["--once"], Some(CONFIGURATION)).unwrap();
        assert_eq!(again.ports, Ports { public: 1, public_tls: 2, officers: 3, operator: 4 });
        assert_eq!(again.public_url, "http://pki.example.com");
        assert_eq!(again.pds_url, "https://pds.example.com");
        parse(&["--ports", "1,2,3,4", "--pds-url", "https://pds.example.com/"], Some(CONFIGURATION)).unwrap();
        for (option, value) in [
            ("--ports", "1,2,3,5"),
            ("--public-url", "http://other.example.com"),
            ("--pds-url", "https://other.example.com"),
        ] {
            let refused = parse(&[option, value], Some(CONFIGURATION)).unwrap_err().to_string();
            assert!(refused.contains(&format!("was made with {option} ")), "{refused}");
        }
        let damaged = parse(&[], Some("[listen]\n")).unwrap_err().to_string();
        assert!(damaged.contains("ndoba.toml does not say public"), "{damaged}");
    }

    #[test]
    fn refusals_are_sentences() {
        for words in [
            &["--ports", "1,2,3"][..],
            &["--ports", "1,2,3,3"],
            &["--ports", "0,1,2,3"],
            &["--pds-url", "http://insecure.example"],
            &["--public-url", "ftp://x"],
            &["--public-url", "https://x"],
            &["--public-url", "http://"],
            &["--dir"],
            &["--twice"],
        ] {
            assert!(parse(words, None).is_err(), "{words:?}");
        }
    }
}
