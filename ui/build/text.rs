//! Reads the page's text, and refuses whatever would be wrong in one language only: a message that is missing, one with
//! other variables, one that is there twice, syntax that the page does not know.
//!
//! Known are text, variables, choices by number or word, terms, other messages and string literals. Of the plural
//! categories these languages have `one` and `other`. What comes out is in the notation of `src/l10n/marks.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement, VariantKey};
use fluent_syntax::parser;

use super::marks;

/// The files of a language: name without extension, and content.
pub(crate) type Files = BTreeMap<String, String>;

/// A message in all languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    /// The name of its file, without extension.
    pub(crate) file: String,
    /// Its name; of an attribute with the attribute's behind it.
    pub(crate) id: String,
    /// Its variables, in alphabetical order.
    pub(crate) variables: BTreeSet<String>,
    /// Its text in all languages, with marks.
    pub(crate) code: String,
}

/// Messages and terms refer to each other no deeper than this: deeper is a circle.
const DEPTH_MAX: usize = 8;
/// The most variables of a message: there are so many characters for them.
const VARIABLES_MAX: usize = 16;
/// The categories that make a choice one by number.
const CATEGORIES: [&str; 6] = ["zero", "one", "two", "few", "many", "other"];

/// Reads the languages, the first of which is the one that the others are held against.
///
/// # Errors
/// Everything that is wrong, each with its file and its message.
pub(crate) fn read(languages: &[(&str, Files)]) -> Result<Vec<Message>, Vec<String>> {
    let mut errors = Vec::new();
    let read: Vec<_> = languages.iter().map(|(language, files)| one(language, files, &mut errors)).collect();
    let Some((first, others)) = read.split_first() else { return Ok(Vec::new()) };
    for ((language, _), texts) in languages.iter().zip(&read) {
        for (key, text) in texts {
            let name = format!("text/{language}/{}.ftl: {}", key.0, key.1);
            match first.get(key) {
                None => errors.push(format!("{name} is not in {}", languages[0].0)),
                Some(in_first) if in_first.variables != text.variables => errors.push(format!(
                    "{name} has the variables {:?}, in {} {:?}",
                    text.variables, languages[0].0, in_first.variables
                )),
                Some(_) => {}
            }
        }
    }
    let mut messages = Vec::new();
    for (key, text) in first {
        let mut code = text.code(&text.variables);
        for ((language, _), texts) in languages.iter().skip(1).zip(others) {
            match texts.get(key) {
                Some(other) => {
                    code.push(marks::LANGUAGE);
                    code.push_str(&other.code(&text.variables));
                }
                None => errors.push(format!("text/{language}/{}.ftl: {} is missing", key.0, key.1)),
            }
        }
        let (file, id) = key.clone();
        messages.push(Message { file, id, variables: text.variables.clone(), code });
    }
    if errors.is_empty() { Ok(messages) } else { Err(errors) }
}

/// The texts of a language by file and message.
type Texts = BTreeMap<(String, String), Text>;

/// A text in one language.
#[derive(Default)]
struct Text {
    parts: Vec<Part>,
    variables: BTreeSet<String>,
}

/// A piece of a text.
enum Part {
    Is(String),
    Mark(char),
    Variable(String),
}

impl Text {
    /// The text with its variables as marks.
    fn code(&self, variables: &BTreeSet<String>) -> String {
        let place = |name: &String| variables.iter().position(|other| other == name).unwrap_or(0) as u32;
        let mut code = String::new();
        for part in &self.parts {
            match part {
                Part::Is(text) => code.push_str(text),
                Part::Mark(mark) => code.push(*mark),
                Part::Variable(name) => {
                    code.extend(char::from_u32(u32::from(marks::ARGUMENT) + place(name)));
                }
            }
        }
        code
    }
}

fn one(language: &str, files: &Files, errors: &mut Vec<String>) -> Texts {
    let mut patterns = Patterns::new();
    for (file, content) in files {
        let path = format!("text/{language}/{file}.ftl");
        let resource = parser::parse(content.as_str()).unwrap_or_else(|(resource, faults)| {
            for fault in faults {
                let line = content.bytes().take(fault.pos.start).filter(|byte| *byte == b'\n').count() + 1;
                errors.push(format!("{path}:{line}: {}", fault.kind));
            }
            resource
        });
        let mut add = |file: &str, id: String, pattern| {
            let twice = patterns.insert((file.to_owned(), id.clone()), pattern).is_some();
            errors.extend(twice.then(|| format!("{path}: {id} is there twice")));
        };
        for entry in resource.body {
            match entry {
                Entry::Message(message) => {
                    message.value.into_iter().for_each(|value| add(file, snake(message.id.name), value));
                    for attribute in message.attributes {
                        add(
                            file,
                            snake(&format!("{}-{}", message.id.name, attribute.id.name)),
                            attribute.value,
                        );
                    }
                }
                // A term is known to all files.
                Entry::Term(term) => add("", snake(term.id.name), term.value),
                Entry::Comment(_) | Entry::GroupComment(_) | Entry::ResourceComment(_) => {}
                // Told as a fault.
                Entry::Junk { .. } => {}
            }
        }
    }
    let mut texts = Texts::new();
    for ((file, id), pattern) in patterns.iter().filter(|((file, _), _)| !file.is_empty()) {
        let mut text = Text::default();
        if let Err(fault) = write(&mut text, file, pattern, &patterns, 0) {
            errors.push(format!("text/{language}/{file}.ftl: {id}: {fault}"));
        }
        if text.variables.len() > VARIABLES_MAX {
            errors
                .push(format!("text/{language}/{file}.ftl: {id} has more than {} variables", VARIABLES_MAX));
        }
        texts.insert((file.clone(), id.clone()), text);
    }
    texts
}

/// What was read of a language, by file and name; terms belong to no file.
type Patterns<'a> = BTreeMap<(String, String), Pattern<&'a str>>;

/// The name of a message in Rust.
fn snake(name: &str) -> String {
    name.replace('-', "_")
}

fn write(
    text: &mut Text,
    file: &str,
    pattern: &Pattern<&str>,
    all: &Patterns<'_>,
    depth: usize,
) -> Result<(), String> {
    if depth > DEPTH_MAX {
        return Err("refers to itself".to_owned());
    }
    for element in &pattern.elements {
        match element {
            PatternElement::TextElement { value } => plain(text, value)?,
            PatternElement::Placeable { expression } => expression_in(text, file, expression, all, depth)?,
        }
    }
    Ok(())
}

fn plain(text: &mut Text, value: &str) -> Result<(), String> {
    if value.chars().any(|c| c.is_control() && c != '\n') {
        return Err(format!("{value:?} has a control character"));
    }
    text.parts.push(Part::Is(value.to_owned()));
    Ok(())
}

fn expression_in(
    text: &mut Text,
    file: &str,
    expression: &Expression<&str>,
    all: &Patterns<'_>,
    depth: usize,
) -> Result<(), String> {
    let (selector, variants) = match expression {
        Expression::Inline(inline) => return inline_in(text, file, inline, all, depth),
        Expression::Select { selector, variants } => (selector, variants),
    };
    let InlineExpression::VariableReference { id } = selector else {
        return Err("only a variable can choose".to_owned());
    };
    text.parts.push(Part::Mark(marks::SELECT));
    variable(text, id.name);
    // The default goes last: it is for all other values, wherever it stands.
    let (last, first): (Vec<_>, Vec<_>) = variants.iter().partition(|variant| variant.default);
    for variant in first.into_iter().chain(last) {
        if !variant.default {
            text.parts.push(Part::Is(key(&variant.key)?));
        }
        text.parts.push(Part::Mark(marks::KEY));
        write(text, file, &variant.value, all, depth + 1)?;
        text.parts.push(Part::Mark(marks::END));
    }
    Ok(())
}

/// The value that a key stands for. The plural rule of all languages so far is done here: one is 1.
fn key(key: &VariantKey<&str>) -> Result<String, String> {
    match key {
        VariantKey::NumberLiteral { value } => Ok((*value).to_owned()),
        VariantKey::Identifier { name: "one" } => Ok("1".to_owned()),
        VariantKey::Identifier { name } if CATEGORIES.contains(name) => {
            Err(format!("the plural category {name:?} is none of these languages, or has to be the default"))
        }
        VariantKey::Identifier { name } => Ok((*name).to_owned()),
    }
}

fn inline_in(
    text: &mut Text,
    file: &str,
    inline: &InlineExpression<&str>,
    all: &Patterns<'_>,
    depth: usize,
) -> Result<(), String> {
    let (of, name) = match inline {
        InlineExpression::VariableReference { id } => {
            variable(text, id.name);
            return Ok(());
        }
        InlineExpression::StringLiteral { value } => {
            let mut unescaped = String::new();
            fluent_syntax::unicode::unescape_unicode(&mut unescaped, value)
                .map_err(|error| error.to_string())?;
            return plain(text, &unescaped);
        }
        InlineExpression::NumberLiteral { value } => return plain(text, value),
        InlineExpression::Placeable { expression } => {
            return expression_in(text, file, expression, all, depth);
        }
        InlineExpression::MessageReference { id, attribute: None } => (file, id.name),
        InlineExpression::TermReference { id, attribute: None, arguments: None } => ("", id.name),
        InlineExpression::FunctionReference { .. }
        | InlineExpression::MessageReference { .. }
        | InlineExpression::TermReference { .. } => {
            return Err("functions, attributes and terms with arguments are not supported".to_owned());
        }
    };
    let named = all.get(&(of.to_owned(), snake(name))).ok_or_else(|| format!("there is no {name:?}"))?;
    write(text, file, named, all, depth + 1)
}

fn variable(text: &mut Text, name: &str) {
    let name = snake(name);
    text.variables.insert(name.clone());
    text.parts.push(Part::Variable(name));
}

/// The Rust module of all messages, with a module for every file.
pub(crate) fn module(messages: &[Message]) -> String {
    let mut rust = String::new();
    let files: BTreeSet<&str> = messages.iter().map(|message| message.file.as_str()).collect();
    for file in files {
        let of_file: Vec<_> = messages.iter().filter(|message| message.file == file).collect();
        let filled = of_file.iter().any(|message| !message.variables.is_empty());
        let picked = of_file.iter().any(|message| message.variables.is_empty());
        let _ = writeln!(rust, "/// The messages of `{file}.ftl`.\npub(crate) mod {} {{", snake(file));
        let _ = writeln!(
            rust,
            "    use super::super::{{{}{}}};",
            if filled { "fill, " } else { "" },
            if picked { "pick" } else { "" }
        );
        if filled {
            rust.push_str("    use std::fmt::Display;\n");
        }
        of_file.iter().for_each(|message| function(&mut rust, message));
        rust.push_str("}\n");
    }
    rust
}

fn function(rust: &mut String, Message { id, variables, code, .. }: &Message) {
    let takes: Vec<_> = variables.iter().map(|name| format!("{name}: impl Display")).collect();
    let gives: Vec<_> = variables.iter().map(|name| format!("&{name}")).collect();
    let shown = code.split(marks::LANGUAGE).next().unwrap_or_default();
    let shown: String = shown.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let _ = writeln!(rust, "    #[doc = {shown:?}]");
    let _ = if variables.is_empty() {
        writeln!(rust, "    pub(crate) fn {id}() -> &'static str {{\n        pick({code:?})\n    }}")
    } else {
        let (takes, gives) = (takes.join(", "), gives.join(", "));
        writeln!(
            rust,
            "    pub(crate) fn {id}({takes}) -> String {{\n        fill({code:?}, &[{gives}])\n    }}"
        )
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(texts: &[(&str, &str)]) -> Files {
        texts.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn what_is_wrong_in_one_language_is_told() {
        let check = |en: &str, de: &str, expected: &[&str]| {
            let errors =
                read(&[("en", files(&[("a", en)])), ("de", files(&[("a", de)]))]).err().unwrap_or_default();
            assert_eq!(errors.len(), expected.len(), "{en:?} {de:?} {errors:?}");
            for (error, expected) in errors.iter().zip(expected) {
                assert!(error.contains(expected), "{error:?} does not say {expected:?}");
            }
        };
        check("a = x", "a = y", &[]);
        check("a = x\nb = x", "a = y", &["text/de/a.ftl: b is missing"]);
        check("a = x", "a = y\nb = y", &["text/de/a.ftl: b is not in en"]);
        check("a = { $n }", "a = { $m }", &["text/de/a.ftl: a has the variables {\"m\"}, in en {\"n\"}"]);
        check("a = x\na = y", "a = z", &["text/en/a.ftl: a is there twice"]);
        check("a-b = x\na_b = y", "a_b = z", &["a_b is there twice"]);
        check("a = x\n\n= y", "a = x", &["text/en/a.ftl:3: "]);
        check("a = { NUMBER($n) }", "a = { $n }", &["text/en/a.ftl: a: functions", "variables"]);
        check("a = { $n ->\n [few] x\n *[other] y\n }", "a = { $n }", &["plural category \"few\""]);
        check("a = { a }", "a = x", &["a: refers to itself"]);
        check("a = { -b }", "a = x", &["a: there is no \"b\""]);
        check("a = { \"\\u0004\" }", "a = x", &["control character"]);
        check("a =\n  .b = x", "a =\n  .c = x", &["c is not in en", "a_b is missing"]);
    }

    #[test]
    fn a_file_in_one_language_only_is_told() {
        let languages = [("en", files(&[("a", "x = 1"), ("b", "x = 1")])), ("de", files(&[("a", "x = 1")]))];
        assert_eq!(read(&languages), Err(vec!["text/de/b.ftl: x is missing".to_owned()]));
    }

    #[test]
    fn variables_stand_in_alphabetical_order_in_all_languages() {
        let en = files(&[("a-b", "pays = { $to } gets { $amount }\nend = .")]);
        let de = files(&[("a-b", "pays = { $amount } an { $to }\nend = .")]);
        let messages = read(&[("en", en), ("de", de)]).unwrap();
        assert_eq!(messages[1].code, "\u{11} gets \u{10}\u{1}\u{10} an \u{11}");
        let rust = module(&messages);
        assert!(rust.contains("pub(crate) mod a_b {"), "{rust}");
        assert!(rust.contains("fn pays(amount: impl Display, to: impl Display) -> String {"), "{rust}");
        assert!(rust.contains("fn end() -> &'static str {\n        pick(\".\\u{1}.\")"), "{rust}");
    }
}
