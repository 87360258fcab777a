//! The checked, memory-mapped file format under shards and the base catalogue.
