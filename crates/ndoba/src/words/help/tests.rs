use std::collections::BTreeSet;

use super::*;

/// Every paragraph that the officers' commands and the list of all commands show in English.
fn shown() -> BTreeSet<String> {
    fn of(command: &Command, texts: &mut BTreeSet<String>) {
        paragraphs(command.get_about(), texts);
        paragraphs(command.get_long_about(), texts);
    }
    fn throughout(command: &Command, texts: &mut BTreeSet<String>) {
        of(command, texts);
        for argument in command.get_arguments() {
            paragraphs(argument.get_help(), texts);
            paragraphs(argument.get_long_help(), texts);
        }
        command.get_subcommands().for_each(|one| throughout(one, texts));
    }
    let command = Cli::command();
    let mut texts: BTreeSet<String> = possible_values(&command).into_iter().collect();
    of(&command, &mut texts);
    for one in command.get_subcommands() {
        if OFFICERS.contains(&one.get_name()) { throughout(one, &mut texts) } else { of(one, &mut texts) }
    }
    texts
}

fn paragraphs(text: Option<&StyledStr>, texts: &mut BTreeSet<String>) {
    let Some(text) = text.map(ToString::to_string) else { return };
    let all: Vec<&str> = text.split("\n\n").collect();
    let more = all.len() > 1;
    texts.extend(all.iter().enumerate().map(|(place, one)| {
        let whole = if more && place == 0 { one.trim_end_matches('.') } else { one };
        whole.to_owned()
    }));
}

#[test]
fn every_text_has_its_georgian_and_every_georgian_its_text() {
    let shown = shown();
    assert!(shown.len() > 150, "{}", shown.len());
    let lacking: Vec<&String> = shown.iter().filter(|text| georgian(text).is_none()).collect();
    assert!(lacking.is_empty(), "help.txt lacks {lacking:#?}");
    let left: Vec<&str> = entries().map(|(english, _)| english).filter(|one| !shown.contains(*one)).collect();
    assert!(left.is_empty(), "no command says {left:#?}");
    let all: BTreeSet<&str> = entries().map(|(english, _)| english).collect();
    assert_eq!(all.len(), entries().count(), "a text stands twice");
    for (english, georgian) in entries() {
        assert!(georgian.contains(|c| ('ა'..='ჰ').contains(&c)), "{english}");
        // What is typed is the same in both: options, and what stands between accents.
        for typed in english.split('`').skip(1).step_by(2) {
            assert!(georgian.contains(typed), "{english}: {typed}");
        }
    }
    let blocks = CATALOGUE.split("\n\n").filter(|block| block.lines().any(|line| !line.starts_with("# ")));
    assert_eq!(blocks.count(), entries().count(), "a block is no pair");
}

fn line(words: &str) -> Vec<OsString> {
    words.split_whitespace().map(Into::into).collect()
}

/// What a command line ends with, in Georgian.
fn ends(words: &str) -> String {
    told(&parsed(&line(words)).expect_err(words).render(), false)
}

#[test]
fn the_language_is_found_before_anything_is_parsed() {
    let ka = Some(OsStr::new("ka"));
    for (words, environment, georgian) in [
        ("ndoba", None, false),
        ("ndoba", ka, true),
        ("ndoba --help", ka, true),
        ("ndoba officer --help", Some(OsStr::new("en")), false),
        ("ndoba officer list --help --language ka", None, true),
        ("ndoba officer list --language=ka", None, true),
        ("ndoba officer list --language en", ka, false),
        ("ndoba officer list --language ka --language=en", None, false),
        ("ndoba officer list -- --language ka", None, false),
        ("ndoba help certificate revoke", ka, true),
        ("ndoba help db", ka, false),
        ("ndoba db status --help", ka, false),
        ("ndoba aplication", ka, true),
    ] {
        assert_eq!(is_told_in_georgian(&line(words), environment), georgian, "{words} {environment:?}");
    }
}

/// Of each kind of mistake one: nothing of the library's English is left.
#[test]
fn mistakes_are_told_in_georgian() {
    for (words, told) in [
        ("ndoba aplication", "უცნობი ბრძანება: 'aplication'"),
        ("ndoba application list --as a --stat draft", "უცნობი პარამეტრი: '--stat'"),
        (
            "ndoba application list --as a --limit 0",
            "მიუღებელი მნიშვნელობა '0', პარამეტრი '--limit <N>': 0 არ არის",
        ),
        ("ndoba application list --as a --since x", "2026-11-25"),
        ("ndoba application list --as a --limit 3 --all", "' ერთად არ ეთითება ამასთან: '"),
        ("ndoba application list --as a --as b", "' მხოლოდ ერთხელ ეთითება"),
        ("ndoba application new --as a --set email=1", "FIELD=VALUE ველის მისამართით"),
        ("ndoba application new --as", "მნიშვნელობა აკლია: '--as <KEY>'"),
        ("ndoba certificate revoke ab --as a --reason boredom", "[შესაძლო მნიშვნელობები: "),
        ("ndoba certificate revoke ab --as a --answer x", "NAME=ANSWER, მაგალითად"),
        ("ndoba certificate show --as a", "აუცილებელია და მითითებული არ არის:\n  <SERIAL>"),
        ("ndoba certificate show ab cd --as a", "'cd'"),
        ("ndoba officer certify --config a b", "იდენტიფიკატორი 32"),
        ("ndoba officer enrol --url a --api-ca b --csr c --kind rsa", "p-256 ან p-384"),
    ] {
        let ended = ends(words);
        assert!(ended.starts_with("შეცდომა: ") && ended.contains(told), "{words}: {ended}");
        assert!(ended.trim_end().ends_with("ვრცლად: '--help'."), "{words}: {ended}");
        is_georgian(words, &ended);
    }
}

/// Long and short, of every officers' command.
#[test]
fn pages_are_in_georgian() {
    fn pages(command: &Command, path: &str, found: &mut Vec<String>) {
        found.push(path.to_owned());
        for one in command.get_subcommands() {
            pages(one, &format!("{path} {}", one.get_name()), found);
        }
    }
    let command = Cli::command();
    let mut found = vec!["ndoba".to_owned()];
    for one in command.get_subcommands().filter(|one| OFFICERS.contains(&one.get_name())) {
        pages(one, &format!("ndoba {}", one.get_name()), &mut found);
    }
    assert!(found.len() > 60, "{}", found.len());
    for page in found {
        for (asked, help) in [("-h", "  -h, --help"), ("--help", "  -h, --help")] {
            let said = ends(&format!("{page} {asked}"));
            assert!(said.contains("\nგამოყენება: ") && said.contains(help), "{page}: {said}");
            is_georgian(&page, &said);
        }
    }
}

/// No sentence in English is left: no three words of Latin letters follow one another, but where values are listed.
fn is_georgian(of: &str, said: &str) {
    for line in said.lines().filter(|line| !line.contains('[')) {
        let plain: String = line.split('`').step_by(2).collect();
        let latin = |word: &&str| word.chars().all(|c| c.is_ascii_lowercase());
        let words: Vec<&str> = plain.split_whitespace().collect();
        let run = words.windows(2).find(|pair| pair.iter().all(latin));
        let command = plain.contains("ndoba ");
        assert!(command || run.is_none(), "{of}: {line}");
    }
}
