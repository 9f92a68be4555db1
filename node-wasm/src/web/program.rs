//! One program, three roles: a page, its node worker and its miner workers are instances of one wasm module.
//!
//! The browser fetches and compiles it once, and a page and its workers can never be of different builds. A worker
//! begins as `worker.js`, is handed the compiled module with its first message, and finds its role in its name.

use js_sys::Object;
use wasm_bindgen::prelude::*;
use web_sys::{DedicatedWorkerGlobalScope, Worker, WorkerOptions, WorkerType};

use super::js::{set_property, text_of};
use super::{miner_worker, worker};

/// The file that every worker begins with. It lies beside the program.
const WORKER_FILE: &str = "worker.js";

#[wasm_bindgen]
extern "C" {
    type ImportMeta;
    #[wasm_bindgen(thread_local_v2, js_namespace = import, js_name = meta)]
    static IMPORT_META: ImportMeta;
    #[wasm_bindgen(method, getter)]
    fn url(this: &ImportMeta) -> String;
}

/// What a worker is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Node,
    Miner,
}

impl Role {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Node => "tabchain node",
            Self::Miner => "tabchain miner",
        }
    }
}

/// Runs the role of this thread, and `page` where it is a page's. Returns at once; the rest happens in callbacks.
///
/// # Errors
/// When a worker lacks what every browser has.
pub fn run(page: impl FnOnce()) -> Result<(), JsValue> {
    let Ok(scope) = js_sys::global().dyn_into::<DedicatedWorkerGlobalScope>() else {
        page();
        return Ok(());
    };
    if scope.name() == Role::Miner.name() { miner_worker::run(&scope) } else { worker::run(scope) }
}

/// Whether this thread is a worker, and not a page.
#[must_use]
pub fn is_worker() -> bool {
    js_sys::global().is_instance_of::<DedicatedWorkerGlobalScope>()
}

/// Starts another instance of this program in a worker that has this name.
pub(super) fn spawn(name: &str) -> Result<Worker, String> {
    let error = |error: JsValue| text_of(&error);
    let glue = IMPORT_META.with(ImportMeta::url);
    let file = web_sys::Url::new_with_base(WORKER_FILE, &glue).map_err(error)?;
    let options = WorkerOptions::new();
    options.set_type(WorkerType::Module);
    options.set_name(name);
    let worker = Worker::new_with_options(&file.href(), &options).map_err(error)?;
    let program = Object::new();
    set_property(&program, "glue", &glue.into());
    set_property(&program, "module", &wasm_bindgen::module());
    worker.post_message(&program).map_err(error)?;
    Ok(worker)
}
