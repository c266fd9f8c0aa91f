//! What every role of a process shares: settings, database, certificates of our own.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use ndoba_clock::{OsRandom, SystemClock};
use ndoba_order::Pins;
use ndoba_settings::{CertificationAuthority, Database, Mode, Policies, QualifiedUnder, Settings};
use ndoba_store::{Engine, PublishedFiles, Store, Witness};
use ndoba_types::{Clock, Oid, Random, Span, SubjectPublicKeyInfo, UtcTime};
use ndoba_x509::{
    Authority, AuthorityDraft, Certificate, HttpUrl, HttpsUrl, IssuerFacts, Legislation, PemLabel, Profile,
    ProfileFile, PublicUrls, Template, from_pem, oid,
};

use crate::files;

/// The world outside, for the services.
#[derive(Clone)]
pub(crate) struct World {
    /// The wall clock.
    pub(crate) clock: Arc<dyn Clock>,
    /// The system's random generator.
    pub(crate) random: Arc<dyn Random>,
}

impl World {
    /// The real one.
    pub(crate) fn real() -> Self {
        Self { clock: Arc::new(SystemClock), random: Arc::new(OsRandom) }
    }

    /// The real one; with its clock put forward where a test says so, which production refuses.
    #[expect(
        clippy::disallowed_methods,
        reason = "the tests' way to what happens in weeks; refused in production"
    )]
    pub(crate) fn of(settings: &Settings) -> anyhow::Result<Self> {
        let Ok(text) = std::env::var(CLOCK_AHEAD) else { return Ok(Self::real()) };
        let ahead = ahead(settings.mode, &text)?;
        tracing::warn!(seconds = ahead.as_seconds(), "the clock is put forward");
        Ok(Self { clock: Arc::new(AheadClock(ahead)), ..Self::real() })
    }
}

fn ahead(mode: Mode, text: &str) -> anyhow::Result<Span> {
    anyhow::ensure!(
        mode == Mode::Development,
        "{CLOCK_AHEAD} is set; a clock that is put forward has no place in production"
    );
    let seconds: u32 = text.parse().with_context(|| format!("{CLOCK_AHEAD} is a number of seconds"))?;
    Ok(Span::seconds(seconds))
}

/// The variable by which tests put the clock forward, in seconds.
const CLOCK_AHEAD: &str = "NDOBACTL_CLOCK_AHEAD";

/// The machine's clock, put forward.
struct AheadClock(Span);

impl Clock for AheadClock {
    fn now(&self) -> UtcTime {
        SystemClock.now().plus(self.0)
    }
}

/// Reads the configuration, and starts the process again where a module needs variables of its own.
pub(crate) fn load(config: &Path) -> anyhow::Result<Settings> {
    let settings = Settings::load(config)?;
    crate::environment::provide(&settings.hsm.modules)?;
    Ok(settings)
}

/// Connections to the database that a process keeps.
pub(crate) const CONNECTIONS: u32 = 16;

/// Opens the database; refuses an unknown schema or another installation's.
pub(crate) fn open_store(settings: &Settings) -> anyhow::Result<Store> {
    let store = Store::open(&engine(&settings.database)?, CONNECTIONS).context("cannot open the database")?;
    anyhow::ensure!(
        store.installation() == settings.installation,
        "the database belongs to installation {}, the configuration to {}",
        store.installation(),
        settings.installation
    );
    Ok(store)
}

/// The database's engine, with its connection string read from where the configuration says.
pub(crate) fn engine(database: &Database) -> anyhow::Result<Engine> {
    Ok(match database {
        Database::Sqlite { path } => Engine::Sqlite { path: path.clone() },
        Database::PostgresqlUrl { url_file } => {
            Engine::Postgres { url: files::read_text(url_file)?.trim().to_owned() }
        }
        Database::Postgresql { host, port, name, user, password_file, sslmode } => {
            let quote = |text: &str| format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"));
            let mut url = format!(
                "host={} port={port} dbname={} user={} sslmode={}",
                quote(host),
                quote(name),
                quote(user),
                quote(sslmode)
            );
            if let Some(file) = password_file {
                let text = files::read_text(file)?;
                url.push_str(&format!(" password={}", quote(text.lines().next().unwrap_or_default())));
            }
            Engine::Postgres { url }
        }
    })
}

/// The witness file of `role`.
pub(crate) fn witness(settings: &Settings, role: &str) -> anyhow::Result<Witness> {
    Witness::load(&witness_path(settings, role), settings.installation)
        .context("the rollback witness cannot be used")
}

/// Where the witness of `role` is: `ca`, `ocsp` or `audit`.
pub(crate) fn witness_path(settings: &Settings, role: &str) -> PathBuf {
    settings.paths.witness.join(format!("{role}.json"))
}

/// The folder of published CRLs and issuers.
pub(crate) fn published(settings: &Settings) -> anyhow::Result<PublishedFiles> {
    Ok(PublishedFiles::open(&settings.paths.published)?)
}

/// The pinned security officers: the first ceremony's, and whoever took their place.
pub(crate) fn pins(settings: &Settings) -> anyhow::Result<Pins> {
    Pins::from_bytes(&files::read(&settings.paths.officers_pin)?).context("the officers' pin cannot be used")
}

/// Addresses that certificates carry.
pub(crate) fn public_urls(settings: &Settings) -> anyhow::Result<PublicUrls> {
    let base: HttpUrl = settings.urls.public.to_string().parse().context("urls.public_url")?;
    let documents: HttpsUrl = settings.urls.documents.to_string().parse().context("urls.pds_url")?;
    Ok(PublicUrls { base, documents })
}

/// The certificate in a PEM file, its first one.
pub(crate) fn certificate(path: &Path) -> anyhow::Result<Certificate> {
    let der = from_pem(PemLabel::Certificate, &files::read(path)?)
        .with_context(|| format!("{} holds no certificate", path.display()))?;
    Certificate::from_der(&der)
        .with_context(|| format!("the certificate in {} cannot be read", path.display()))
}

/// Whether `ca` certified it, by name and key identifier: CAs of one name, its generations, differ by their keys.
pub(crate) fn certified(ca: &Certificate, certificate: &Certificate) -> bool {
    let key = certificate.authority_key_identifier();
    ca.subject() == certificate.issuer() && key.is_none_or(|key| ca.subject_key_identifier() == Some(key))
}

/// The configured CA that certified it.
pub(crate) fn issuer<'s>(
    settings: &'s Settings,
    issued: &Certificate,
) -> anyhow::Result<Option<&'s CertificationAuthority>> {
    for ca in &settings.cas {
        if certified(&certificate(&ca.certificate)?, issued) {
            return Ok(Some(ca));
        }
    }
    Ok(None)
}

/// The provider's name as a certificate of its own has it: a successor's is the same.
pub(crate) fn provider_name(certificate: &Certificate) -> anyhow::Result<Authority> {
    let attributes = certificate.subject().attributes();
    let value = |id| {
        let found = attributes.iter().find(|(one, _)| *one == id);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let authority = Authority::try_from(AuthorityDraft {
        country: value(oid::COUNTRY_NAME),
        organization: value(oid::ORGANIZATION_NAME),
        organization_identifier: value(oid::ORGANIZATION_IDENTIFIER),
        common_name: value(oid::COMMON_NAME),
    })?;
    anyhow::ensure!(
        authority.distinguished_name() == *certificate.subject(),
        "the present certificate has another subject than this program gives"
    );
    Ok(authority)
}

/// A CA's facts as issuer, from its certificate.
pub(crate) fn issuer_facts(settings: &Settings, ca: &CertificationAuthority) -> anyhow::Result<IssuerFacts> {
    let key =
        ca.key.as_ref().with_context(|| format!("the CA {} has no key in this configuration", ca.name))?;
    let urls = public_urls(settings)?.of_issuer(ca.name.as_str())?;
    Ok(IssuerFacts::from_certificate(&certificate(&ca.certificate)?, key.algorithm, urls)?)
}

/// The profiles that may be issued by: the built-in ones, or those of the configured folder.
pub(crate) fn profiles(settings: &Settings) -> anyhow::Result<Vec<Profile>> {
    let files = profile_files(settings)?;
    files.into_iter().map(|file| Ok(Profile::try_from(file)?)).collect()
}

/// The same, as files.
pub(crate) fn profile_files(settings: &Settings) -> anyhow::Result<Vec<ProfileFile>> {
    let Some(folder) = &settings.paths.profiles else { return built_in_profiles(settings) };
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    let mut profiles: Vec<ProfileFile> = Vec::new();
    for path in paths {
        let file = ProfileFile::from_toml(&files::read_text(&path)?)
            .with_context(|| format!("the profile {} is refused", path.display()))?;
        let taken = profiles.iter().any(|other| other.name == file.name);
        anyhow::ensure!(!taken, "{}: another file is the profile {} already", path.display(), file.name);
        profiles.push(file);
    }
    Ok(profiles)
}

/// The audit log's public key, as the ceremony wrote it.
pub(crate) fn audit_public_key(settings: &Settings) -> anyhow::Result<SubjectPublicKeyInfo> {
    public_key(&settings.paths.state.join("pki/audit.pub.pem"))
}

/// The public key of the clock's statement, as the ceremony wrote it.
pub(crate) fn clock_public_key(settings: &Settings) -> anyhow::Result<SubjectPublicKeyInfo> {
    public_key(&settings.paths.state.join("pki/clock.pub.pem"))
}

/// The public key in a PEM file.
pub(crate) fn public_key(path: &Path) -> anyhow::Result<SubjectPublicKeyInfo> {
    let der = from_pem(PemLabel::PublicKey, &files::read(path)?)
        .with_context(|| format!("{} holds no public key", path.display()))?;
    Ok(SubjectPublicKeyInfo::assertion(der))
}

/// The profiles that ship with the product, with the installation's own policies and retention.
fn built_in_profiles(settings: &Settings) -> anyhow::Result<Vec<ProfileFile>> {
    let legislation = match settings.legal.legislation {
        QualifiedUnder::Georgia => Legislation::Georgia,
        QualifiedUnder::EuropeanUnion => Legislation::EuropeanUnion,
    };
    let mut files = Profile::preset_files(legislation)?;
    for file in &mut files {
        let own = own_policy(&settings.policies, file).map(Oid::to_string);
        if let (Some(first), Some(own)) = (file.policies.first_mut(), own) {
            *first = own;
        }
        if let Some(qc) = &mut file.qc {
            qc.retention_years = Some(settings.legal.retention_years);
        }
    }
    Ok(files)
}

fn own_policy<'a>(policies: &'a Policies, file: &ProfileFile) -> Option<&'a Oid> {
    match (file.template, file.qscd) {
        (Template::PersonSignature, true) => Some(&policies.sign_qscd),
        (Template::PersonSignature, false) => Some(&policies.sign),
        (Template::OrganisationSeal, true) => Some(&policies.seal_qscd),
        (Template::OrganisationSeal, false) => Some(&policies.seal),
        (Template::OcspResponder, _) => Some(&policies.ocsp),
        (Template::Tsu, _) => Some(&policies.tsu),
        // A root states no policy, a CA beneath it any: what a subscriber's says is the leaf's own.
        (Template::Root | Template::IssuingCa, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_is_put_forward_in_development_only() {
        assert_eq!(ahead(Mode::Development, "3600").ok(), Some(Span::hours(1)));
        assert!(ahead(Mode::Development, "soon").is_err());
        assert!(ahead(Mode::Production, "3600").is_err());
    }
}
