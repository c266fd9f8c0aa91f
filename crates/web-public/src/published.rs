//! Files as the CA and the audit log published them: served with the database and every token away.

mod file_body;

use std::collections::HashMap;
use std::fmt::Display;
use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use actix_web::http::Method;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, LAST_MODIFIED};
use actix_web::web::{self, Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use ndoba_types::{CaName, CrlName, Sha256Hasher};

use crate::body;
use crate::conditional::Validators;
use file_body::FileBody;

/// The folder of published files: `crl/<ca>.crl` and, of shards, `crl/<ca>.<number>.crl`, `issuer/<ca>.cer`, `audit/checkpoint`.
///
/// Whoever publishes replaces whole files by renaming; a reader sees the old one or the new one.
#[derive(Clone, Debug)]
pub struct PublishedFiles {
    folder: PathBuf,
    /// Of each file the version that was served last: a long one is not hashed for every client.
    known: Arc<Mutex<HashMap<PathBuf, (Version, Validators)>>>,
}

/// Another file, or another content in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Version {
    inode: u64,
    length: u64,
    modified: SystemTime,
}

impl PublishedFiles {
    /// The files under `folder`.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, known: Arc::default() }
    }
}

#[derive(Clone, Copy)]
struct Kind {
    folder: &'static str,
    extension: &'static str,
    media_type: &'static str,
    /// Seconds for which caches may keep it: a new CRL appears at any moment, a CA's certificate hardly ever.
    max_age: u32,
}

/// RFC 2585 §4.2: DER only.
const CRL: Kind = Kind { folder: "crl", extension: "crl", media_type: "application/pkix-crl", max_age: 60 };
/// RFC 2585 §4.1.
const ISSUER: Kind =
    Kind { folder: "issuer", extension: "cer", media_type: "application/pkix-cert", max_age: 3600 };

pub(crate) fn routes(config: &mut web::ServiceConfig, files: PublishedFiles) {
    config
        .app_data(Data::new(files))
        .service(web::resource("/crl/{list}.crl").default_service(web::to(crl)))
        .service(web::resource("/issuer/{ca}.cer").default_service(web::to(issuer)))
        .service(web::resource("/audit/checkpoint").default_service(web::to(checkpoint)));
}

/// A CA's whole list, or a shard of it.
async fn crl(request: HttpRequest, list: Path<String>, files: Data<PublishedFiles>) -> HttpResponse {
    of_kind(&request, list.parse::<CrlName>().ok(), &files, CRL).await
}

async fn issuer(request: HttpRequest, ca: Path<String>, files: Data<PublishedFiles>) -> HttpResponse {
    of_kind(&request, ca.parse::<CaName>().ok(), &files, ISSUER).await
}

async fn checkpoint(request: HttpRequest, files: Data<PublishedFiles>) -> HttpResponse {
    let path = files.folder.join("audit").join("checkpoint");
    serve(&request, &files, path, "text/plain; charset=utf-8", 10).await
}

async fn of_kind(
    request: &HttpRequest,
    name: Option<impl Display>,
    files: &PublishedFiles,
    kind: Kind,
) -> HttpResponse {
    // A name holds no slash and no two dots: no path leads out of the folder.
    let Some(name) = name else { return HttpResponse::NotFound().finish() };
    let path = files.folder.join(kind.folder).join(format!("{name}.{}", kind.extension));
    serve(request, files, path, kind.media_type, kind.max_age).await
}

async fn serve(
    request: &HttpRequest,
    files: &PublishedFiles,
    path: PathBuf,
    media_type: &'static str,
    max_age: u32,
) -> HttpResponse {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return body::method_not_allowed("GET, HEAD");
    }
    let name = path.display().to_string();
    let files = files.clone();
    let (file, validators) = match web::block(move || files.open(path)).await {
        Ok(Ok(read)) => read,
        Ok(Err(error)) if error.kind() == io::ErrorKind::NotFound => {
            return HttpResponse::NotFound().finish();
        }
        Ok(Err(error)) => {
            tracing::error!(file = name, %error, "a published file cannot be read");
            return HttpResponse::ServiceUnavailable().insert_header(("Retry-After", "5")).finish();
        }
        Err(_) => return HttpResponse::ServiceUnavailable().insert_header(("Retry-After", "1")).finish(),
    };
    let held = validators.held_by_client(request);
    let mut answer = if held { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer
        .insert_header((ETAG, validators.etag))
        .insert_header((LAST_MODIFIED, validators.last_modified))
        .insert_header((CACHE_CONTROL, format!("max-age={max_age},public,no-transform,must-revalidate")))
        .insert_header((CONTENT_TYPE, media_type));
    if held { answer.finish() } else { answer.body(file) }
}

impl PublishedFiles {
    /// Opens a file: what is served is this version, whatever takes its place meanwhile.
    fn open(&self, path: PathBuf) -> io::Result<(FileBody, Validators)> {
        let mut file = File::open(&path)?;
        let metadata = file.metadata()?;
        let version = Version {
            inode: metadata.ino(),
            length: metadata.len(),
            modified: metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH),
        };
        // A value is put in whole: whoever panicked while holding it left a good one.
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let held = known().get(&path).filter(|(held, _)| *held == version).map(|(_, held)| held.clone());
        let validators = match held {
            Some(held) => held,
            None => {
                let validators = validators(&mut file, version.modified)?;
                known().insert(path, (version, validators.clone()));
                validators
            }
        };
        Ok((FileBody::new(file, version.length), validators))
    }
}

fn validators(file: &mut File, modified: SystemTime) -> io::Result<Validators> {
    let (mut hasher, mut piece) = (Sha256Hasher::default(), vec![0; file_body::PIECE]);
    loop {
        match file.read(&mut piece)? {
            0 => break,
            read => hasher.update(&piece[..read]),
        }
    }
    file.rewind()?;
    Ok(Validators::of_digest(hasher.finish(), modified))
}
