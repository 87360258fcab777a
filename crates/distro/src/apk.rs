//! apk's repositories: signed indexes, and what is newer in them than what is installed.
