//! Holding a key ceremony: walks the plan's steps and writes the report.
//!
//! Everything is made in the folder given, once. A ceremony that did not come to its report is not gone on with: its
//! folder is put aside as it is (an auditor may ask), and another is held.

mod certificates;
mod configuration;
mod folder;
mod keys;
mod next_ca;
mod officers;
mod replace_pin;
mod standing;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use ndoba_audit::{Actor, Event, EventKind, EventSink as _, Word};
use ndoba_ca::{CeremonyDesk, Epoch, NoFailpoints, Node};
use ndoba_ceremony::{Mode, Plan, Report, Step, StepRecord};
use ndoba_order::Attended;
use ndoba_settings::Settings;
use ndoba_store::{HeadFile, Store, Witness};
use ndoba_types::{InstallationId, Sha256Digest};

use crate::cli::CeremonyArgs;
use crate::files;
use crate::installation::{self, World};
use crate::tokens::Tokens;
use crate::witness_file::role_marks;

pub(crate) use folder::Folder;
pub(crate) use next_ca::run as next_ca;
pub(crate) use replace_pin::{SignedPin, run as replace_pin};

/// How long a token may take to be there.
const TOKEN_PATIENCE: Duration = Duration::from_secs(30);

/// Prints the development plan.
pub(crate) fn print_plan() -> anyhow::Result<()> {
    print!("{}", toml::to_string(&Plan::development())?);
    Ok(())
}

/// Holds the ceremony.
pub(crate) fn run(args: &CeremonyArgs) -> anyhow::Result<()> {
    let plan = match &args.plan {
        None => Plan::development(),
        Some(file) => Plan::from_toml(&files::read_text(file)?)?,
    };
    let problems = plan.problems();
    if !problems.is_empty() {
        let list: Vec<_> = problems.iter().map(|problem| format!("\n  - {problem}")).collect();
        anyhow::bail!("the plan must be mended first:{}", list.concat());
    }
    anyhow::ensure!(
        plan.mode == Mode::Development,
        "a production ceremony needs a certified device; this version holds development ceremonies only"
    );

    let postgresql_url_file = args.postgresql_url_file.as_deref().map(connection_string_file).transpose()?;
    let folder = Folder::at(&args.dir)?;
    folder.must_be_free()?;
    crate::environment::provide_variables(&[("SOFTHSM2_CONF", folder.softhsm_configuration())])?;
    let world = World::real();
    let installation = InstallationId::generate(&*world.random)?;
    let args = CeremonyArgs { postgresql_url_file, ..args.clone() };
    let configuration = configuration::write(&args, &folder, &plan, installation);
    // An address that certificates cannot carry, say: told before anything is made.
    Settings::from_toml(&configuration, &folder.configuration())?;
    folder.prepare()?;
    keys::make_tokens(&folder, &args.module, &plan, &*world.random)?;
    officers::make_operations_ca(&folder, plan.mode, world.clock.now())?;
    let mut salt = [0; 32];
    world.random.fill(&mut salt)?;
    files::write_secret(&folder.file("person.salt"), &salt)?;
    files::write(&folder.configuration(), configuration.as_bytes())?;

    let settings = Settings::load(&folder.configuration())?;
    let tokens = Tokens::start(&settings, |_| true)?;
    tokens.wait_ready(TOKEN_PATIENCE)?;
    let engine = installation::engine(&settings.database)?;
    let store = Store::create(&engine, installation::CONNECTIONS, installation, world.clock.now())
        .context("cannot create the database")?;

    let software = concat!("ndoba ", env!("CARGO_PKG_VERSION"));
    let report = Report::begin(&plan, &installation.to_string(), software);
    let epoch = Epoch::draw(&*world.random)?;
    let node = Arc::new(Node::begin("ceremony", epoch, Arc::clone(&world.clock), Arc::clone(&world.random)));
    let attended = None;
    let mut ceremony = Ceremony { plan, folder, settings, tokens, store, world, node, attended, report };
    ceremony.walk()?;
    ceremony.finish()
}

/// The absolute path of a file that can be read: said before anything is made, and the configuration that will name
/// it lies in another folder than the one the ceremony is called from.
fn connection_string_file(file: &Path) -> anyhow::Result<PathBuf> {
    files::read_text(file)?;
    file.canonicalize().with_context(|| format!("cannot use {}", file.display()))
}

/// A ceremony under way.
struct Ceremony {
    plan: Plan,
    folder: Folder,
    settings: Settings,
    tokens: Tokens,
    store: Store,
    world: World,
    node: Arc<Node>,
    /// None until two officers have signed: no CA key is made or used before.
    attended: Option<Attended>,
    report: Report,
}

impl Ceremony {
    fn walk(&mut self) -> anyhow::Result<()> {
        self.log(EventKind::CeremonyStarted { plan: self.plan.digest() })?;
        let steps = self.plan.steps();
        let count = steps.len();
        for (place, step) in steps.into_iter().enumerate() {
            let number = place + 1;
            let description = step.describe();
            let evidence = self.carry_out(&step).with_context(|| description.clone())?;
            println!("[{number}/{count}] {description}");
            let name: Word = format!("step-{number}").parse().unwrap_or_else(|_| "step".into());
            self.log(EventKind::CeremonyStepDone {
                plan: self.plan.digest(),
                step: name,
                result: Some(Sha256Digest::of(evidence.as_bytes())),
            })?;
            self.report.steps.push(StepRecord {
                number,
                phase: step.phase(),
                description,
                at: self.world.clock.now().to_string(),
                evidence,
            });
        }
        Ok(())
    }

    /// One step; what was seen, for the report.
    fn carry_out(&mut self, step: &Step) -> anyhow::Result<String> {
        match step {
            Step::AuthoriseResponder { authority } => self.authorise_responder(authority),
            Step::GenerateKey { token, label, key } => self.generate_key(token, label, *key),
            Step::IssueAuthority { name } => self.issue_authority(name),
            Step::IssueResponder { authority } => self.issue_responder(authority),
            Step::IssueRoot => self.issue_root(),
            Step::IssueTsu { name } => self.issue_tsu(name),
            Step::MakeDataKey { token, label } => self.make_data_key(token, label),
            Step::OpenSession { .. } => self.open_session(),
            Step::PinOfficers { names } => self.pin_officers(names),
            Step::PublishCrl { authority } => self.publish_crl(authority),
        }
    }

    fn finish(mut self) -> anyhow::Result<()> {
        self.report.date = self.world.clock.now().to_string();
        let json = self.report.to_json();
        self.log(EventKind::CeremonyFinished { plan: self.plan.digest(), report: Sha256Digest::of(&json) })?;
        // The witnesses begin where the ceremony ends: from here on a database that knows less is refused.
        let marks = self.store.all_marks()?;
        for role in ["ca", "ocsp"] {
            Witness::create(
                &installation::witness_path(&self.settings, role),
                self.settings.installation,
                &role_marks(role, &marks),
            )?;
        }
        HeadFile::create(&installation::witness_path(&self.settings, "audit"))?;
        files::write(&self.folder.file("endpoints.json"), &self.folder.endpoints(&self.settings))?;
        files::write(&self.folder.file("ceremony/report.txt"), self.report.to_text().as_bytes())?;
        // Last: its presence says that the ceremony was held to its end.
        files::write(&self.folder.report(), &json)?;
        println!("The report is in {}", self.folder.file("ceremony/report.txt").display());
        Ok(())
    }

    /// Those who are there.
    fn attended(&self) -> anyhow::Result<&Attended> {
        self.attended.as_ref().context("no two security officers have signed that they are there")
    }

    fn log(&self, what: EventKind) -> anyhow::Result<()> {
        let actor = Actor::Ceremony(self.plan.digest());
        let event = Event::new(&*self.world.random, self.world.clock.now(), actor, what)?;
        Ok(self.store.record(&[event])?)
    }

    fn desk(&self) -> anyhow::Result<CeremonyDesk> {
        Ok(CeremonyDesk {
            node: Arc::clone(&self.node),
            ledger: Arc::new(self.store.clone()),
            sink: Arc::new(installation::published(&self.settings)?),
            failpoints: Arc::new(NoFailpoints),
            urls: installation::public_urls(&self.settings)?,
            plan: self.plan.digest(),
        })
    }
}
