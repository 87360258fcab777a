//! Image builder, engines, registries and a fault-injecting proxy for tests.
