//! The keys that a distribution's archive must be signed with.

use std::path::Path;

use plimsoll_distro::{Keyring, carried_keyring, host_keyring};
use plimsoll_model::Ecosystem;

use crate::error::chain;
use crate::session::Session;

/// The distribution's keys, those that the program carries or else the host's, and the operator's.
pub(crate) struct Keys {
    pub(crate) distribution: Keyring,
    pub(crate) operator: Option<Keyring>,
}

/// Reads the keys. Where nobody has the distribution's, an error says what would help.
pub(crate) fn keys(session: &Session, ecosystem: Ecosystem) -> Result<Keys, String> {
    let operator = session.settings.keyring.as_deref().map(from_file).transpose()?;
    let distribution = match (carried_keyring(ecosystem), host_keyring(ecosystem)) {
        (Some(carried), _) => Keyring::from_bytes(carried).map_err(|error| chain(&error)),
        (None, Some(host)) => {
            from_file(Path::new(host)).map_err(|error| format!("{error}; give one with --keyring"))
        }
        (None, None) => Err(format!("no keys are known for {ecosystem}; give them with --keyring")),
    };
    match (distribution, &operator) {
        (Ok(distribution), _) => Ok(Keys { distribution, operator }),
        (Err(_), Some(_)) => Ok(Keys { distribution: Keyring::default(), operator }),
        (Err(error), None) => Err(error),
    }
}

fn from_file(path: &Path) -> Result<Keyring, String> {
    let name = path.display();
    let bytes = std::fs::read(path).map_err(|e| format!("cannot read keyring {name}: {e}"))?;
    Keyring::from_bytes(&bytes).map_err(|error| format!("{name}: {}", chain(&error)))
}
