//! The CA watches its own accounts: at start, every hour, and after each step against the token's count. Where they do
//! not agree it issues no more; revocations and CRLs go on, for they are what helps then.

use ndoba_audit::EventKind;
use ndoba_types::Span;

use crate::accounting::{Extent, KeyUse, RowName, Rule, TokenCount, Violation};
use crate::authority::IssuingCa;
use crate::error::CaError;
use crate::node::word;
use crate::service::CaService;

/// How often the rows are compared with each other.
const ACCOUNTING_INTERVAL: Span = Span::minutes(60);
/// So many of the newest rows are compared by the running CA; `ndoba ca reconcile` compares all of them.
const NEWEST: u32 = 10_000;

impl CaService {
    /// What does not agree. While there is anything, no certificate is issued; it takes a restart to look again.
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// Whether a certificate of this CA may be begun now.
    pub(super) fn may_issue(&self, ca: &IssuingCa) -> bool {
        self.violations.is_empty()
            && self.tokens.key_answers(ca, self.node.now())
            && self.told.shards_are_online(ca)
    }

    /// Compares the rows with each other, at start and every hour.
    pub(super) fn account(&mut self) -> Result<(), CaError> {
        self.record_alarms()?;
        let now = self.node.now();
        if self.accounted_at.is_some_and(|at| now.since(at) < ACCOUNTING_INTERVAL && now >= at) {
            return Ok(());
        }
        let mut found: Vec<Violation> =
            self.ledger.key_uses()?.iter().filter_map(KeyUse::violation).collect();
        found.extend(self.ledger.violations(Extent::Newest(NEWEST))?);
        self.stop_issuing(found, None)?;
        self.accounted_at = Some(now);
        Ok(())
    }

    /// Compares what each token counts with what this process intended.
    pub(super) fn compare_with_token(&mut self) -> Result<(), CaError> {
        let surplus: Vec<TokenCount> = self
            .authorities
            .values()
            .filter_map(|ca| self.node.surplus(ca.certify.label(), &*ca.watch))
            .collect();
        for count in surplus {
            let row = RowName::Epoch { key: count.key.clone(), epoch: count.epoch.clone() };
            self.stop_issuing(vec![Violation { rule: Rule::MoreSignaturesThanIntents, row }], Some(count))?;
        }
        Ok(())
    }

    /// Records what is new of it with its alarm; from then on nothing is issued.
    fn stop_issuing(&mut self, found: Vec<Violation>, count: Option<TokenCount>) -> Result<(), CaError> {
        let news: Vec<Violation> =
            found.into_iter().filter(|violation| !self.violations.contains(violation)).collect();
        if news.is_empty() {
            return Ok(());
        }
        let mut events = Vec::with_capacity(news.len());
        for Violation { rule, row } in &news {
            tracing::error!(rule = rule.code(), %row, "the accounts do not agree, so nothing is issued: {}", rule.explanation());
            let what = EventKind::AccountsDisagree { rule: rule.code().into(), row: word(&row.to_string()) };
            events.push(self.node.event(what)?);
        }
        // In memory first: a database that does not take the alarm is no reason to go on issuing.
        self.violations.extend(news);
        self.alarms.push((count, events));
        self.record_alarms()
    }

    /// Writes the alarms that are not in the log yet.
    pub(super) fn record_alarms(&mut self) -> Result<(), CaError> {
        while let Some((count, events)) = self.alarms.last().cloned() {
            self.ledger.record_alarm(count, events)?;
            self.alarms.pop();
        }
        Ok(())
    }
}
