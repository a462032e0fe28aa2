//! Needs `wasi:http`: gets what its config names.
//! `config = { authority = "127.0.0.1:8080", path = "/", tls = false }`

use phalanx_plugin::{Failure, PreBuild, Result, log};
use serde::Deserialize;
use wasip2::http::outgoing_handler;
use wasip2::http::types::{Fields, OutgoingRequest, Scheme};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Caller {
    authority: String,
    #[serde(default)]
    path: String,
    #[serde(default)]
    tls: bool,
}

impl PreBuild for Caller {
    fn pre_build(&self) -> Result {
        let request = OutgoingRequest::new(Fields::new());
        let scheme = if self.tls { Scheme::Https } else { Scheme::Http };
        let bad = |()| Failure::new("bad-request", "the request cannot be made");
        request.set_scheme(Some(&scheme)).map_err(bad)?;
        request.set_authority(Some(&self.authority)).map_err(bad)?;
        request.set_path_with_query(Some(&self.path)).map_err(bad)?;

        let failed = |what| {
            let authority = &self.authority;
            move |error| Failure::new("http", format!("{what} {authority}: {error:?}"))
        };
        let answer = outgoing_handler::handle(request, None).map_err(failed("cannot call"))?;
        answer.subscribe().block();
        let gone = || Failure::new("http", "the answer was taken already");
        let response = answer.get().ok_or_else(gone)?.map_err(|()| gone())?;
        let response = response.map_err(failed("no answer from"))?;
        log::info!("{} answered {}", self.authority, response.status());
        Ok(())
    }
}

phalanx_plugin::export!(Caller: pre_build);
