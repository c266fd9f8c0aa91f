//! The judgement of a CRL that comes in pieces: of a million entries none is kept.

use std::mem;

use crate::crl::{Crl, CrlContext, Split};
use crate::crl_rules::{self, EntryJudge};
use crate::der::{self, NotDer, Tlv};
use crate::finding::{Finding, Report};

/// What is not an entry fits into this, and so does an entry: names and extensions take hundreds of octets.
const MOST: usize = 1 << 16;

/// Judges a TBSCertList as its octets come, in pieces of any length; see [`lint_crl`](crate::lint_crl).
pub struct CrlLint<'c> {
    context: CrlContext<'c>,
    /// What came and is not judged yet, and where it stands in the document.
    pending: Vec<u8>,
    at: usize,
    part: Part,
    /// Everything before the first entry.
    head: Vec<u8>,
    split: Option<Split>,
    entries: EntryJudge,
    malformed: Option<NotDer>,
}

enum Part {
    Head,
    Entries,
    Tail,
}

impl<'c> CrlLint<'c> {
    /// A judge of one list.
    pub fn new(context: CrlContext<'c>) -> Self {
        Self {
            context,
            pending: Vec::new(),
            at: 0,
            part: Part::Head,
            head: Vec::new(),
            split: None,
            entries: EntryJudge::new(context.scope),
            malformed: None,
        }
    }

    /// Takes the next octets.
    pub fn push(&mut self, octets: &[u8]) {
        // Held are the end of the piece before and this one in parts, so that not even a long piece is copied whole.
        for piece in octets.chunks(MOST) {
            if self.malformed.is_some() {
                return;
            }
            self.pending.extend_from_slice(piece);
            if let Err(not) = self.advance() {
                self.malformed = Some(not);
            }
        }
    }

    /// Ends the list: all that is wrong with it.
    pub fn finish(self) -> Vec<Finding> {
        let Self { context, pending, at, part, head, split, entries, malformed } = self;
        let end = at + pending.len();
        let judged = malformed.map_or(Ok(()), Err).and_then(|()| {
            let cut_off = NotDer { at: 0, why: "the value is cut off" };
            let split =
                split.filter(|split| matches!(part, Part::Tail) && split.whole <= end).ok_or(cut_off)?;
            let crl = Crl::of_parts(&split, &head, &pending)?;
            let mut findings = Vec::new();
            let strict = strict_parts(&split, &head, &pending, &entries);
            crl_rules::apply(&crl, strict, &context, &mut findings);
            entries.finish(&mut findings);
            Ok(findings)
        });
        judged.unwrap_or_else(|NotDer { at, why }| {
            let mut findings = Vec::new();
            Report::of("crl-readable", "RFC 5280 §5.1", &mut findings)
                .error(format!("this is no TBSCertList: {why}"), at..end.max(at));
            findings
        })
    }

    /// Judges what is there whole.
    fn advance(&mut self) -> Result<(), NotDer> {
        if matches!(self.part, Part::Head) {
            let Some(split) = Split::of(&self.pending)? else {
                return self.at_most("the fields before the entries are too long");
            };
            let rest = self.pending.split_off(split.head.min(self.pending.len()));
            self.head = mem::replace(&mut self.pending, rest);
            self.at = split.head;
            self.entries.begin(&split, &Crl::of_parts(&split, &self.head, &[])?);
            (self.split, self.part) = (Some(split), Part::Entries);
        }
        let Some(split) = self.split else { return Ok(()) };
        if matches!(self.part, Part::Entries) {
            let mut passed = 0;
            while self.at + passed < split.tail() {
                let (rest, at) = (&self.pending[passed..], self.at + passed);
                let not = |why| NotDer { at, why };
                let Some(entry) = der::header(rest).map_err(not)? else { break };
                if at + entry.whole() > split.tail() {
                    return Err(not("the value is cut off"));
                }
                let Some(octets) = rest.get(..entry.whole()) else { break };
                self.entries.judge(octets, at)?;
                passed += entry.whole();
            }
            self.pending.drain(..passed);
            self.at += passed;
            if self.at < split.tail() {
                return self.at_most("an entry is too long");
            }
            self.part = Part::Tail;
        }
        if self.at + self.pending.len() > split.whole {
            return Err(NotDer { at: split.whole, why: "octets follow the value" });
        }
        self.at_most("the extensions are too long")
    }

    fn at_most(&self, why: &'static str) -> Result<(), NotDer> {
        if self.pending.len() <= 2 * MOST { Ok(()) } else { Err(NotDer { at: self.at, why }) }
    }
}

/// The first place where X.690 is broken, in the order of the document.
fn strict_parts(split: &Split, head: &[u8], tail: &[u8], entries: &EntryJudge) -> Result<(), NotDer> {
    split.fields_of(head)?.iter().try_for_each(der::strict)?;
    entries.strict()?;
    if tail.is_empty() { Ok(()) } else { Tlv::whole(tail, split.tail()).and_then(|tail| der::strict(&tail)) }
}
