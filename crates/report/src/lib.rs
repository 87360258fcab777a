//! Table, JSON, CycloneDX and SPDX.
