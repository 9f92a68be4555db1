//! Everything that is tested natively across packages, in one binary.

mod difficulty;
