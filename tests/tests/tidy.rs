//! The tree checks itself: what a compiler does not see and a reader relies on.
//!
//! Each test collects every violation as `file:line: what is wrong` and shows them together. Code is read line by
//! line, not parsed: a `//` begins a comment, and `#[cfg(test)]` above an inline module the tests.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

/// A file longer than this is two files.
const LINES_MAX: usize = 600;
/// What is built or downloaded, and no part of the tree.
const NOT_OURS: [&str; 4] = ["target", "dist", "node_modules", ".git"];
/// The only code that may ask what it is compiled for.
const PLATFORM_FILE: &str = "node-wasm/src/lib.rs";
const RULES_FILE: &str = "node-wasm/src/consensus/rule.rs";
const RULES_TESTS: &str = "node-wasm/src/chain/tests.rs";

struct Source {
    /// Relative to the root, with `/`.
    path: String,
    text: String,
}

impl Source {
    /// Lines with their numbers, comments cut off, up to the tests.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.own().lines().zip(1..);
        lines.map(|(line, number)| (number, line.split("//").next().unwrap_or_default()))
    }

    /// The part that is compiled without tests.
    fn own(&self) -> &str {
        &self.text[..self.tests_start()]
    }

    /// The part that only tests see.
    fn tests(&self) -> &str {
        &self.text[self.tests_start()..]
    }

    /// Where the module of tests begins, which is the last thing in a file.
    fn tests_start(&self) -> usize {
        let inline = |at: &usize| self.text[*at..].lines().nth(2).is_some_and(|line| line.ends_with('{'));
        let mut starts = self.text.match_indices("\n#[cfg(test)]\nmod ").map(|(at, _)| at);
        if self.is_test() { 0 } else { starts.find(inline).unwrap_or(self.text.len()) }
    }

    fn is_test(&self) -> bool {
        let file = self.path.rsplit('/').next();
        let named = ["tests.rs", "testing.rs", "threats.rs"].map(Some).contains(&file);
        named || self.path.starts_with("tests/") || self.path.contains("/threats/")
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a package lies below the root").to_owned()
}

/// The tree's text files with one of these extensions.
fn sources(extensions: &[&str]) -> Vec<Source> {
    let root = root();
    let ours = |entry: &DirEntry| !NOT_OURS.iter().any(|name| entry.file_name() == *name);
    let entries = WalkDir::new(&root).sort_by_file_name().into_iter().filter_entry(ours);
    let mut sources = Vec::new();
    for entry in entries.map(Result::unwrap).filter(|entry| entry.file_type().is_file()) {
        let extension = entry.path().extension().unwrap_or_default();
        if extensions.iter().any(|wanted| extension == *wanted) {
            let path = entry.path().strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
            sources.push(Source { path, text: fs::read_to_string(entry.path()).unwrap() });
        }
    }
    assert!(!sources.is_empty(), "no {extensions:?} under {}", root.display());
    sources
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn none(violations: &[String]) {
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}

/// The lines of code for which `wrong` finds something.
fn in_code(sources: &[Source], wrong: impl Fn(&Source, &str) -> Option<String>) -> Vec<String> {
    let of = |source: &Source| {
        let found = source.code().filter_map(|(number, line)| Some((number, wrong(source, line)?)));
        found.map(|(number, what)| format!("{}:{number}: {what}", source.path)).collect::<Vec<_>>()
    };
    sources.iter().flat_map(of).collect()
}

// ---- Layers

/// The table in the crate's documentation: module to line number.
fn layers() -> BTreeMap<String, u32> {
    let library = read(PLATFORM_FILE);
    let table =
        library.split("```text").nth(1).and_then(|rest| rest.split("```").next()).expect("a table of layers");
    let mut layers = BTreeMap::new();
    for (number, row) in table.lines().filter_map(|line| line.strip_prefix("//! ")?.split_once("  ")) {
        let modules = row.split("   ").next().expect("a split gives at least one part");
        for module in modules.split_whitespace() {
            layers.insert(module.to_owned(), number.parse().expect("a layer's number"));
        }
    }
    assert!(layers.len() > 10, "the table of layers was not understood: {layers:?}");
    layers
}

/// A file's module path below the crate: `wire/relay.rs` is `[wire, relay]`, `wire/mod.rs` is `[wire]`.
fn module_path(path: &str) -> Vec<&str> {
    let mut parts: Vec<_> = path.strip_suffix(".rs").unwrap_or(path).split('/').collect();
    if parts.last() == Some(&"mod") {
        parts.pop();
    }
    parts
}

/// The crate's top-level modules that code names, in a module `depth` levels below the crate, and where.
fn modules_named(code: &str, depth: usize) -> Vec<(usize, &str)> {
    let to_root = "super::".repeat(depth);
    let mut named = Vec::new();
    for prefix in ["crate::", &to_root] {
        for (at, _) in code.match_indices(prefix) {
            if !code[..at].ends_with(|c: char| c.is_alphanumeric() || "_:$".contains(c)) {
                named.extend(first_names(&code[at + prefix.len()..]).into_iter().map(|name| (at, name)));
            }
        }
    }
    named
}

/// The first names of a path, `a::b`, or of a group of paths, `{a::b, c::{d, e}}`.
fn first_names(path: &str) -> Vec<&str> {
    let Some(group) = path.strip_prefix('{') else { return vec![name(path)] };
    let (mut depth, mut start, mut names) = (0, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                names.extend(Some(name(group[start..at].trim())).filter(|name| !name.is_empty()));
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    names
}

fn name(path: &str) -> &str {
    path.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()
}

#[test]
fn a_module_names_only_lower_layers() {
    let layers = layers();
    let mut violations = Vec::new();
    for source in sources(&["rs"]) {
        let Some(path) = source.path.strip_prefix("node-wasm/src/") else { continue };
        if path == "lib.rs" || path.starts_with("bin/") || source.is_test() {
            continue;
        }
        let path = module_path(path);
        let (module, depth) = (path[0].to_owned(), path.len());
        let Some(own) = layers.get(&module) else {
            violations.push(format!("{}: the table of layers does not list {module}", source.path));
            continue;
        };
        let code: String = source.code().map(|(_, line)| format!("{line}\n")).collect();
        for (at, named) in modules_named(&code, depth) {
            if named != module && layers.get(named).is_some_and(|layer| layer >= own) {
                let number = code[..at].lines().count().max(1);
                violations.push(format!("{}:{number}: {module} (layer {own}) names {named}", source.path));
            }
        }
    }
    none(&violations);
}

#[test]
fn code_is_read_for_the_modules_it_names() {
    let check = |code, depth, named: &[&str]| {
        let names: Vec<_> = modules_named(code, depth).into_iter().map(|(_, name)| name).collect();
        assert_eq!(names, named, "{code}");
    };
    check("use crate::chain::Tree;", 1, &["chain"]);
    check("use crate::{\n    wire::{relay, frame},\n    units,\n};", 1, &["wire", "units"]);
    check("fn f() -> super::node::Node {", 1, &["node"]);
    check("use super::frame::Frame;", 2, &[]);
    check("use super::super::sync::Sync;", 2, &["sync"]);
    check("$crate::units::Amount", 1, &[]);
}

// ---- Files

#[test]
fn files_are_short() {
    let long = |source: &Source| (source.text.lines().count() > LINES_MAX).then(|| source.path.clone());
    none(&sources(&["rs", "css", "html", "js", "ts"]).iter().filter_map(long).collect::<Vec<_>>());
}

#[test]
fn files_begin_with_what_they_are() {
    let silent = |source: &Source| (!source.text.starts_with("//! ")).then(|| source.path.clone());
    none(&sources(&["rs"]).iter().filter_map(silent).collect::<Vec<_>>());
}

#[test]
fn nothing_is_left_for_later() {
    let words = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X"), concat!("HA", "CK")];
    let macros = [concat!("db", "g!"), concat!("to", "do!"), concat!("unimpl", "emented!")];
    let mut violations = Vec::new();
    for source in sources(&["rs", "md", "toml", "html", "css", "js", "ts"]) {
        for (line, number) in source.text.lines().zip(1..) {
            let mut parts = line.split(|c: char| !c.is_alphanumeric() && c != '!');
            if let Some(part) =
                parts.find(|part| words.contains(&part.trim_end_matches('!')) || macros.contains(part))
            {
                violations.push(format!("{}:{number}: {part}", source.path));
            }
        }
    }
    none(&violations);
}

#[test]
fn no_registry_is_named() {
    let hosts =
        [concat!("crates", ".io"), concat!("npmjs", "."), concat!("artif", "actory"), concat!("pypi", ".")];
    let mut violations = Vec::new();
    for source in sources(&["rs", "md", "toml", "html", "css", "js", "ts", "json", "yml"]) {
        for (line, number) in source.text.lines().zip(1..) {
            if let Some(host) = hosts.iter().find(|host| line.contains(*host)) {
                violations.push(format!("{}:{number}: {host}", source.path));
            }
        }
    }
    none(&violations);
}

// ---- Code

#[test]
fn only_tests_unwrap() {
    none(&in_code(&sources(&["rs"]), |_, line| line.contains(".unwrap()").then(|| line.trim().to_owned())));
}

#[test]
fn the_platform_enters_once() {
    none(&in_code(&sources(&["rs"]), |source, line| {
        (source.path != PLATFORM_FILE && line.contains("target_arch")).then(|| line.trim().to_owned())
    }));
}

#[test]
fn unit_tests_of_the_node_run_in_a_browser_too() {
    let mut violations = Vec::new();
    for source in sources(&["rs"]).iter().filter(|source| source.path.starts_with("node-wasm/src/")) {
        let tests = source.tests();
        if tests.contains("#[test]") && !tests.contains("use crate::test;") {
            violations.push(format!("{}: its tests are native only: `use crate::test;`", source.path));
        }
    }
    none(&violations);
}

#[test]
fn versions_stand_in_the_root_manifest_only() {
    let mut violations = Vec::new();
    for manifest in sources(&["toml"]).iter().filter(|source| source.path.ends_with("/Cargo.toml")) {
        let mut section = "";
        for (line, number) in manifest.text.lines().zip(1..) {
            if line.starts_with('[') {
                section = line;
                continue;
            }
            let own = ["version =", "path =", "git =", "= \""].iter().any(|key| line.contains(key));
            if section.contains("dependencies") && own {
                violations.push(format!("{}:{number}: {line}", manifest.path));
            }
        }
    }
    none(&violations);
}

// ---- Documents

/// The rule codes in a text: `C-` and two digits.
fn codes(text: &str) -> BTreeSet<&str> {
    let code = |(at, _): (usize, _)| {
        text.get(at..at + 4).filter(|code| code[2..].bytes().all(|b| b.is_ascii_digit()))
    };
    text.match_indices("C-").filter_map(code).collect()
}

#[test]
fn every_rule_is_written_enforced_and_tested() {
    let rules = read(RULES_FILE);
    let rules = codes(&rules);
    assert!(rules.len() > 10, "{RULES_FILE} was not understood: {rules:?}");
    let book = read("CONSENSUS.md");
    let explained = codes(&book);
    let sources = sources(&["rs"]);
    let tests = sources.iter().find(|source| source.path == RULES_TESTS).map(tests_in).unwrap_or_default();
    let rule_of = |test: &str| Some(format!("C-{}", test.strip_prefix("rule_")?.split('_').next()?));
    let tested: BTreeSet<String> = tests.iter().filter_map(|test| rule_of(test)).collect();
    let node = |source: &&Source| source.path.starts_with("node-wasm/src/");
    let mut violations = Vec::new();
    for code in &rules {
        if !explained.contains(code) {
            violations.push(format!("CONSENSUS.md does not explain {code}"));
        }
        let quote = format!("// [{code}] ");
        let quoted = |source: &Source| {
            source.own().lines().filter(|line| line.trim_start().starts_with(&quote)).count()
        };
        let enforced: usize = sources.iter().filter(node).map(quoted).sum();
        if enforced != 1 {
            violations.push(format!("`{quote}` quotes an enforcing line {enforced} times, expected once"));
        }
        if !tested.contains(*code) {
            violations.push(format!("{RULES_TESTS} has no test `rule_{}_...`", &code[2..]));
        }
    }
    let unknown = tested.iter().filter(|code| !rules.contains(code.as_str()));
    violations.extend(unknown.map(|code| format!("{RULES_TESTS} tests {code}, which is no rule")));
    violations.extend(explained.difference(&rules).map(|code| format!("{RULES_FILE} does not know {code}")));
    none(&violations);
}

/// The rows of the table of threats that there have to be: a letter, and how many.
const THREATS: [(char, u32); 3] = [('C', 25), ('R', 12), ('B', 11)];
/// Its tests are rows of a table of their own.
const ADVERSARY: &str = "tests/tests/adversary/mod.rs";

/// The tests in a source, by their names.
fn tests_in(source: &Source) -> BTreeSet<&str> {
    let lines: Vec<&str> = source.text.lines().map(str::trim_start).collect();
    let is_test = |line: &str| line == "#[test]" || line.starts_with("#[tokio::test");
    let below = lines.windows(2).filter(|pair| is_test(pair[0]));
    let mut names: BTreeSet<_> =
        below.filter_map(|pair| pair[1].split_once("fn ")).map(|(_, rest)| name(rest)).collect();
    if source.path == ADVERSARY {
        let rows = source.text.lines().filter(|line| line.contains(": Lie::"));
        names.extend(rows.map(|line| name(line.trim_start())));
    }
    names
}

/// The case that a test is named after: `c08_...` is of C8.
fn case_of(test: &str) -> Option<String> {
    let (letter, number) = test.split('_').next()?.split_at_checked(1)?;
    let letter =
        THREATS.iter().map(|(letter, _)| letter).find(|one| letter == one.to_lowercase().to_string())?;
    Some(format!("{letter}{}", number.parse::<u32>().ok()?))
}

#[test]
fn every_threat_is_met_by_a_test_that_exists() {
    let sources = sources(&["rs"]);
    let tests: BTreeMap<&str, &str> = sources
        .iter()
        .flat_map(|source| tests_in(source).into_iter().map(|name| (name, source.path.as_str())))
        .collect();
    let table = read("tests/THREATS.md");
    let simulator: Vec<_> =
        sources.iter().filter(|source| source.path.starts_with("node-wasm/src/sim/")).collect();
    let mut violations = Vec::new();
    let mut rows = BTreeMap::new();
    for row in table
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split_once(" | "))
        .filter(|row| row.0 != "case")
    {
        let named: BTreeSet<&str> = row.1.split('`').skip(1).step_by(2).collect();
        let scenarios = row.1.split("simulator: ").skip(1).map(|rest| rest.split([',', ';', ' ']).next());
        let scenarios: Vec<&str> = scenarios.flatten().collect();
        for scenario in &scenarios {
            let quoted = format!("\"{scenario}\"");
            if !simulator.is_empty() && !simulator.iter().any(|source| source.text.contains(&quoted)) {
                violations.push(format!("{}: the simulator has no scenario {scenario}", row.0));
            }
        }
        let missing = named.iter().filter(|name| !tests.contains_key(*name));
        violations.extend(missing.map(|name| format!("{}: there is no test {name}", row.0)));
        if named.is_empty() && scenarios.is_empty() {
            violations.push(format!("{}: no test", row.0));
        }
        rows.insert(row.0, named);
    }
    for (letter, count) in THREATS {
        let expected = (1..=count).map(|number| format!("{letter}{number}"));
        violations.extend(
            expected.filter(|case| !rows.contains_key(case.as_str())).map(|case| format!("no row {case}")),
        );
    }
    for (test, path) in tests {
        let listed = match case_of(test) {
            Some(case) => rows.get(case.as_str()).is_some_and(|row| row.contains(test)),
            None if path.contains("/threats") || path == ADVERSARY => {
                rows.values().any(|row| row.contains(test))
            }
            None => true,
        };
        if !listed {
            violations.push(format!("{path}: {test} is not in its row of tests/THREATS.md"));
        }
    }
    none(&violations);
}

#[test]
fn the_names_that_tests_find_elements_by_are_documented() {
    let readme = read("tests/README.md");
    let (_, listed) = readme.split_once("## Names").expect("tests/README.md has the list");
    let page: Vec<Source> = sources(&["rs", "html"])
        .into_iter()
        .filter(|source| source.path.starts_with("ui/") || source.path.starts_with("www/"))
        .collect();
    let mut violations = Vec::new();
    for source in &page {
        for (at, key) in source.text.match_indices("data-test=\"") {
            let name =
                source.text[at + key.len()..].split('"').next().expect("a split gives at least one part");
            if !listed.contains(&format!("`{name}`")) {
                violations.push(format!("{}: tests/README.md does not list `{name}`", source.path));
            }
        }
    }
    for name in listed
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|name| !name.starts_with("data-") && *name != "textContent")
    {
        // Names may be properties of components, so only that they occur can be seen.
        if !page.iter().any(|source| source.own().contains(&format!("\"{name}\""))) {
            violations.push(format!("tests/README.md lists `{name}`, which the page does not name"));
        }
    }
    none(&violations);
}
