//! Which language the page speaks: the one chosen by its switch, else the first of the browser's that it knows, else
//! English. All programs of a page change together, at once and without a reload.
//!
//! A component that shows text reads [`use_language`], itself or by [`crate::node::use_session`]: that draws it again.

use gloo::events::EventListener;
use yew::prelude::*;

use crate::browser;
use crate::l10n::{self, LANGUAGES, Language};

/// The language for what the user chose and what the browser prefers.
fn best(chosen: Option<String>, preferred: impl Iterator<Item = String>) -> Language {
    let known = |code: String| LANGUAGES.into_iter().find(|language| speaks(&code, *language));
    chosen.into_iter().chain(preferred).find_map(known).unwrap_or_default()
}

/// Whether a language tag, `de` or `de-AT`, is of a language.
fn speaks(tag: &str, language: Language) -> bool {
    tag.split('-').next().is_some_and(|primary| primary.eq_ignore_ascii_case(language.code()))
}

/// How dates and times are written: as the browser prefers in the language of the page.
pub(crate) fn locale(mut preferred: impl Iterator<Item = String>) -> String {
    let language = l10n::language();
    preferred.find(|tag| speaks(tag, language)).unwrap_or_else(|| language.code().to_owned())
}

/// Speaks the user's language from here on; which one that is.
pub fn follow() -> Language {
    let language = best(browser::chosen_language(), browser::languages());
    l10n::speak(language);
    browser::set_language(language.code());
    language
}

/// Children of the language.
#[derive(Clone, Properties, PartialEq)]
pub struct LanguageProps {
    /// What shows text.
    pub children: Html,
}

/// Follows the user's language for its children.
#[component]
pub fn LanguageProvider(props: &LanguageProps) -> Html {
    let language = use_state_eq(follow);
    {
        let language = language.clone();
        use_effect_with((), move |()| {
            let listener = web_sys::window().map(|window| {
                EventListener::new(&window, browser::LANGUAGE_EVENT, move |_| language.set(follow()))
            });
            move || drop(listener)
        });
    }
    html! { <ContextProvider<Language> context={*language}>{ props.children.clone() }</ContextProvider<Language>> }
}

/// The language of the page. Who reads it is drawn again when it changes.
#[hook]
pub fn use_language() -> Language {
    use_context().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_choice_wins_then_the_first_known_preference() {
        let check = |chosen: Option<&str>, preferred: &[&str], expected| {
            let preferred = preferred.iter().map(ToString::to_string);
            assert_eq!(best(chosen.map(str::to_owned), preferred), expected, "{chosen:?}");
        };
        check(None, &[], Language::English);
        check(None, &["de-AT", "en"], Language::German);
        check(None, &["fr", "DE", "en"], Language::German);
        check(None, &["fr", "deu"], Language::English);
        check(Some("en"), &["de"], Language::English);
        check(Some("tlh"), &["de"], Language::German);
    }

    #[test]
    fn dates_are_written_as_preferred_in_the_language_of_the_page() {
        let check = |preferred: &[&str], expected| {
            assert_eq!(locale(preferred.iter().map(ToString::to_string)), expected, "{preferred:?}");
        };
        l10n::speak(Language::German);
        check(&["en-US", "de-CH", "de"], "de-CH");
        check(&["en-US"], "de");
    }
}
