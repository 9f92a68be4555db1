//! A labelled field with a hint and an error of its own. What was typed stays, whatever is refused.

use web_sys::HtmlInputElement;
use yew::prelude::*;

#[derive(Clone, Properties, PartialEq)]
pub(crate) struct FieldProps {
    /// The element's id, and its name for tests.
    pub(crate) id: &'static str,
    /// What the field is.
    pub(crate) label: &'static str,
    /// What belongs into it.
    #[prop_or_default]
    pub(crate) hint: Option<AttrValue>,
    /// Why its value was refused.
    #[prop_or_default]
    pub(crate) error: Option<AttrValue>,
    /// The name of the error for tests.
    #[prop_or("field-error")]
    pub(crate) error_test: &'static str,
    /// What is typed.
    pub(crate) value: AttrValue,
    /// What phones show as keyboard.
    #[prop_or("text")]
    pub(crate) inputmode: &'static str,
    /// The id of a list of suggestions.
    #[prop_or_default]
    pub(crate) list: Option<&'static str>,
    /// Whether it has the focus when it appears.
    #[prop_or_default]
    pub(crate) autofocus: bool,
    /// The typed text, at each change.
    pub(crate) typed: Callback<String>,
}

/// A field of one line.
#[component]
pub(crate) fn Field(props: &FieldProps) -> Html {
    let input = use_node_ref();
    {
        let input = input.clone();
        // The eye and the keyboard go to what was refused.
        use_effect_with(props.error.clone(), move |error| {
            if let (Some(_), Some(input)) = (error, input.cast::<HtmlInputElement>()) {
                input.focus().ok();
            }
        });
    }
    let typed = props.typed.clone();
    let oninput =
        move |event: InputEvent| typed.emit(event.target_unchecked_into::<HtmlInputElement>().value());
    let note = format!("{}-note", props.id);
    html! {
        <div class="field" data-invalid={props.error.is_some().then_some("true")}>
            <label for={props.id}>{ props.label }</label>
            <input ref={input} id={props.id} data-test={props.id} type="text" autocomplete="off" autocapitalize="off"
                spellcheck="false" inputmode={props.inputmode} list={props.list} value={props.value.clone()} autofocus={props.autofocus} {oninput}
                aria-describedby={note.clone()} aria-invalid={props.error.is_some().to_string()} />
            <p class="note" id={note} role={props.error.is_some().then_some("alert")}
                data-test={props.error.is_some().then_some(props.error_test)}>
                { props.error.clone().or_else(|| props.hint.clone()) }
            </p>
        </div>
    }
}
