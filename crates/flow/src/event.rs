//! What happens on the way, for whoever shows progress.

/// One step of a use case.
#[derive(Clone, Debug)]
pub enum Event {
    /// An image is being opened.
    Opening {
        /// What the user typed.
        reference: String,
    },
    /// A layer is being read.
    LayerStarted {
        /// Its number in this run, from 0.
        layer: usize,
        /// What to call it.
        name: String,
        /// Its stored size in bytes, where known.
        size: Option<u64>,
    },
    /// More bytes of a layer were read.
    LayerBytes {
        /// Its number.
        layer: usize,
        /// How many bytes more.
        bytes: u64,
    },
    /// A layer is done.
    LayerDone {
        /// Its number.
        layer: usize,
    },
    /// A feed is being fetched.
    FeedStarted {
        /// Its name.
        feed: &'static str,
    },
    /// More bytes of a feed were read.
    FeedBytes {
        /// Its name.
        feed: &'static str,
        /// How many bytes more.
        bytes: u64,
    },
    /// A feed is done.
    FeedDone {
        /// Its name.
        feed: &'static str,
    },
    /// A suite of a distribution archive is being asked.
    ArchiveStarted {
        /// Its name.
        suite: String,
    },
    /// A suite of a distribution archive is done.
    ArchiveDone {
        /// Its name.
        suite: String,
    },
    /// The changelog of a source package is being fetched.
    Changelog {
        /// The source package.
        source: String,
    },
    /// Packages are being compared with advisories.
    Matching,
    /// Something makes the result less than the user may think.
    Warning(String),
    /// What was done, for whoever wants to know.
    Note(String),
}

/// Receives events, from any thread.
pub type Observer<'a> = &'a (dyn Fn(Event) + Send + Sync);
