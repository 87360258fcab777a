//! What to do about findings: gates, ignore rules, remedies, end of life.
