//! Names the build: a digest of every source that the page's programs are made of, as `BUILD_ID`. Programs of one
//! page that were built from different sources do not talk to each other.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// What the programs are made of, from the root of the workspace.
const SOURCES: [&str; 4] = ["Cargo.lock", "Cargo.toml", "node-wasm", "ui"];

/// The digest. Cargo runs the build script again when one of them changes.
pub(crate) fn of_the_sources() -> io::Result<u64> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("..");
    let mut hasher = DefaultHasher::new();
    for source in SOURCES {
        println!("cargo::rerun-if-changed={}", root.join(source).display());
        hash(&root.join(source), &mut hasher)?;
    }
    Ok(hasher.finish())
}

/// Hashes a file, or all files below a directory in the order of their names.
fn hash(path: &Path, hasher: &mut DefaultHasher) -> io::Result<()> {
    if path.is_file() {
        fs::read(path)?.hash(hasher);
        return Ok(());
    }
    let mut entries = fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    entries.sort();
    entries.iter().try_for_each(|entry| {
        entry.file_name().hash(hasher);
        hash(entry, hasher)
    })
}
