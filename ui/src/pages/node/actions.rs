//! What can be asked of the node: sync, check, export, import, reset. Each shows its result in place.

use node_wasm::api::{Command, Reply, Verifying};
use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::components::modal::Modal;
use crate::node::{Answer, Session, unexpected, use_session};
use crate::state::Action;
use crate::{browser, text};

#[derive(Clone, Properties, PartialEq)]
pub(super) struct ActionsProps {
    /// To the state.
    pub(super) dispatch: Callback<Action>,
    /// The height of the tip, for the file's name.
    pub(super) height: u32,
    /// How far a check of the chain is.
    pub(super) checking: Option<Verifying>,
}

/// The result of an action, and the name of its element for tests.
#[derive(Clone, PartialEq)]
struct Outcome {
    test: &'static str,
    text: String,
    bad: bool,
}

impl Outcome {
    fn good(test: &'static str, text: String) -> Self {
        Self { test, text, bad: false }
    }

    fn bad(test: &'static str, text: String) -> Self {
        Self { test, text, bad: true }
    }
}

/// The buttons.
#[component]
pub(super) fn Actions(props: &ActionsProps) -> Html {
    let Session { node, room, .. } = use_session();
    let outcome = use_state(|| None::<Outcome>);
    let asking = use_state(|| false);
    // Asks a command and shows what came of it.
    let ask = {
        let (node, outcome) = (node.clone(), outcome.clone());
        move |test: &'static str, busy: &str, command: Command, read: fn(&'static str, Answer) -> Outcome| {
            let checks = matches!(command, Command::Verify);
            let name = if checks { "check-busy" } else { "action-busy" };
            outcome.set(Some(Outcome::good(name, busy.to_owned())));
            let outcome = outcome.clone();
            node.ask(command, move |answer| outcome.set(Some(read(test, answer))));
        }
    };
    let sync = {
        let ask = ask.clone();
        move |_: MouseEvent| ask("sync-result", "Asking the peers.", Command::Sync, read_sync)
    };
    let check = {
        let (ask, dispatch) = (ask.clone(), props.dispatch.clone());
        move |_: MouseEvent| {
            dispatch.emit(Action::Checking);
            ask("check-result", "Checking every block.", Command::Verify, read_check);
        }
    };
    let export = {
        let (outcome, file) = (outcome.clone(), format!("{room}-{}.tabchain", props.height));
        move |_: MouseEvent| {
            let (outcome, file) = (outcome.clone(), file.clone());
            node.ask(Command::Export, move |answer| outcome.set(Some(save(&file, answer))));
        }
    };
    let import = {
        let ask = ask.clone();
        move |event: Event| {
            let input: HtmlInputElement = event.target_unchecked_into();
            let (file, ask) = (input.files().and_then(|files| files.get(0)), ask.clone());
            // The same file chosen again is a change again.
            input.set_value("");
            if let Some(file) = file {
                wasm_bindgen_futures::spawn_local(async move {
                    let bytes = browser::read(file).await.unwrap_or_default();
                    ask("import-result", "Checking the file.", Command::Import { bytes }, read_import);
                });
            }
        }
    };
    let reset = {
        let asking = asking.clone();
        Callback::from(move |()| {
            asking.set(false);
            ask("reset-result", "Forgetting the chain.", Command::Reset, read_reset);
        })
    };
    let set = |value: bool| {
        let asking = asking.clone();
        Callback::from(move |()| asking.set(value))
    };
    let (open, closed) = (set(true), set(false));
    html! {
        <>
            <div class="actions">
                <button type="button" class="button" data-test="sync-now" onclick={sync}>{ "Sync now" }</button>
                <button type="button" class="button" data-test="check-chain" onclick={check}>{ "Check chain" }</button>
                <button type="button" class="button" data-test="export-chain" onclick={export}>{ "Export" }</button>
                <label class="button">{ "Import" }
                    <input class="visually-hidden" type="file" accept=".tabchain" data-test="import-chain" onchange={import} /></label>
                <button type="button" class="button danger" data-test="reset-chain" aria-haspopup="dialog"
                    onclick={open.reform(|_: MouseEvent| ())}>{ "Reset my chain" }</button>
            </div>
            <div class="outcome" aria-live="polite">
                if let Some(outcome) = &*outcome {
                    <p class={classes!("note", outcome.bad.then_some("wrong"))} data-test={outcome.test}>{ &outcome.text }</p>
                    if let Some(far) = props.checking.filter(|_| outcome.test == "check-busy") {
                        <progress data-test="check-progress" aria-label="Blocks checked"
                            value={far.height.to_string()} max={far.total.to_string()} />
                    }
                }
            </div>
            if *asking { { reset_dialog(reset, closed) } }
        </>
    }
}

fn read_sync(test: &'static str, answer: Answer) -> Outcome {
    read(
        test,
        answer,
        |reply| if let Reply::Synced(result) = reply { Some(text::synced(&result)) } else { None },
    )
}

fn read_check(test: &'static str, answer: Answer) -> Outcome {
    match answer {
        Ok(Reply::Verified(result)) if result.valid => Outcome::good(test, text::verified(&result)),
        Ok(Reply::Verified(result)) => Outcome::bad(test, text::verified(&result)),
        answer => read(test, answer, |_| None),
    }
}

fn read_import(test: &'static str, answer: Answer) -> Outcome {
    read(
        test,
        answer,
        |reply| if let Reply::Imported(result) = reply { Some(text::imported(&result)) } else { None },
    )
}

fn read_reset(test: &'static str, answer: Answer) -> Outcome {
    read(test, answer, |reply| {
        matches!(reply, Reply::Done).then(|| {
            "Your chain starts again from genesis, with the same key. A peer that has it sends it back."
                .to_owned()
        })
    })
}

fn save(file: &str, answer: Answer) -> Outcome {
    const TEST: &str = "export-result";
    match answer {
        Ok(Reply::Exported(bytes)) if browser::save(file, &bytes) => {
            Outcome::good(TEST, format!("Saved as {file}, {}.", text::bytes(bytes.len() as u64)))
        }
        Ok(Reply::Exported(_)) => Outcome::bad(TEST, "The browser did not save the file.".to_owned()),
        answer => read(TEST, answer, |_| None),
    }
}

fn read(test: &'static str, answer: Answer, sentence: impl Fn(Reply) -> Option<String>) -> Outcome {
    match answer.map(sentence) {
        Ok(Some(text)) => Outcome::good(test, text),
        Ok(None) => Outcome::bad(test, unexpected()),
        Err(refused) => Outcome::bad(test, text::sentence(&refused.message)),
    }
}

/// The question before the chain is forgotten.
fn reset_dialog(confirmed: Callback<()>, closed: Callback<()>) -> Html {
    html! {
        <Modal id="reset-dialog" title="Reset my chain?" closed={closed.clone()}>
            <p>{ "This tab forgets its blocks and its waiting payments, and starts again from genesis. It keeps its key. A peer that has the chain sends it back; without one the blocks are lost." }</p>
            <div class="actions">
                <button type="button" class="button" data-test="reset-cancel" autofocus=true
                    onclick={closed.reform(|_: MouseEvent| ())}>{ "Cancel" }</button>
                <button type="button" class="button danger" data-test="reset-confirm"
                    onclick={confirmed.reform(|_: MouseEvent| ())}>{ "Reset" }</button>
            </div>
        </Modal>
    }
}
