//! The lists that each CA owes ([`Ledger::owed_crls`](crate::ports::Ledger::owed_crls)): opened, made when they are due,
//! and kept online.

use ndoba_audit::EventKind;
use ndoba_types::{CaName, CrlName, SignError};

use super::{CaService, Progress};
use crate::authority::IssuingCa;
use crate::error::CaError;
use crate::ports::{NewShard, OwedCrl};

/// What one look at the lists of a CA found and did.
struct Look {
    ca: CaName,
    /// The CA's status version, where all of its lists showed what they should.
    settled: Option<u64>,
    /// Whether every shard is online.
    sharded: bool,
    /// What is online.
    online: Vec<(CrlName, u64)>,
    /// Lists made.
    made: usize,
    /// Why the token made no more of them.
    token_away: Option<SignError>,
}

impl CaService {
    pub(super) fn publish_crls(&mut self, progress: &mut Progress) -> Result<(), CaError> {
        let looks: Result<Vec<_>, _> = self.authorities.values().map(|ca| self.look_at_lists(ca)).collect();
        for Look { ca, settled, sharded, online, made, token_away } in looks? {
            progress.crls += made;
            let care = self.cared_at;
            self.online.extend(online.into_iter().map(|(list, number)| (list, (number, care))));
            match settled {
                Some(version) => self.settled.insert(ca.clone(), (version, care)),
                None => self.settled.remove(&ca),
            };
            if sharded {
                self.sharded.insert(ca.clone());
            }
            // Revocations are in force without it (OCSP reads the rows); the other CAs' tokens may be well.
            if let Some(error) = token_away {
                tracing::error!(%ca, %error, "a CRL is due and the token does not sign");
                self.rest(&ca);
            }
        }
        Ok(())
    }

    /// Whether the shards that the CA's certificates are to name are online.
    pub(super) fn shards_are_online(&self, ca: &IssuingCa) -> bool {
        ca.shards.is_none() || self.sharded.contains(&ca.name)
    }

    fn look_at_lists(&self, ca: &IssuingCa) -> Result<Look, CaError> {
        let whole = OwedCrl::whole(&ca.name);
        let version = self.ledger.crl_state(&whole.name)?.version;
        // Shards may be many: asked about when something changed, and in each care. The whole list at every step.
        let all_settled = self.settled.get(&ca.name) == Some(&(version, self.cared_at));
        let lists = if all_settled { vec![whole] } else { self.owed(ca)? };
        let mut look = Look {
            ca: ca.name.clone(),
            settled: Some(version),
            sharded: !all_settled,
            online: Vec::new(),
            made: 0,
            token_away: None,
        };
        for list in lists {
            let name = list.name.clone();
            let publication = self.publication(ca, list);
            let state = self.ledger.crl_state(&name)?;
            // The file is read whole: not at every step.
            let number = state.last.as_ref().map_or(0, |last| last.number);
            if self.online.get(&name) != Some(&(number, self.cared_at)) {
                publication.catch_up(&state)?;
                look.online.push((name.clone(), number));
            }
            let mut shown = state.last.as_ref().map(|last| last.version);
            if publication.is_due(&state) {
                look.settled = None;
                // No number is taken while nobody can sign it.
                if look.token_away.is_none() && self.key_answers(ca) {
                    match publication.publish(&state) {
                        Ok(Some(summary)) => {
                            tracing::info!(list = %name, number = summary.number, "CRL published");
                            look.made += 1;
                            shown = Some(summary.version);
                        }
                        Ok(None) => {}
                        Err(CaError::Sign(error)) => look.token_away = Some(error),
                        Err(error) => return Err(error),
                    }
                }
            }
            // With every address that certificates will name.
            look.sharded &= name.shard.is_none() || shown.is_some_and(|shown| shown >= state.version);
        }
        Ok(look)
    }

    /// The lists that the CA owes, once the shards are opened that it deals certificates into.
    fn owed(&self, ca: &IssuingCa) -> Result<Vec<OwedCrl>, CaError> {
        if let Some(shards) = ca.shards.filter(|_| !self.sharded.contains(&ca.name)) {
            let new = shards.all().map(|shard| {
                let name = CrlName { ca: ca.name.clone(), shard: Some(shard) };
                let address = self.urls.of_crl(&name);
                let address = address.map_err(|error| CaError::Misconfigured { what: error.to_string() })?;
                let event = EventKind::CrlShardOpened { ca: ca.name.clone(), shard: shard.get().into() };
                Ok(NewShard { shard, address, event: self.node.event(event)? })
            });
            self.ledger.open_shards(&ca.name, new.collect::<Result<_, CaError>>()?)?;
        }
        Ok(self.ledger.owed_crls(&ca.name)?)
    }
}
