//! The whole, over small snapshots and records made on the spot.
