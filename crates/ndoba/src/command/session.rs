//! A connection to the registration API as an officer, and the officer's consent to a signature.

use std::io::{BufRead as _, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use ndoba_client::{ClientError, Identity, OfficerClient, Order, Review, await_order, review_and_sign};
use ndoba_order::SignerRole;
use rustls_pki_types::CertificateDer;
use serde::Serialize;

use crate::cli::ApiArgs;
use crate::installation::World;
use crate::officer_key::OfficerRef;
use crate::serve::tls;
use crate::words::Words;

/// How long, in seconds, the API may wait for the CA before it answers.
const API_WAIT: u32 = 10;
/// How long the command waits for the CA altogether.
const PATIENCE: Duration = Duration::from_secs(60);

/// The API's code for an order that has all its signatures while nobody carries it out.
pub(super) const CA_UNAVAILABLE: &str = "ca.unavailable";

/// An order with an officer's signature.
pub(super) struct Signed {
    order: Order,
    /// Whether the CA may carry it out soon.
    wait: bool,
}

/// An officer at the API.
pub(super) struct Session {
    pub(super) api: OfficerClient,
    pub(super) officer: Identity,
    pub(super) world: World,
    pub(super) language: ndoba_order::Language,
    /// In that language.
    pub(super) words: Words,
    /// What this run's idempotency keys are made of.
    invocation: String,
    address: String,
    roots: Vec<CertificateDer<'static>>,
    json: bool,
    yes: bool,
}

impl Session {
    /// Reads the officer's file and the operations CA; connects with the first call.
    pub(super) fn open(args: &ApiArgs) -> anyhow::Result<Self> {
        // Before a card asks for its PIN.
        let words = Words(args.language.into()).speak();
        tls::install_provider()?;
        let roots = tls::certificates(&authority(args)?)?;
        let officer = args.officer.identity()?;
        let world = World::real();
        let mut drawn = [0; 16];
        world.random.fill(&mut drawn)?;
        let invocation = hex::encode(drawn);
        Ok(Self {
            api: OfficerClient::new(&args.api, &roots, &officer).with_invocation(&invocation),
            invocation,
            address: args.api.clone(),
            roots,
            officer,
            world,
            language: args.language.into(),
            words,
            json: args.json,
            yes: args.yes,
        })
    }

    /// Shows an order to the officer, asks, and signs it in the role whose signature it lacks.
    pub(super) fn sign(&self, order_id: &str) -> anyhow::Result<Signed> {
        self.sign_with(&self.api, &self.officer, order_id)
    }

    /// Shows what was read before, asks, and gives the officer's signature, which is sent nowhere.
    pub(super) fn review(&self, review: &Review) -> anyhow::Result<String> {
        anyhow::ensure!(
            self.consent(&review.lines(self.language)?, review.role()),
            ClientError::NotSigned(self.words.officer_said_no())
        );
        Ok(review.sign(&self.officer, self.world.clock.now())?)
    }

    /// The same, for an order that the CA carries out at a date only: nobody waits for it.
    pub(super) fn sign_for_later(&self, order_id: &str) -> anyhow::Result<Order> {
        let now = self.world.clock.now();
        let mut consent = |lines: &[String], role| self.consent(lines, role);
        match review_and_sign(&self.api, &self.officer, order_id, self.language, now, None, &mut consent) {
            Ok(order) => Ok(order),
            // Signed and kept, whether the CA answers now or not.
            Err(ClientError::Later { problem, .. }) if problem.code == CA_UNAVAILABLE => {
                Ok(self.api.order(order_id)?)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The same as another officer, who sits at this machine too.
    pub(super) fn sign_as(&self, officer: &OfficerRef, order_id: &str) -> anyhow::Result<Signed> {
        let officer = officer.identity()?;
        let api = OfficerClient::new(&self.address, &self.roots, &officer).with_invocation(&self.invocation);
        self.sign_with(&api, &officer, order_id)
    }

    fn sign_with(&self, api: &OfficerClient, officer: &Identity, order_id: &str) -> anyhow::Result<Signed> {
        let now = self.world.clock.now();
        let mut consent = |lines: &[String], role| self.consent(lines, role);
        match review_and_sign(api, officer, order_id, self.language, now, Some(API_WAIT), &mut consent) {
            Ok(order) => Ok(Signed { order, wait: true }),
            // Signed and kept: the officer has nothing more to do, and nothing to wait for.
            Err(ClientError::Later { problem, .. }) if problem.code == CA_UNAVAILABLE => {
                eprintln!("{}", problem.title);
                Ok(Signed { order: api.order(order_id)?, wait: false })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Waits for the CA, unless it is known not to answer. An order that ended without being carried out is an error;
    /// one that the CA has not taken up is given as it is.
    pub(super) fn conclude(&self, Signed { order, wait }: Signed) -> anyhow::Result<Order> {
        let order = if wait && !order.is_final() {
            await_order(&self.api, &order.order_id, PATIENCE)?
        } else {
            order
        };
        if let Some(refusal) = &order.refusal {
            anyhow::bail!(self.words.ca_refused(&refusal.code, &refusal.message));
        }
        anyhow::ensure!(
            !order.is_final() || order.state == "done",
            self.words.nothing_done(&order.order_id, self.words.order_state(&order.state))
        );
        Ok(order)
    }

    /// Prints `words`, or `value` when JSON was asked for.
    pub(super) fn print(&self, value: &impl Serialize, words: impl FnOnce() -> String) -> anyhow::Result<()> {
        if self.json {
            println!("{}", serde_json::to_string_pretty(value)?);
        } else {
            println!("{}", words());
        }
        Ok(())
    }

    /// Shows what is to be signed and asks.
    pub(super) fn consent(&self, lines: &[String], role: SignerRole) -> bool {
        consent(self.words, lines, role, self.yes)
    }
}

/// Shows what is to be signed and asks, unless `yes` says that the officer has been asked.
pub(crate) fn consent(words: Words, lines: &[String], role: SignerRole, yes: bool) -> bool {
    // On standard error, so that standard output stays the result's.
    eprintln!("{}", words.you_sign(words.signer(role)));
    for line in lines {
        eprintln!("  {line}");
    }
    yes || asked(&words.sign_this())
}

/// Where the operations CA's certificate is.
fn authority(args: &ApiArgs) -> anyhow::Result<PathBuf> {
    match (&args.api_ca, &args.officer) {
        (Some(named), _) => Ok(named.clone()),
        (None, OfficerRef::File(file)) => Ok(file.with_file_name("operations-ca.pem")),
        (None, OfficerRef::Card(_)) => {
            anyhow::bail!(Words::spoken().name_the_authority())
        }
    }
}

pub(super) fn asked(question: &str) -> bool {
    eprint!("{question}");
    let _ = std::io::stderr().flush();
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).is_ok() && Words::is_yes(&answer)
}
