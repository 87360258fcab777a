use std::error::Error;
use std::fmt;
use std::sync::Arc;

use plimsoll_engine::Engines;

use crate::platform_choice::PlatformChoice;

/// What opening an image depends on besides its reference.
#[derive(Clone)]
pub struct Context {
    /// Which platform of an image with several.
    pub platform: PlatformChoice,
    /// The engines of this machine; none is contacted before a reference needs it.
    pub engines: Arc<Engines>,
    /// Makes the client of registries, when a reference needs it.
    pub registry: RegistryOpener,
}

/// Makes a client of registries: reading the settings for it may fail, and starting it takes time.
pub type RegistryOpener =
    Arc<dyn Fn() -> Result<plimsoll_registry::Client, Box<dyn Error + Send + Sync>> + Send + Sync>;

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { platform, engines, registry: _ } = self;
        f.debug_struct("Context")
            .field("platform", platform)
            .field("engines", engines)
            .finish_non_exhaustive()
    }
}
