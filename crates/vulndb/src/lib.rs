//! Feeds, shards, generations, matching, explanation.
