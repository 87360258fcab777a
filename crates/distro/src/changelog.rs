//! Debian changelogs: what they say between two versions, and where a `.deb` keeps them.
