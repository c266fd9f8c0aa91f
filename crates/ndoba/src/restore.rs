//! A restored database beside what its witnesses and the published CRLs remember of it (design §3, rollback).

use anyhow::Context as _;
use ndoba_audit::{EventLog as _, HeadWitness as _, Record, WitnessedHead, rebuild_witness};
use ndoba_ca::ports::{AcceptedState, AuthorityMark, Ledger as _};
use ndoba_ca::{PublishedCrl, RestorePlan};
use ndoba_order::{
    AcceptRestore, AcceptedRestore, AuthorityMarks, Register, RestoreMarks, WitnessedMarks, accept_restore,
};
use ndoba_settings::{Role, Settings};
use ndoba_store::{HeadFile, Marks, Store, Witness};
use ndoba_types::{Span, UtcTime};
use ndoba_x509::Crl;

use crate::installation;
use crate::witness_file::role_marks;

/// How long officers have to sign: the services stand still meanwhile.
const STATEMENT_LIFE: Span = Span::hours(12);

/// Everything that remembers, read at one time. Of the witnesses those of the roles configured here.
pub(crate) struct Memory {
    settings: Settings,
    store: Store,
    database: Marks,
    log_size: u64,
    witnesses: Vec<(&'static str, Witness)>,
    log: Option<LogWitness>,
    published: Vec<PublishedCrl>,
}

/// The `audit` role's witness.
struct LogWitness {
    file: HeadFile,
    head: Option<WitnessedHead>,
}

impl Memory {
    /// Reads database, witnesses and published CRLs. Changes nothing.
    pub(crate) fn read(settings: Settings) -> anyhow::Result<Self> {
        let store = installation::open_store(&settings)?;
        let mut witnesses = Vec::new();
        for (role, name) in [(Role::Ca, "ca"), (Role::Public, "ocsp")] {
            if settings.roles.has(role) {
                witnesses.push((name, installation::witness(&settings, name)?));
            }
        }
        let log = if settings.roles.has(Role::Audit) { Some(LogWitness::read(&settings)?) } else { None };
        let folder = installation::published(&settings)?;
        let mut published = Vec::new();
        for ca in &settings.cas {
            let key = installation::certificate(&ca.certificate)?.spki().clone();
            for list in folder.crls_of(&ca.name)? {
                if let Some(der) = folder.crl(&list)? {
                    published.push(PublishedCrl { list, key: key.clone(), der });
                }
            }
        }
        let (database, log_size) = (store.all_marks()?, store.size()?);
        Ok(Self { settings, store, database, log_size, witnesses, log, published })
    }

    /// What the database is behind in, a sentence each; nothing when all is well.
    pub(crate) fn behind(&self) -> anyhow::Result<Vec<String>> {
        let mut found = Vec::new();
        for (role, witness) in &self.witnesses {
            if let Err(behind) = witness.check(&role_marks(role, &self.database)) {
                found.push(format!("{role}: {behind}"));
            }
        }
        if let Some(head) = self.log.as_ref().and_then(|log| log.head.as_ref())
            && !self.log_extends(head)?
        {
            let seen = head.frontier.size();
            found.push(format!(
                "audit: the log has {} records and does not extend the {seen} that were witnessed",
                self.log_size
            ));
        }
        for one in &self.published {
            let Ok(crl) = Crl::from_der(&one.der) else {
                found.push(format!("published: the CRL of {} cannot be read", one.list));
                continue;
            };
            let known = self.mark(&one.list.ca).map_or(0, |mark| mark.crl_number);
            if crl.number().get() > known {
                found.push(format!(
                    "published: CRL {} of {} is online, and the database has come to {known}",
                    crl.number(),
                    one.list
                ));
            }
        }
        Ok(found)
    }

    fn mark(&self, ca: &ndoba_types::CaName) -> Option<&AuthorityMark> {
        self.database.authorities.iter().find(|mark| mark.ca == *ca)
    }

    /// Whether the last record that was witnessed is in its place still.
    fn log_extends(&self, head: &WitnessedHead) -> anyhow::Result<bool> {
        let Some(last) = head.frontier.size().checked_sub(1) else { return Ok(true) };
        let stored = self.store.leaves(last, 1)?;
        let hash =
            stored.first().and_then(|bytes| Record::from_bytes(bytes).ok()).map(|record| record.hash());
        Ok(hash.is_some() && hash == head.last)
    }

    /// The marks as a table, a line each.
    pub(crate) fn table(&self) -> Vec<String> {
        let mut columns = vec!["database".to_owned()];
        columns.extend(self.witnesses.iter().map(|(role, _)| format!("witness {role}")));
        columns.extend(self.log.iter().map(|_| "witness audit".to_owned()));
        columns.push("online".into());
        let line = |what: &str, values: &[String]| {
            let cells: Vec<_> = values.iter().map(|value| format!("{value:>14}")).collect();
            format!("{what:<32}{}", cells.concat())
        };
        let none = || "-".to_owned();
        let mut lines = vec![line("", &columns)];
        for mark in &self.database.authorities {
            let seen: Vec<Option<AuthorityMark>> = self
                .witnesses
                .iter()
                .map(|(_, witness)| witness.marks().authorities.into_iter().find(|one| one.ca == mark.ca))
                .collect();
            let row = |here: u64, of: fn(&AuthorityMark) -> u64, online: String| {
                let mut values = vec![here.to_string()];
                values
                    .extend(seen.iter().map(|one| one.as_ref().map_or_else(none, |one| of(one).to_string())));
                values.extend(self.log.iter().map(|_| none()));
                values.push(online);
                values
            };
            // Of all its lists the highest: they take their numbers from one counter.
            let of_ca = self.published.iter().filter(|one| one.list.ca == mark.ca);
            let online = of_ca.filter_map(|one| Some(Crl::from_der(&one.der).ok()?.number())).max();
            let online = online.map_or_else(none, |number| number.to_string());
            lines.push(line(
                &format!("status version of {}", mark.ca),
                &row(mark.version, |one| one.version, none()),
            ));
            lines.push(line(
                &format!("CRL number of {}", mark.ca),
                &row(mark.crl_number, |one| one.crl_number, online),
            ));
        }
        let mut register = vec![self.database.grant.to_string()];
        register.extend(self.witnesses.iter().map(|(role, witness)| match *role {
            "ca" => witness.marks().grant.to_string(),
            _ => none(),
        }));
        register.extend(self.log.iter().map(|_| none()));
        register.push(none());
        lines.push(line("register of officers", &register));
        let mut records = vec![self.log_size.to_string()];
        records.extend(self.witnesses.iter().map(|_| none()));
        records.extend(self.log.iter().map(|log| log.size().to_string()));
        records.push(none());
        lines.push(line("records of the audit log", &records));
        lines
    }

    /// What accepting the database as it is would mean: what officers sign, and what follows from it.
    pub(crate) fn statement(&self, now: UtcTime) -> anyhow::Result<(AcceptRestore, RestorePlan)> {
        let seen: Vec<AuthorityMark> =
            self.witnesses.iter().flat_map(|(_, witness)| witness.marks().authorities).collect();
        let plan = RestorePlan::new(&self.store, &seen, &self.published)?;
        let mut witnesses = Vec::new();
        for (role, witness) in &self.witnesses {
            let Marks { authorities, grant, checkpoint } = witness.marks();
            witnesses.push(WitnessedMarks {
                role: (*role).into(),
                file: witness.digest(),
                marks: RestoreMarks {
                    authorities: authorities.iter().map(authority_marks).collect(),
                    grant,
                    log_size: checkpoint.map_or(0, |mark| mark.size),
                    log_root: checkpoint.map(|mark| mark.root),
                },
            });
        }
        if let Some(log) = &self.log {
            witnesses.push(log.marks()?);
        }
        let created = now.floor_to_second();
        let statement = AcceptRestore {
            installation: self.settings.installation,
            created,
            expires: created.plus(STATEMENT_LIFE),
            database: RestoreMarks {
                authorities: self.database.authorities.iter().map(authority_marks).collect(),
                grant: self.database.grant,
                log_size: self.log_size,
                log_root: self.database.checkpoint.map(|mark| mark.root),
            },
            witnesses,
            resume: plan.resume.iter().map(authority_marks).collect(),
            revocations: plan.revoked.len().try_into()?,
        };
        Ok((statement, plan))
    }

    /// Judges what officers signed by the pin and the grants that lead back to it.
    pub(crate) fn judge(
        &self,
        bytes: &[u8],
        signatures: &[Vec<u8>],
        now: UtcTime,
    ) -> anyhow::Result<(AcceptedRestore, RestorePlan)> {
        let (found, plan) = self.statement(now)?;
        let grants = self.store.grants_after(0)?.into_iter().map(|grant| (grant.bytes, grant.signatures));
        let pins = installation::pins(&self.settings)?;
        let register = Register::replay_so_far(&pins, grants).map_err(|(place, refusal)| {
            anyhow::Error::new(refusal).context(format!("grant {place} of the database"))
        })?;
        // A database of before a pin was replaced must not bring back whom it replaced.
        let register = register.under_newest_pin();
        let accepted = accept_restore(bytes, signatures, &found, &register, now)
            .context("the restored database is not accepted")?;
        Ok((accepted, plan))
    }

    /// Makes the database fit to go on from, then ends the witnesses' memory of the one before.
    ///
    /// In this order, because a crash between the two leaves a database that is refused, and officers who sign again.
    pub(crate) fn accept(mut self, accepted: AcceptedState) -> anyhow::Result<()> {
        let head = match &self.log {
            Some(_) => {
                Some(rebuild_witness(&self.store).context("the restored audit log contradicts itself")?)
            }
            None => None,
        };
        anyhow::ensure!(
            self.store.accept_state(accepted)?,
            "the database changed while it was being accepted: stop all roles, and write another statement"
        );
        let marks = self.store.all_marks()?;
        for (role, witness) in &mut self.witnesses {
            witness.accept(&role_marks(role, &marks))?;
        }
        if let (Some(log), Some(head)) = (&self.log, head) {
            log.file.save(&head)?;
        }
        Ok(())
    }

    /// The state that a statement's acceptance changes.
    pub(crate) fn database(&self) -> &Marks {
        &self.database
    }

    /// Where the evidence of an acceptance is kept.
    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }
}

impl LogWitness {
    fn read(settings: &Settings) -> anyhow::Result<Self> {
        let file = HeadFile::open(&installation::witness_path(settings, "audit"));
        let head = file.load()?;
        Ok(Self { file, head })
    }

    fn size(&self) -> u64 {
        self.head.as_ref().map_or(0, |head| head.frontier.size())
    }

    fn marks(&self) -> anyhow::Result<WitnessedMarks> {
        Ok(WitnessedMarks {
            role: "audit".into(),
            file: self.file.digest()?,
            marks: RestoreMarks {
                authorities: Vec::new(),
                grant: 0,
                log_size: self.size(),
                log_root: self.head.as_ref().map(|head| head.frontier.root()),
            },
        })
    }
}

fn authority_marks(mark: &AuthorityMark) -> AuthorityMarks {
    let AuthorityMark { ca, version, crl_number } = mark;
    AuthorityMarks { name: ca.clone(), version: *version, crl_number: *crl_number }
}
