//! What ended a command, with its causes, in the officer's language.

use std::error::Error;

use ndoba_client::ClientError;
use ndoba_hsm::{CardError, PinError};
use ndoba_order::Language;

use super::Words;

/// An error and its causes in one line: no layer prints its source itself.
pub(crate) fn told(error: &anyhow::Error) -> String {
    error.chain().map(|cause| Words::spoken().cause(cause)).collect::<Vec<_>>().join(": ")
}

impl Words {
    fn cause(self, cause: &(dyn Error + 'static)) -> String {
        if self.0 == Language::English {
            return cause.to_string();
        }
        let client = cause.downcast_ref::<ClientError>().map(|error| self.client_error(error));
        let card = || cause.downcast_ref::<CardError>().map(|error| self.card_error(error));
        let pin = || cause.downcast_ref::<PinError>().map(|error| self.pin_error(error));
        client.or_else(card).or_else(pin).unwrap_or_else(|| cause.to_string())
    }

    fn client_error(self, error: &ClientError) -> String {
        match error {
            ClientError::Problem(problem) => self.problem(problem).lines().join("\n"),
            ClientError::Later { problem, seconds } => self.ask_again(self.problem(problem).title, seconds),
            ClientError::Transport { url, source: _ } => self.unreachable(url),
            ClientError::Answer { url, what } => self.not_understood(url, what),
            ClientError::NotSigned(why) => self.refused_to_sign(why),
        }
    }

    fn card_error(self, error: &CardError) -> String {
        let listed = |labels: &[String]| {
            if labels.is_empty() { self.none_of_them() } else { labels.join(", ") }
        };
        match error {
            CardError::NoModule => self.no_module(),
            CardError::NotLoaded { path, reason } => self.module_not_loaded(path.display(), reason),
            CardError::InUse { path } => self.module_in_use(path.display()),
            CardError::NoCard { wanted, seen } => self.no_card(wanted, listed(seen)),
            CardError::TwoCards { wanted } => self.two_cards(wanted),
            CardError::NoPin { card, source: _ } => self.no_pin(card),
            CardError::PinRefused { card } => self.pin_refused(card),
            CardError::PinLocked { card } => self.pin_locked(card),
            CardError::LastTry { card } => self.last_try(card),
            CardError::NoKey { card, wanted, keys } => self.no_key(card, wanted, listed(keys)),
            CardError::TwoKeys { card, wanted } => self.two_keys(card, wanted),
            CardError::Nameless => self.nameless_key(),
            CardError::WrongKind { card, wanted } => self.wrong_kind(wanted, card),
            CardError::NotConforming { card, wanted, attributes } => {
                self.unfit_key(wanted, card, attributes.join(", "))
            }
            CardError::Failed { card, reason } => self.card_failed(card, reason),
        }
    }

    fn pin_error(self, error: &PinError) -> String {
        match error {
            PinError::Exposed { path, mode } => self.pin_file_exposed(path.display(), format!("{mode:03o}")),
            PinError::NotAFile { path } => self.pin_no_file(path.display()),
            PinError::Malformed => self.pin_malformed(),
            PinError::NoTerminal => self.pin_no_terminal(),
            PinError::Unreadable { place, source: _ } => self.pin_unreadable(place),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use ndoba_client::Problem;

    use super::*;

    fn all() -> Vec<Box<dyn Error>> {
        let [card, wanted, reason] = ["a card", "a key", "a reason"].map(str::to_owned);
        let (path, seen) = (PathBuf::from("a path"), vec!["one".to_owned(), "two".to_owned()]);
        let problem = || {
            let (code, title) = ("database.unavailable".to_owned(), "the database is unavailable".to_owned());
            Box::new(Problem { status: 503, code, title, clause: None, errors: Vec::new() })
        };
        let io = || std::io::Error::other("a reason");
        let (card, wanted, reason, path) = (&card, &wanted, &reason, &path);
        vec![
            Box::new(ClientError::Later { problem: problem(), seconds: 7 }),
            Box::new(ClientError::Transport { url: "a url".into(), source: Box::new(io()) }),
            Box::new(ClientError::Answer { url: "a url".into(), what: reason.clone() }),
            Box::new(ClientError::NotSigned(reason.clone())),
            Box::new(CardError::NoModule),
            Box::new(CardError::NotLoaded { path: path.clone(), reason: reason.clone() }),
            Box::new(CardError::InUse { path: path.clone() }),
            Box::new(CardError::NoCard { wanted: wanted.clone(), seen: seen.clone() }),
            Box::new(CardError::NoCard { wanted: wanted.clone(), seen: Vec::new() }),
            Box::new(CardError::TwoCards { wanted: wanted.clone() }),
            Box::new(CardError::NoPin { card: card.clone(), source: PinError::NoTerminal }),
            Box::new(CardError::PinRefused { card: card.clone() }),
            Box::new(CardError::PinLocked { card: card.clone() }),
            Box::new(CardError::LastTry { card: card.clone() }),
            Box::new(CardError::NoKey { card: card.clone(), wanted: wanted.clone(), keys: seen.clone() }),
            Box::new(CardError::TwoKeys { card: card.clone(), wanted: wanted.clone() }),
            Box::new(CardError::Nameless),
            Box::new(CardError::WrongKind { card: card.clone(), wanted: wanted.clone() }),
            Box::new(CardError::NotConforming {
                card: card.clone(),
                wanted: wanted.clone(),
                attributes: seen.clone(),
            }),
            Box::new(CardError::Failed { card: card.clone(), reason: reason.clone() }),
            Box::new(PinError::Exposed { path: path.clone(), mode: 0o644 }),
            Box::new(PinError::NotAFile { path: path.clone() }),
            Box::new(PinError::Malformed),
            Box::new(PinError::NoTerminal),
            Box::new(PinError::Unreadable { place: "a place".into(), source: io() }),
        ]
    }

    /// The English of these texts is written twice, where the error is and here: it is the same.
    #[test]
    fn what_is_told_is_what_the_error_says() {
        let (english, georgian) = (Words(Language::English), Words(Language::Georgian));
        for error in all() {
            let error = &*error;
            let said = error.to_string();
            let by = |words: Words| {
                let client = error.downcast_ref().map(|error| words.client_error(error));
                let card = || error.downcast_ref().map(|error| words.card_error(error));
                let pin = || error.downcast_ref().map(|error| words.pin_error(error));
                client.or_else(card).or_else(pin).unwrap()
            };
            if !matches!(error.downcast_ref(), Some(ClientError::Later { .. })) {
                assert_eq!(by(english), said);
            }
            let told = georgian.cause(error);
            assert!(told != said && told.contains(|c| ('ა'..='ჰ').contains(&c)), "{told}");
            assert_eq!(by(georgian), told);
        }
        assert_eq!(georgian.cause(all()[0].as_ref()), "მონაცემთა ბაზა მიუწვდომელია; გაიმეორეთ 7 წამში");
        assert_eq!(english.cause(all()[0].as_ref()), "the database is unavailable; ask again in 7 s");
    }
}
