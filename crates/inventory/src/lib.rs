//! Analysers, layer facts, the merge into an inventory, the facts cache.
