//! The public server computing nothing: the same listener, limits and event loops, and one answer for everything.
//! What remains of a cached answer's cost when the product's part is taken away.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use actix_web::HttpResponse;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::{self, Bytes, Data, Payload};
use clap::Args;
use ndoba_web_public::{PublicServer, ServerLimits};

use crate::http::Answer;
use crate::process::Running;

/// The child's command line.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Header lines to answer with.
    #[arg(long)]
    head: PathBuf,
    /// The body to answer with.
    #[arg(long)]
    body: PathBuf,
    #[arg(long)]
    port: u16,
}

/// Starts it as a child; it answers as `sample` did, to the octet.
pub(crate) fn start(folder: &Path, sample: &Answer<'_>) -> anyhow::Result<(Running, SocketAddr)> {
    let (head, body) = (folder.join("constant.head"), folder.join("constant.body"));
    fs::write(&head, sample.head)?;
    fs::write(&body, sample.body)?;
    let port = ndoba_testkit::free_port()?;
    let mut command = Command::new(std::env::current_exe()?);
    command
        .args(["constant-server", "--port", &port.to_string(), "--head"])
        .arg(head)
        .arg("--body")
        .arg(body);
    let mut running = Running::start("the constant server", command.stdin(Stdio::null()))?;
    running.await_port(port)?;
    Ok((running, SocketAddr::from(([127, 0, 0, 1], port))))
}

/// What it answers with.
#[derive(Clone)]
struct Constant {
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
}

/// The child: serves until it is killed.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let mut constant = Constant { headers: Vec::new(), body: fs::read(&options.body)?.into() };
    let head = fs::read_to_string(&options.head)?;
    for (name, value) in head.lines().skip(1).filter_map(|line| line.split_once(':')) {
        // The server writes these two itself.
        if !name.eq_ignore_ascii_case("content-length") && !name.eq_ignore_ascii_case("date") {
            constant.headers.push((name.parse()?, value.trim().parse()?));
        }
    }
    let address = SocketAddr::from(([127, 0, 0, 1], options.port));
    actix_web::rt::System::new().block_on(async {
        let routes = move |config: &mut web::ServiceConfig| {
            let all = web::scope("/ocsp").default_service(web::to(answer));
            config.service(all.app_data(Data::new(constant.clone())));
        };
        let server = PublicServer::bind_routes(routes, ServerLimits::default(), &[address], None)?;
        Ok(server.into_server().await?)
    })
}

async fn answer(payload: Payload, constant: Data<Constant>) -> HttpResponse {
    const MOST: usize = 64 * 1024;
    // A request's body is read, as it must be where it matters.
    if !matches!(payload.to_bytes_limited(MOST).await, Ok(Ok(_))) {
        return HttpResponse::BadRequest().finish();
    }
    let mut answer = HttpResponse::Ok();
    for (name, value) in &constant.headers {
        answer.insert_header((name.clone(), value.clone()));
    }
    answer.body(constant.body.clone())
}
