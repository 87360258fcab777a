//! The parsers against real databases, the tools that write them, and damage.

#![cfg(test)]

mod bdb_built;
mod damage;
mod header_built;
mod ndb_built;
mod oracle;
mod shared;
mod sqlite_built;
