//! Folders, the database, PKCS#11 modules.

use std::collections::HashSet;
use std::path::Path;

use ndoba_types::PinPlace;

use super::{Checked, complaint, path, positive, positive_span};
use crate::pin::RawPin;
use crate::raw::{RawDatabase, RawModule, RawPaths, RawToken};
use crate::values::{Database, Module, Paths, Token, TokenSelector};

pub(super) fn paths(raw: RawPaths, folder: &Path) -> Checked<Paths> {
    let state = path("paths.state", &raw.state, folder)?;
    // "." would stay in every message otherwise.
    let state = if raw.state == "." { folder.to_path_buf() } else { state };
    Ok(Paths {
        witness: path("paths.witness", &raw.witness, &state)?,
        published: path("paths.published", &raw.published, &state)?,
        journal: path("paths.journal", &raw.journal, &state)?,
        officers_pin: path("paths.officers_pin", &raw.officers_pin, &state)?,
        profiles: raw.profiles.map(|text| path("paths.profiles", &text, &state)).transpose()?,
        blocked_keys: raw.blocked_keys.map(|text| path("paths.blocked_keys", &text, &state)).transpose()?,
        state,
    })
}

pub(super) fn database(raw: RawDatabase, folder: &Path, paths: &Paths) -> Checked<Database> {
    match raw.engine.as_str() {
        "sqlite" => {
            let Some(file) = raw.path else {
                return complaint("database.path", "missing; the file of the database");
            };
            Ok(Database::Sqlite { path: path("database.path", &file, &paths.state)? })
        }
        "postgresql" => postgresql(raw, folder),
        other => complaint("database.engine", format!("`{other}` is none of sqlite, postgresql")),
    }
}

fn postgresql(raw: RawDatabase, folder: &Path) -> Checked<Database> {
    if let Some(file) = raw.url_file {
        if raw.host.is_some() || raw.name.is_some() || raw.user.is_some() || raw.password_file.is_some() {
            return complaint("database.url_file", "give either this or host, name, user and password_file");
        }
        return Ok(Database::PostgresqlUrl { url_file: path("database.url_file", &file, folder)? });
    }
    let part = |key: &str, text: Option<String>| match text {
        Some(text) if !text.is_empty() && !text.contains('\0') => Ok(text),
        Some(_) | None => complaint(key, "missing, and there is no database.url_file"),
    };
    const SSL_MODES: [&str; 6] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];
    if !SSL_MODES.contains(&raw.sslmode.as_str()) {
        return complaint(
            "database.sslmode",
            format!("`{}` is none of {}", raw.sslmode, SSL_MODES.join(", ")),
        );
    }
    Ok(Database::Postgresql {
        host: part("database.host", raw.host)?,
        port: raw.port,
        name: part("database.name", raw.name)?,
        user: part("database.user", raw.user)?,
        password_file: raw
            .password_file
            .map(|file| path("database.password_file", &file, folder))
            .transpose()?,
        sslmode: raw.sslmode,
    })
}

pub(super) fn modules(raws: Vec<RawModule>, folder: &Path) -> Checked<Vec<Module>> {
    let mut paths = HashSet::new();
    let mut names = HashSet::new();
    let mut modules = Vec::with_capacity(raws.len());
    for (m, raw) in raws.into_iter().enumerate() {
        let section = format!("hsm.modules.{m}");
        let path = path(&format!("{section}.path"), &raw.path, folder)?;
        // A module is initialised once per process: a second entry would fight with the first.
        if !paths.insert(path.clone()) {
            return complaint(
                format!("{section}.path"),
                "this module is listed twice; put its tokens together",
            );
        }
        let mut tokens = Vec::with_capacity(raw.tokens.len());
        for (t, token) in raw.tokens.into_iter().enumerate() {
            let section = format!("{section}.tokens.{t}");
            let token = self::token(token, &section, folder)?;
            if !names.insert(token.name.clone()) {
                return complaint(
                    format!("{section}.name"),
                    format!("two tokens are called `{}`", token.name),
                );
            }
            tokens.push(token);
        }
        modules.push(Module { path, environment: raw.environment, tokens });
    }
    Ok(modules)
}

fn token(raw: RawToken, section: &str, folder: &Path) -> Checked<Token> {
    if raw.name.is_empty() {
        return complaint(format!("{section}.name"), "missing");
    }
    let selector = match (raw.label, raw.slot) {
        // PKCS#11 pads labels to 32 octets.
        (Some(label), None) if (1..=32).contains(&label.len()) => TokenSelector::Label(label),
        (Some(_), None) => return complaint(format!("{section}.label"), "1 to 32 octets"),
        (None, Some(slot)) => TokenSelector::Slot(slot),
        (Some(_), Some(_)) | (None, None) => return complaint(section, "give label or slot, and not both"),
    };
    if raw.sessions == 0 {
        return complaint(format!("{section}.sessions"), "at least 1");
    }
    Ok(Token {
        name: raw.name,
        selector,
        pin: pin(raw.pin, &format!("{section}.pin"), folder)?,
        sessions: raw.sessions,
        queue_depth: positive(&format!("{section}.queue_depth"), raw.queue_depth)?,
        deadline: positive_span(&format!("{section}.deadline"), &raw.deadline)?,
    })
}

fn pin(raw: Option<RawPin>, key: &str, folder: &Path) -> Checked<PinPlace> {
    let Some(RawPin { file, fd, credential }) = raw else {
        return complaint(
            key,
            "missing; say where the PIN is: { file = … }, { fd = … } or { credential = … }",
        );
    };
    match (file, fd, credential) {
        (Some(file), None, None) => Ok(PinPlace::File(path(key, &file, folder)?)),
        (None, Some(fd), None) => PinPlace::fd(fd).map_or_else(
            || complaint(key, "a file descriptor above 2, inherited from whoever starts this"),
            Ok,
        ),
        (None, None, Some(name)) => {
            PinPlace::credential(&name).map_or_else(|| complaint(key, "a credential's name has no slash"), Ok)
        }
        _ => complaint(key, "give exactly one of file, fd and credential"),
    }
}
