//! The development tasks: test, tidy, demo, bench.
fn main() {}
