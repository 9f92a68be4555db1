//! The page's text: a typed function for every message of `text/en/*.ftl` and `text/de/*.ftl`, by file.
//!
//! The build script writes them (`build/`), and refuses what one language lacks or says with other variables; a message
//! that nobody uses is a warning of the compiler. A function takes the variables in alphabetical order and
//! answers in the language of [`language`], which the program sets. What no function is called for is not in the program.
//! Left out: which language is whose, [`crate::language`].

use std::cell::Cell;
use std::fmt::{Display, Write as _};
use std::str::Chars;

pub(crate) use messages::*;

mod marks;

/// The functions, written by the build script.
#[allow(clippy::too_many_arguments, reason = "a message has as many as it has variables")]
mod messages {
    include!(concat!(env!("OUT_DIR"), "/messages.rs"));
}

#[cfg(test)]
#[path = "../build/text.rs"]
mod text;

/// A language that the page speaks, in the order of the build script.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// German.
    German,
}

/// All languages.
pub const LANGUAGES: [Language; 2] = [Language::English, Language::German];

impl Language {
    /// Its code in HTML.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// Its name in itself.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::German => "Deutsch",
        }
    }
}

thread_local! {
    // A page has one thread; tests have many, each with its language.
    static LANGUAGE: Cell<Language> = const { Cell::new(Language::English) };
}

/// The language that messages answer in.
#[must_use]
pub fn language() -> Language {
    LANGUAGE.get()
}

/// Lets all messages answer in a language. What is shown already does not change by itself.
pub fn speak(language: Language) {
    LANGUAGE.set(language);
}

/// The text of a message without variables, in the language of now.
fn pick(both: &'static str) -> &'static str {
    both.split(marks::LANGUAGE).nth(language() as usize).unwrap_or(both)
}

/// The text of a message with its variables filled in, in the language of now.
fn fill(both: &'static str, arguments: &[&dyn Display]) -> String {
    let mut text = String::new();
    write(&mut pick(both).chars(), arguments, Some(&mut text));
    text
}

/// Writes a text up to its end, or only reads it.
fn write(rest: &mut Chars<'_>, arguments: &[&dyn Display], mut text: Option<&mut String>) {
    while let Some(next) = rest.next() {
        match next {
            marks::END => return,
            marks::SELECT => choose(rest, arguments, text.as_deref_mut()),
            _ => {
                if let Some(text) = text.as_mut() {
                    match argument(next, arguments) {
                        // Writing to a string does not fail.
                        Some(value) => write!(text, "{value}").unwrap_or_default(),
                        None => text.push(next),
                    }
                }
            }
        }
    }
}

/// Writes the first text whose key is the argument's value.
fn choose(rest: &mut Chars<'_>, arguments: &[&dyn Display], mut text: Option<&mut String>) {
    let value = rest.next().and_then(|mark| argument(mark, arguments)).map(ToString::to_string);
    loop {
        let key: String = rest.take_while(|next| *next != marks::KEY).collect();
        if key.is_empty() || value.as_ref() == Some(&key) {
            // Taken once: what follows is only read.
            write(rest, arguments, text.take());
        } else {
            write(rest, arguments, None);
        }
        if key.is_empty() {
            return;
        }
    }
}

fn argument<'a>(mark: char, arguments: &[&'a dyn Display]) -> Option<&'a dyn Display> {
    let place = u32::from(mark).checked_sub(u32::from(marks::ARGUMENT))?;
    arguments.get(place as usize).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a message of an FTL text says.
    fn check(ftl: &str, arguments: &[&dyn Display], expected: &str) {
        let files = text::Files::from([("a".to_owned(), ftl.to_owned())]);
        let messages = text::read(&[("en", files)]).unwrap_or_else(|errors| panic!("{ftl}: {errors:?}"));
        let code: &'static str = messages[0].code.clone().leak();
        assert_eq!(fill(code, arguments), expected, "{ftl} {code:?}");
    }

    #[test]
    fn texts_are_filled() {
        check("a = All of it.", &[], "All of it.");
        check("a = { $b } of { $a }, { $b }", &[&1, &"x"], "x of 1, x");
        check("a = { \"{\" }{ $a } { -tab }\n-tab = tab", &[&7], "{7 tab");
        check("a =\n    Two\n    lines", &[], "Two\nlines");
        check("a = { b } again\nb = Once", &[], "Once again");
    }

    #[test]
    fn a_number_or_a_word_chooses() {
        let tabs = "a = { $n ->\n    [0] no tabs\n    [one] a tab\n   *[other] { $n } tabs\n }.";
        check(tabs, &[&0], "no tabs.");
        check(tabs, &[&1], "a tab.");
        check(tabs, &[&"1"], "a tab.");
        check(tabs, &[&21], "21 tabs.");
        let nested = "a = { $who ->\n    [you] { $n ->\n        [one] yours\n       *[other] { $n } of yours\n    }\n   *[else] theirs\n } and more";
        check(nested, &[&1, &"you"], "yours and more");
        check(nested, &[&2, &"you"], "2 of yours and more");
        check(nested, &[&2, &"they"], "theirs and more");
    }

    #[test]
    fn each_language_has_its_name_and_its_text() {
        let said = LANGUAGES.map(|language| {
            speak(language);
            (language.code(), language.name(), shell::theme_dark())
        });
        assert_eq!(said, [("en", "English", "dark"), ("de", "Deutsch", "dunkel")]);
    }
}
