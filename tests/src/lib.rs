//! The harness library of the tests.
