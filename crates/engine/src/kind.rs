use std::fmt;

/// Which container engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Podman, rootful or rootless.
    Podman,
    /// Docker Engine.
    Docker,
}

impl Kind {
    /// Both, in the order in which an image without a transport is looked for.
    pub const ALL: [Self; 2] = [Self::Podman, Self::Docker];

    /// `podman` or `docker`: the program's name and the transport's.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Podman => "podman",
            Self::Docker => "docker",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
