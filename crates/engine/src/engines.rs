//! The engines of this machine, connected to when they are first asked for.

use std::sync::{Arc, OnceLock};

use crate::client::Client;
use crate::discover::{self, Podman};
use crate::error::Error;
use crate::kind::Kind;
use crate::private_service::PrivateService;
use crate::settings::Settings;

/// Both engines. Each is looked for at most once; the answer, also that it is not there, is kept.
#[derive(Debug)]
pub struct Engines {
    settings: Settings,
    docker: OnceLock<Result<Client, Arc<Error>>>,
    podman: OnceLock<Result<Client, Arc<Error>>>,
}

impl Engines {
    /// Does nothing yet.
    pub fn new(settings: Settings) -> Self {
        Self { settings, docker: OnceLock::new(), podman: OnceLock::new() }
    }

    /// Connects to an engine. May start a private Podman service, which ends when the last clone of
    /// the client (and this) is dropped.
    pub fn get(&self, kind: Kind) -> Result<Client, Arc<Error>> {
        let slot = match kind {
            Kind::Docker => &self.docker,
            Kind::Podman => &self.podman,
        };
        slot.get_or_init(|| connect(kind, &self.settings).map_err(Arc::new)).clone()
    }
}

fn connect(kind: Kind, settings: &Settings) -> Result<Client, Error> {
    let (endpoint, service) = match kind {
        Kind::Docker => (discover::docker(settings)?, None),
        Kind::Podman => match discover::podman(settings)? {
            Podman::Listening(endpoint) => (endpoint, None),
            Podman::Program(program) => {
                let service = PrivateService::start(&program, settings)?;
                (service.endpoint(), Some(service))
            }
        },
    };
    Client::connect(kind, endpoint, settings.timeout, service)
}
