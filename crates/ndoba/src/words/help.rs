//! The officers' commands' help in Georgian, and what is wrong with a command line, where that is the language chosen.
//!
//! What we say of commands and arguments stands in `help.txt`, by its English; what the library says (headings, its own
//! sentences) in [`FRAME`]. Names of commands, options and values stay as they are typed.

use std::ffi::{OsStr, OsString};
use std::io::{IsTerminal, stderr, stdout};
use std::process::exit;

use clap::builder::StyledStr;
use clap::{Arg, Command, CommandFactory as _, FromArgMatches as _, Parser as _};
use ndoba_order::Language;

use super::Words;
use crate::cli::Cli;

/// The commands of officers: all that is beneath them is told in Georgian too.
const OFFICERS: [&str; 4] = ["application", "certificate", "officer", "order"];

/// The catalogue: pairs of lines, English and Georgian.
const CATALOGUE: &str = include_str!("help.txt");

/// The library's own words, as they stand in what it renders: first those that hold others.
const FRAME: &[(&str, &str)] = &[
    ("Print help (see a summary with '-h')", "დახმარება (მოკლედ: '-h')"),
    ("Print help (see more with '--help')", "დახმარება (ვრცლად: '--help')"),
    ("Print help for the subcommand(s)", "ბრძანებების დახმარება"),
    ("Print help", "დახმარება"),
    ("Print version", "ვერსია"),
    (
        "Print this message or the help of the given subcommand(s)",
        "ეს ტექსტი ან მითითებული ბრძანების დახმარება",
    ),
    ("Usage:", "გამოყენება:"),
    ("Commands:", "ბრძანებები:"),
    ("Arguments:", "არგუმენტები:"),
    ("Options:", "პარამეტრები:"),
    ("Fields:", "ველები:"),
    ("[OPTIONS]", "[პარამეტრები]"),
    ("<COMMAND>", "<ბრძანება>"),
    ("[COMMAND]", "[ბრძანება]"),
    ("Possible values:", "შესაძლო მნიშვნელობები:"),
    ("[possible values: ", "[შესაძლო მნიშვნელობები: "),
    ("[subcommands: ", "[ბრძანებები: "),
    ("[default: ", "[თუ არ მიეთითა: "),
    ("[env: ", "[გარემოს ცვლადი: "),
    ("error:", "შეცდომა:"),
    ("tip:", "რჩევა:"),
    (" a similar subcommand exists: ", " არის მსგავსი ბრძანება: "),
    (" some similar subcommands exist: ", " არის მსგავსი ბრძანებები: "),
    (" a similar argument exists: ", " არის მსგავსი პარამეტრი: "),
    (" some similar arguments exist: ", " არის მსგავსი პარამეტრები: "),
    (" a similar value exists: ", " არის მსგავსი მნიშვნელობა: "),
    (" some similar values exist: ", " არის მსგავსი მნიშვნელობები: "),
    ("to pass '", "რომ მნიშვნელობად ჩაითვალოს '"),
    ("' as a value, use '", "', დაწერეთ '"),
    ("the following required arguments were not provided:", "აუცილებელია და მითითებული არ არის:"),
    ("unexpected argument '", "უცნობი პარამეტრი: '"),
    ("' found; no more were expected", "': ზედმეტია"),
    ("' found", "'"),
    ("unexpected value '", "ზედმეტი მნიშვნელობა '"),
    ("unrecognized subcommand '", "უცნობი ბრძანება: '"),
    ("' requires a subcommand but one was not provided", "' ითხოვს ბრძანებას, რომელიც მითითებული არ არის"),
    ("invalid value '", "მიუღებელი მნიშვნელობა '"),
    ("a value is required for '", "მნიშვნელობა აკლია: '"),
    ("' but none was supplied", "'"),
    ("' cannot be used multiple times", "' მხოლოდ ერთხელ ეთითება"),
    ("' cannot be used with:", "' ერთად არ ეთითება ამათთან:"),
    ("' cannot be used with", "' ერთად არ ეთითება ამასთან:"),
    ("the argument '", "პარამეტრი '"),
    ("' for '", "', პარამეტრი '"),
    ("For more information, try '", "ვრცლად: '"),
    (" is not in ", " არ არის ამ შუალედში: "),
    ("invalid digit found in string", "ეს რიცხვი არ არის"),
    ("cannot parse integer from empty string", "რიცხვი აკლია"),
    // What our own arguments refuse.
    ("a day such as 2026-11-25, or RFC 3339", "დღე, მაგალითად 2026-11-25, ან დრო RFC 3339-ით"),
    ("NAME=ANSWER, such as document-number=12AB34567", "NAME=ANSWER, მაგალითად document-number=12AB34567"),
    (
        "FIELD=VALUE with the field's path, such as /subject/email=nino@example.ge",
        "FIELD=VALUE ველის მისამართით, მაგალითად /subject/email=nino@example.ge",
    ),
    ("an officer's key is p-256 or p-384", "ოფიცრის გასაღები p-256 ან p-384 არის"),
    (
        "an identifier is 32 lower-case hexadecimal digits",
        "იდენტიფიკატორი 32 თექვსმეტობითი ციფრია, პატარა ასოებით",
    ),
];

/// Reads the command line. Ends the process where it asks for help or is not understood.
pub(crate) fn parse() -> Cli {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    if !is_told_in_georgian(&arguments, std::env::var_os("NDOBACTL_LANGUAGE").as_deref()) {
        return Cli::parse_from(arguments);
    }
    // Also for what goes wrong before the command looks at its language.
    let _ = Words(Language::Georgian).speak();
    match parsed(&arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let terminal = if error.use_stderr() { stderr().is_terminal() } else { stdout().is_terminal() };
            let coloured = terminal && std::env::var_os("NO_COLOR").is_none();
            let told = told(&error.render(), coloured);
            if error.use_stderr() {
                eprint!("{told}");
            } else {
                print!("{told}");
                // What could not be printed is nobody's loss but a full disk's: the library says no more either.
                let _ = crate::output::finish();
            }
            exit(error.exit_code())
        }
    }
}

fn parsed(arguments: &[OsString]) -> Result<Cli, clap::Error> {
    let mut command = in_georgian(Cli::command());
    let found = command.try_get_matches_from_mut(arguments)?;
    Cli::from_arg_matches(&found).map_err(|error| error.format(&mut command))
}

/// Whether Georgian is chosen, by `--language` or else by the environment, and the command is an officer's or not known yet:
/// what operators read is English.
fn is_told_in_georgian(arguments: &[OsString], environment: Option<&OsStr>) -> bool {
    let words = || arguments.iter().skip(1).take_while(|word| *word != "--").filter_map(|word| word.to_str());
    let following = words().zip(words().skip(1)).filter(|(word, _)| *word == "--language");
    let joined = words().filter_map(|word| word.strip_prefix("--language="));
    let chosen = following.map(|(_, value)| value).chain(joined).last();
    if chosen.map_or(environment != Some(OsStr::new("ka")), |chosen| chosen != "ka") {
        return false;
    }
    let first = words().find(|word| *word != "help" && !word.starts_with('-'));
    let others = Cli::command();
    let mut others = others.get_subcommands().map(Command::get_name).filter(|name| !OFFICERS.contains(name));
    first.is_none_or(|first| others.all(|name| name != first))
}

/// The command with what it says of itself and of the officers' commands in Georgian.
fn in_georgian(command: Command) -> Command {
    described(command).mut_subcommands(|one| {
        if OFFICERS.contains(&one.get_name()) { throughout(one) } else { described(one) }
    })
}

fn throughout(command: Command) -> Command {
    described(command).mut_args(explained).mut_subcommands(throughout)
}

fn described(mut command: Command) -> Command {
    if let Some(georgian) = command.get_about().and_then(translated) {
        command = command.about(georgian);
    }
    match command.get_long_about().and_then(translated) {
        Some(georgian) => command.long_about(georgian),
        None => command,
    }
}

fn explained(mut argument: Arg) -> Arg {
    if let Some(georgian) = argument.get_help().and_then(translated) {
        argument = argument.help(georgian);
    }
    match argument.get_long_help().and_then(translated) {
        Some(georgian) => argument.long_help(georgian),
        None => argument,
    }
}

/// A text of one paragraph or more; nothing unless each is in the catalogue.
fn translated(english: &StyledStr) -> Option<String> {
    let english = english.to_string();
    let (first, more) =
        english.split_once("\n\n").map_or((&*english, None), |(first, more)| (first, Some(more)));
    match more {
        None => georgian(first).map(str::to_owned),
        // The library takes the full stop from a first paragraph that stands alone, and from no other.
        Some(more) => {
            let more: Option<Vec<&str>> = more.split("\n\n").map(georgian).collect();
            Some(format!("{}.\n\n{}", georgian(first.trim_end_matches('.'))?, more?.join("\n\n")))
        }
    }
}

fn georgian(english: &str) -> Option<&'static str> {
    entries().find_map(|(is, georgian)| (is == english).then_some(georgian))
}

/// The catalogue's pairs.
fn entries() -> impl Iterator<Item = (&'static str, &'static str)> {
    CATALOGUE.split("\n\n").filter_map(|block| {
        let mut lines = block.lines().filter(|line| !line.starts_with("# "));
        Some((lines.next()?, lines.next()?))
    })
}

/// What the library rendered, with its own words in Georgian, and with those of values that an argument may have.
fn told(rendered: &StyledStr, coloured: bool) -> String {
    let rendered = if coloured { rendered.ansi().to_string() } else { rendered.to_string() };
    let valued =
        possible_values(&Cli::command()).into_iter().fold(rendered, |text, english| {
            match georgian(&english) {
                Some(georgian) => text.replace(&format!(" {english}\n"), &format!(" {georgian}\n")),
                None => text,
            }
        });
    FRAME.iter().fold(valued, |text, (english, georgian)| text.replace(english, georgian))
}

/// What is said of the values of officers' arguments.
fn possible_values(command: &Command) -> Vec<String> {
    let families = command.get_subcommands().filter(|one| OFFICERS.contains(&one.get_name()));
    let mut found = Vec::new();
    let mut waiting: Vec<&Command> = families.collect();
    while let Some(command) = waiting.pop() {
        let values = command.get_arguments().flat_map(Arg::get_possible_values);
        found.extend(values.filter_map(|value| Some(value.get_help()?.to_string())));
        waiting.extend(command.get_subcommands());
    }
    found
}

#[cfg(test)]
mod tests;
