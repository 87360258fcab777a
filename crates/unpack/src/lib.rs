//! Bounded streaming of gzip, zstd, xz, tar, zip and ar; safe paths.
