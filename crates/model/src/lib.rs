//! Values that every stage shares: digests, references, platforms, packages, advisories, findings.
