//! A question or a detail above the page: the browser's own dialog, which keeps the focus and closes on Escape or,
//! in browsers that know how, on a click beside it.

use web_sys::HtmlDialogElement;
use yew::prelude::*;

#[derive(Clone, Properties, PartialEq)]
pub(crate) struct ModalProps {
    /// The name of the dialog for tests, and of its title's id.
    pub(crate) id: &'static str,
    /// What it is about.
    pub(crate) title: AttrValue,
    /// Called when it was closed, however.
    pub(crate) closed: Callback<()>,
    /// What it says.
    pub(crate) children: Html,
}

/// A dialog that is open for as long as it is in the document.
#[component]
pub(crate) fn Modal(props: &ModalProps) -> Html {
    let dialog = use_node_ref();
    {
        let dialog = dialog.clone();
        use_effect_with((), move |()| {
            let element = dialog.cast::<HtmlDialogElement>();
            if let Some(element) = &element {
                // Refused only for a dialog that is open already.
                element.show_modal().ok();
            }
            // Closing, and not only removing, gives the focus back to where it was.
            move || element.iter().for_each(HtmlDialogElement::close)
        });
    }
    let onclose = {
        let closed = props.closed.clone();
        move |_: Event| closed.emit(())
    };
    let close = {
        let dialog = dialog.clone();
        move |_: MouseEvent| dialog.cast::<HtmlDialogElement>().iter().for_each(HtmlDialogElement::close)
    };
    let title = format!("{}-title", props.id);
    html! {
        <dialog ref={dialog} class="modal" data-test={props.id} closedby="any" aria-labelledby={title.clone()} {onclose}>
            <header>
                <h2 id={title}>{ props.title.clone() }</h2>
                <button type="button" class="button small" data-test="modal-close" onclick={close}>{ "Close" }</button>
            </header>
            { props.children.clone() }
        </dialog>
    }
}
