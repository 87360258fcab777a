//! rpm's repositories: signed metadata, packages, advisories, and what is newer in them than what is installed.
