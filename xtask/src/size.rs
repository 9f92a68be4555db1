//! What a browser downloads before it can mine its first block, compressed as the relay sends it: everything in `dist/`
//! but the program of the pages, which the shell loads once its node is at work.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::thread;

use anyhow::{Context as _, Result, ensure};
use walkdir::WalkDir;

use crate::{page, tools};

/// The most that the page may weigh before the first block, in bytes of brotli.
pub(crate) const LIMIT: usize = 300 * 1000;
/// What the names of the files begin with that the first block does not wait for.
const LATER: [&str; 2] = ["load.js", "pages"];
/// Brotli's slowest and smallest setting: what a static host stores.
const QUALITY: u32 = 11;
/// Brotli's default window, as browsers accept it.
const WINDOW: u32 = 22;

/// The `size` command.
pub(crate) fn run() -> Result<()> {
    page::build(&tools::ensure()?)?;
    check()
}

/// Builds the page, prints what each of its files weighs, and returns the sum in bytes of brotli.
pub(crate) fn measure() -> Result<usize> {
    page::build(&tools::ensure()?)?;
    print()
}

/// Prints what the page weighs, and refuses more than [`LIMIT`].
pub(crate) fn check() -> Result<()> {
    let total = print()?;
    ensure!(
        total <= LIMIT,
        "the page weighs {total} bytes in brotli before the first block, at most {LIMIT} are allowed. `twiggy top` on the largest wasm file \
         shows what grew"
    );
    Ok(())
}

/// Prints what each file of the page weighs, and returns the sum of those that the first block waits for.
pub(crate) fn print() -> Result<usize> {
    let dist = page::dist();
    let mut files = Vec::new();
    for entry in WalkDir::new(&dist).sort_by_file_name() {
        let entry = entry.with_context(|| format!("no page in {}", dist.display()))?;
        if entry.file_type().is_file() {
            files.push(entry.into_path());
        }
    }
    let sizes: Vec<_> = thread::scope(|scope| {
        let running: Vec<_> = files.iter().map(|file| scope.spawn(|| sizes_of(file))).collect();
        running.into_iter().map(|thread| thread.join().expect("compressing does not panic")).collect()
    });
    println!("  {:>9} {:>9}  of the page", "bytes", "brotli");
    let mut total = (0, 0);
    for (file, sizes) in files.iter().zip(sizes) {
        let (raw, compressed) = sizes?;
        let name = file.strip_prefix(&dist).unwrap_or(file).display().to_string();
        let is_later = LATER.iter().any(|later| name.starts_with(later));
        println!("  {raw:>9} {compressed:>9}  {name}{}", if is_later { ", later" } else { "" });
        if !is_later {
            total = (total.0 + raw, total.1 + compressed);
        }
    }
    println!("  {:>9} {:>9}  before the first block; at most {LIMIT} in brotli", total.0, total.1);
    Ok(total.1)
}

fn sizes_of(file: &Path) -> Result<(usize, usize)> {
    let content = fs::read(file).with_context(|| format!("reading {}", file.display()))?;
    let mut compressor = brotli::CompressorWriter::new(Vec::new(), 4096, QUALITY, WINDOW);
    compressor.write_all(&content).context("compressing")?;
    Ok((content.len(), compressor.into_inner().len()))
}
