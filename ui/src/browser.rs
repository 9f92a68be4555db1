//! What the page asks of its browser: the address, the clipboard, sharing, files, the theme, the languages, the clock.
//!
//! Nothing here panics where a browser refuses: a refusal is `None`, `false` or no effect.

use js_sys::{Array, Function, Object, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Blob, HtmlAnchorElement, HtmlDocument, HtmlElement, HtmlTextAreaElement, Location, Url, Window,
};

fn window() -> Window {
    web_sys::window().expect("the page's code runs in a window")
}

fn location() -> Location {
    window().location()
}

/// The clock, in Unix milliseconds.
#[must_use]
pub fn now_ms() -> u64 {
    js_sys::Date::now() as u64
}

/// A time of day where the user is: `13:05:59`.
#[must_use]
pub fn time_of_day(ms: u64) -> String {
    let text = String::from(js_sys::Date::new(&JsValue::from_f64(ms as f64)).to_time_string());
    text.chars().take(8).collect()
}

/// A date and time in UTC, as ISO 8601.
#[must_use]
pub fn date_time(ms: u64) -> String {
    let date = js_sys::Date::new(&JsValue::from_f64(ms as f64));
    // A date outside JavaScript's range would throw.
    if date.get_time().is_nan() { "unknown".to_owned() } else { date.to_iso_string().into() }
}

/// A date and time where the user is, as written in the language of the page.
#[must_use]
pub fn local_time(ms: u64) -> String {
    let date = js_sys::Date::new(&JsValue::from_f64(ms as f64));
    date.to_locale_string(&crate::language::locale(languages()), &JsValue::UNDEFINED).into()
}

/// The part of the address from `#` on, as people read it.
#[must_use]
pub fn hash() -> String {
    decoded(&location().hash().unwrap_or_default())
}

/// A part of an address without its %-escapes, or as it is where they are none.
fn decoded(text: &str) -> String {
    js_sys::decode_uri_component(text).map_or_else(|_| text.to_owned(), String::from)
}

/// Goes to another part of the page; a step back undoes it.
pub fn go(hash: &str) {
    // Browsers refuse only after hundreds of changes in seconds; then the page stays where it is.
    location().set_hash(hash).ok();
}

/// Loads the page again.
pub fn reload() {
    location().reload().ok();
}

/// The relay that the address names.
#[must_use]
pub fn relay() -> Option<String> {
    let search = location().search().ok()?;
    crate::route::relay_of(&search).map(decoded)
}

/// The whole link to a part of the page.
#[must_use]
pub fn link_to(hash: &str) -> String {
    let href = location().href().unwrap_or_default();
    let page = href.split('#').next().unwrap_or_default();
    format!("{page}{hash}")
}

/// Runs a module of the page's own.
pub fn load_script(path: &str) {
    let Some(document) = window().document() else { return };
    if let (Ok(script), Some(head)) = (document.create_element("script"), document.head()) {
        // A fresh element takes any attribute and any child.
        script.set_attribute("type", "module").ok();
        script.set_attribute("src", path).ok();
        head.append_child(&script).ok();
    }
}

/// Tells the whole page that something happened.
pub fn announce(event: &str) {
    if let Ok(event) = web_sys::Event::new(event) {
        window().dispatch_event(&event).ok();
    }
}

/// Names the tab.
pub fn set_title(title: &str) {
    if let Some(document) = window().document() {
        document.set_title(title);
    }
}

/// Puts a text into the clipboard; says whether it is there. Where the browser keeps its clipboard for secure pages
/// the old command does it, and where that is refused the user, from a dialog that holds the text selected.
pub async fn copy(text: String) -> bool {
    let clipboard = Reflect::get(&window().navigator(), &"clipboard".into()).unwrap_or_default();
    if let Ok(clipboard) = clipboard.dyn_into::<web_sys::Clipboard>()
        && JsFuture::from(clipboard.write_text(&text)).await.is_ok()
    {
        return true;
    }
    let copied = copy_selected(&text).unwrap_or(false);
    if !copied {
        window().prompt_with_message_and_default("Press Ctrl-C to copy:", &text).ok();
    }
    copied
}

/// Copies by a selection: the way of pages that are neither https nor local.
fn copy_selected(text: &str) -> Option<bool> {
    let document: HtmlDocument = window().document()?.unchecked_into();
    let focused = document.active_element();
    let area: HtmlTextAreaElement = document.create_element("textarea").ok()?.unchecked_into();
    area.set_class_name("visually-hidden");
    area.set_value(text);
    document.body()?.append_child(&area).ok()?;
    area.select();
    let copied = document.exec_command("copy").ok();
    area.remove();
    focused.and_then(|element| element.unchecked_into::<HtmlElement>().focus().ok());
    copied
}

/// Whether the system has a dialog for sharing.
#[must_use]
pub fn can_share() -> bool {
    Reflect::get(&window().navigator(), &"share".into()).is_ok_and(|share| share.is_function())
}

/// Opens the system's dialog for sharing.
pub fn share(title: &str, url: &str) {
    let navigator = window().navigator();
    let data = Object::new();
    let filled = Reflect::set(&data, &"title".into(), &title.into())
        .and_then(|_| Reflect::set(&data, &"url".into(), &url.into()))
        .and_then(|_| Reflect::get(&navigator, &"share".into()));
    if let Ok(share) = filled
        && let Some(share) = share.dyn_ref::<Function>()
        && let Ok(promise) = share.call1(&navigator, &data)
    {
        // A closed dialog rejects: that is the user's answer.
        wasm_bindgen_futures::spawn_local(async move {
            JsFuture::from(js_sys::Promise::resolve(&promise)).await.ok();
        });
    }
}

/// Saves bytes as a file of the user's.
pub fn save(name: &str, bytes: &[u8]) -> bool {
    let parts = Array::of1(&Uint8Array::from(bytes));
    let Ok(url) =
        Blob::new_with_u8_array_sequence(&parts).and_then(|blob| Url::create_object_url_with_blob(&blob))
    else {
        return false;
    };
    if let Some(anchor) = window().document().and_then(|document| document.create_element("a").ok()) {
        let anchor: HtmlAnchorElement = anchor.unchecked_into();
        anchor.set_href(&url);
        anchor.set_download(name);
        anchor.click();
    }
    // The download has taken its own reference when the click returns.
    Url::revoke_object_url(&url).is_ok()
}

/// Reads a file of the user's.
pub async fn read(file: web_sys::File) -> Option<Vec<u8>> {
    let buffer = JsFuture::from(file.array_buffer()).await.ok()?;
    Some(Uint8Array::new(&buffer).to_vec())
}

/// What the browser remembers for the page under a name. Nothing that belongs to a node, which keeps its own.
#[must_use]
pub fn kept(name: &str) -> Option<String> {
    window().local_storage().ok()??.get_item(name).ok()?
}

/// Remembers something, or forgets it. Without storage it lasts as long as the page.
pub fn keep(name: &str, value: Option<&str>) {
    if let Ok(Some(storage)) = window().local_storage() {
        match value {
            Some(value) => storage.set_item(name, value).ok(),
            None => storage.remove_item(name).ok(),
        };
    }
}

const THEME_KEY: &str = "theme";
const LANGUAGE_KEY: &str = "language";
/// Where the choice stands for all programs of the page, with storage or without.
const LANGUAGE_MARK: &str = "data-language";

/// The theme that the user chose: `light` or `dark`; `None` follows the system.
#[must_use]
pub fn theme() -> Option<String> {
    kept(THEME_KEY)
}

/// Shows and remembers a theme.
pub fn set_theme(theme: Option<&str>) {
    mark_root("data-theme", theme);
    keep(THEME_KEY, theme);
}

/// The languages that the user prefers, the best first.
pub fn languages() -> impl Iterator<Item = String> {
    window().navigator().languages().to_vec().into_iter().filter_map(|language| language.as_string())
}

/// The code of the language that the user chose here.
#[must_use]
pub fn chosen_language() -> Option<String> {
    let here = root().and_then(|root| root.get_attribute(LANGUAGE_MARK));
    here.or_else(|| kept(LANGUAGE_KEY))
}

/// Remembers the user's choice of a language and tells every program of the page, as the browser tells when its own
/// languages change.
pub fn choose_language(code: &str) {
    mark_root(LANGUAGE_MARK, Some(code));
    keep(LANGUAGE_KEY, Some(code));
    announce(LANGUAGE_EVENT);
}

/// The event of the window after which [`chosen_language`] and [`languages`] may say something else.
pub const LANGUAGE_EVENT: &str = "languagechange";

/// Says in which language the document is.
pub fn set_language(code: &str) {
    mark_root("lang", Some(code));
}

fn root() -> Option<web_sys::Element> {
    window().document()?.document_element()
}

fn mark_root(attribute: &str, value: Option<&str>) {
    if let Some(root) = root() {
        match value {
            Some(value) => root.set_attribute(attribute, value).ok(),
            None => root.remove_attribute(attribute).ok(),
        };
    }
}
