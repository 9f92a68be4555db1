//! What the page's programs are made of besides Rust: their text, `text/LANGUAGE/*.ftl`, as a function for every message,
//! and the name of their build.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "cargo reads what a build script prints")]

mod id;
#[path = "../src/l10n/marks.rs"]
mod marks;
mod text;

use std::path::PathBuf;
use std::{env, fs, io, process};

/// The languages, in the order of `ui::l10n::Language`. The others are held against the first.
const LANGUAGES: [&str; 2] = ["en", "de"];

fn main() -> io::Result<()> {
    // Which is a digest of everything, the text too: any change runs this again.
    println!("cargo::rustc-env=BUILD_ID={:016x}", id::of_the_sources()?);
    let mut languages = Vec::new();
    for language in LANGUAGES {
        languages.push((language, files(language)?));
    }
    let messages = text::read(&languages).unwrap_or_else(|errors| {
        errors.iter().for_each(|error| eprintln!("ui/{error}"));
        process::exit(1)
    });
    let dir = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    fs::write(dir.join("messages.rs"), text::module(&messages))
}

/// The files of a language by name.
fn files(language: &str) -> io::Result<text::Files> {
    let mut files = text::Files::new();
    for entry in fs::read_dir(PathBuf::from("text").join(language))? {
        let path = entry?.path();
        if let Some(name) = path.file_stem().and_then(|name| name.to_str())
            && path.extension().is_some_and(|extension| extension == "ftl")
        {
            files.insert(name.to_owned(), fs::read_to_string(&path)?);
        }
    }
    Ok(files)
}
