//! Installed-rpm databases from bytes: sqlite, ndb, Berkeley DB.
