//! The officers' API as curl reaches it: any operation, any body, with any officer's certificate or none.

use std::fs;

use serde_json::Value;

use crate::http::Reply;
use crate::installation::Installation;
use crate::program;

/// One request to the API.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    /// `officers/<name>.pem`; none: no certificate is shown.
    pub(crate) officer: Option<&'a str>,
    pub(crate) method: &'a str,
    /// Below `/api/v1`.
    pub(crate) path: &'a str,
    /// `Name: value`.
    pub(crate) headers: &'a [&'a str],
    pub(crate) body: &'a [u8],
}

impl<'a> Call<'a> {
    /// A GET by an officer.
    pub(crate) fn get(officer: &'a str, path: &'a str) -> Self {
        Self { officer: Some(officer), method: "GET", path, headers: &[], body: b"" }
    }

    /// A POST of JSON by an officer.
    pub(crate) fn post(officer: &'a str, path: &'a str, body: &'a [u8]) -> Self {
        let headers = &["Content-Type: application/json"];
        Self { officer: Some(officer), method: "POST", path, headers, body }
    }
}

impl Installation {
    /// The API's answer; the error is curl's, when there is none.
    pub(crate) fn call(&self, call: Call<'_>) -> Result<Reply, String> {
        let sent = tempfile::NamedTempFile::new().unwrap();
        fs::write(sent.path(), call.body).unwrap();
        let mut arguments = self.curl(&call, &format!("@{}", sent.path().display()));
        arguments.push("--include".into());
        let output = program::run(self.folder(), "curl", &arguments);
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        Reply::parse(&output.stdout).ok_or_else(|| program::said(&output))
    }

    /// curl's arguments for a call, whose body is sent as `data` says.
    pub(crate) fn curl(&self, call: &Call<'_>, data: &str) -> Vec<String> {
        let Call { officer, method, path, headers, body } = call;
        let mut arguments: Vec<String> =
            ["--silent", "--show-error", "--noproxy", "*", "--http1.1", "--max-time", "60"]
                .map(str::to_owned)
                .into();
        // Whatever of the path looks like one: the server is to see it.
        arguments.extend(["--path-as-is", "--cacert", "officers/operations-ca.pem"].map(str::to_owned));
        arguments.extend(["--request".into(), (*method).into(), "--header".into(), "Expect:".into()]);
        if let Some(officer) = officer {
            arguments.extend(["--cert".into(), format!("officers/{officer}.pem")]);
        }
        if !body.is_empty() {
            arguments.extend(["--data-binary".into(), data.into()]);
            if !headers.iter().any(|header| header.starts_with("Content-Type:")) {
                // curl would add one of its own.
                arguments.extend(["--header".into(), "Content-Type:".into()]);
            }
        }
        for header in *headers {
            arguments.extend(["--header".into(), (*header).into()]);
        }
        arguments.push(format!("https://{}/api/v1{path}", self.officers()));
        arguments
    }

    /// The API's answer, which must be there.
    #[track_caller]
    pub(crate) fn ask(&self, call: Call<'_>) -> Reply {
        self.call(call).unwrap_or_else(|error| panic!("{call:?}: {error}\n{}", self.log()))
    }
}

impl Reply {
    /// The body as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    /// Status and code of a problem document.
    #[track_caller]
    pub(crate) fn problem(&self) -> (u16, String) {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        let document = self.json();
        assert_eq!(document["status"], self.status, "{document}");
        (self.status, document["code"].as_str().unwrap().to_owned())
    }
}
