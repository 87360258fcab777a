//! The use cases that join the stages: scan, inventory, explain, ps, database update.
