//! Names that compress, between the page's program and its glue.
//!
//! wasm-bindgen ends the name of every import in the hash of where it comes from: 16 digits each that no compressor
//! shortens, once in the program and once in the glue. Their only use is that names differ. Here a number of as many
//! digits takes their place, so that nothing moves in either file: 4 KB less for every visitor. A page without this
//! step works the same.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use walkdir::{DirEntry, WalkDir};

/// What the imports' names begin with.
const PREFIX: &str = "__wbg_";
/// What the name of a program's file ends in.
const PROGRAM: &str = "_bg.wasm";
/// The digits that they end in.
const DIGITS: usize = 16;

/// Numbers the imports of the programs in `dist`, each with its glue beside it.
pub(crate) fn number(dist: &Path) -> Result<()> {
    let files = WalkDir::new(dist).max_depth(1).into_iter().filter_map(Result::ok);
    let programs = files.filter(|file| file.file_name().to_string_lossy().ends_with(PROGRAM));
    programs.map(DirEntry::into_path).try_for_each(number_program)
}

fn number_program(program: PathBuf) -> Result<()> {
    let glue = PathBuf::from(program.to_string_lossy().replace(PROGRAM, ".js"));
    let mut wasm = fs::read(&program).with_context(|| format!("reading {}", program.display()))?;
    let mut script = fs::read_to_string(&glue).with_context(|| format!("reading {}", glue.display()))?;
    renumber(&mut wasm, &mut script);
    fs::write(&program, wasm).with_context(|| format!("writing {}", program.display()))?;
    fs::write(&glue, script).with_context(|| format!("writing {}", glue.display()))
}

/// Gives every import that occurs once in both files a number in place of its hash.
fn renumber(wasm: &mut [u8], script: &mut String) {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let windows = wasm.windows(PREFIX.len()).enumerate();
    let starts: Vec<_> = windows.filter(|(_, start)| *start == PREFIX.as_bytes()).map(|(at, _)| at).collect();
    for name in imports(script) {
        let places = starts.iter().filter(|at| wasm[**at..].starts_with(name.as_bytes()));
        let (&[at], 1) = (&places.copied().collect::<Vec<_>>()[..], script.matches(&name).count()) else {
            continue;
        };
        let stem = &name[..name.len() - DIGITS];
        let count = counts.entry(stem.to_owned()).or_default();
        let numbered = format!("{stem}{count:0DIGITS$}");
        *count += 1;
        wasm[at..at + name.len()].copy_from_slice(numbered.as_bytes());
        *script = script.replace(&name, &numbered);
    }
}

/// The names in the glue that end in a hash, in their order.
fn imports(script: &str) -> Vec<String> {
    let part_of_a_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words = script.split(|c| !part_of_a_name(c)).filter(|word| word.starts_with(PREFIX));
    let hashed = words.filter(|word| {
        let hash = word.rsplit('_').next().unwrap_or_default();
        hash.len() == DIGITS && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    });
    hashed.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_are_numbered_alike_in_both_files_and_nothing_else_changes() {
        let check = |wasm: &str, script: &str, expect_wasm: &str, expect_script: &str| {
            let (mut program, mut glue) = (wasm.as_bytes().to_vec(), script.to_owned());
            renumber(&mut program, &mut glue);
            assert_eq!((program, glue.as_str()), (expect_wasm.into(), expect_script));
        };
        check(
            "..__wbg_new_00112233445566ff..__wbg_new_ffeeddccbbaa9988..__wbg_get_0123456789abcdef",
            "__wbg_new_ffeeddccbbaa9988: 1, __wbg_new_00112233445566ff: 2, __wbg_get_0123456789abcdef: 3",
            "..__wbg_new_0000000000000001..__wbg_new_0000000000000000..__wbg_get_0000000000000000",
            "__wbg_new_0000000000000000: 1, __wbg_new_0000000000000001: 2, __wbg_get_0000000000000000: 3",
        );
        // What is not in both files once, and what has no hash, stays.
        let twice = "__wbg_a_00112233445566ff __wbg_a_00112233445566ff";
        check(twice, "__wbg_a_00112233445566ff", twice, "__wbg_a_00112233445566ff");
        check("__wbg_a_00112233445566ff", twice, "__wbg_a_00112233445566ff", twice);
        check("", "__wbg_a_00112233445566ff", "", "__wbg_a_00112233445566ff");
        check(
            "__wbg_set_wasm __wbg_x_0011",
            "__wbg_set_wasm __wbg_x_0011",
            "__wbg_set_wasm __wbg_x_0011",
            "__wbg_set_wasm __wbg_x_0011",
        );
    }
}
