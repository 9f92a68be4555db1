//! The Web Locks API, bound by hand: web-sys keeps it behind an unstable flag.
//!
//! A lock is held until its [`Lock`] is dropped or its worker ends, however that happens.

use futures::channel::oneshot;
use js_sys::{Array, Function, Object, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::AbortController;

use super::js::{Timer, navigator, property, set_property};

#[wasm_bindgen]
extern "C" {
    type LockManager;
    #[wasm_bindgen(method, catch)]
    fn request(
        this: &LockManager,
        name: &str,
        options: &Object,
        callback: &Function,
    ) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn query(this: &LockManager) -> Result<Promise, JsValue>;
}

/// There are no Web Locks here: an old browser, or a page that is not a secure context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoLocks;

/// A held lock.
pub(super) struct Lock {
    release: Function,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Resolving a promise does not fail.
        let _ = self.release.call0(&JsValue::UNDEFINED);
    }
}

/// Takes the lock `name`, waiting in its queue for up to `wait_ms`; with 0 it is taken only when it is free now.
/// `None` when someone else holds it.
pub(super) async fn acquire(name: &str, wait_ms: u32) -> Result<Option<Lock>, NoLocks> {
    let manager = manager().ok_or(NoLocks)?;
    let options = Object::new();
    let mut deadline = None;
    if wait_ms == 0 {
        set_property(&options, "ifAvailable", &JsValue::TRUE);
    } else {
        let abort = AbortController::new().map_err(|_| NoLocks)?;
        set_property(&options, "signal", &abort.signal());
        deadline = Some(Timer::after(f64::from(wait_ms), move || abort.abort()));
    }
    let (granted, outcome) = oneshot::channel();
    let callback = Closure::once(move |lock: JsValue| -> JsValue {
        if lock.is_null() {
            return JsValue::UNDEFINED;
        }
        let mut release = None;
        let held = Promise::new(&mut |resolve, _| release = Some(resolve));
        // With nobody waiting for it any more the lock is given back at once.
        match release.map(|release| granted.send(Lock { release })) {
            Some(Ok(())) => held.into(),
            Some(Err(_)) | None => JsValue::UNDEFINED,
        }
    });
    let request = manager.request(name, &options, callback.as_ref().unchecked_ref()).map_err(|_| NoLocks)?;
    spawn_local(async move {
        // Settles when the lock is given back, refused or no longer wanted; the callback has to live so long.
        let _ = JsFuture::from(request).await;
        drop(callback);
    });
    let lock = outcome.await.ok();
    drop(deadline);
    Ok(lock)
}

/// What follows `prefix` in the names of all held locks.
pub(super) async fn held(prefix: &str) -> Result<Vec<String>, NoLocks> {
    let query = manager().ok_or(NoLocks)?.query().map_err(|_| NoLocks)?;
    let snapshot = JsFuture::from(query).await.map_err(|_| NoLocks)?;
    let held: Array = property(&snapshot, "held").dyn_into().map_err(|_| NoLocks)?;
    let name = |lock: JsValue| property(&lock, "name").as_string();
    let rest = |name: String| name.strip_prefix(prefix).map(str::to_owned);
    Ok(held.iter().filter_map(name).filter_map(rest).collect())
}

/// Whether there are Web Locks here.
pub(super) fn available() -> bool {
    manager().is_some()
}

fn manager() -> Option<LockManager> {
    let locks = property(&navigator(), "locks");
    locks.is_object().then(|| locks.unchecked_into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test;

    #[test]
    async fn a_lock_has_one_holder_and_the_queue_is_served() {
        let name = format!("test/{}", hex::encode(super::super::js::random::<8>()));
        let first = acquire(&name, 0).await.expect("locks").expect("free");
        assert!(acquire(&name, 0).await.expect("locks").is_none());
        assert!(acquire(&name, 50).await.expect("locks").is_none(), "waits in vain");
        assert_eq!(
            held("test/").await.map(|names| names.contains(&name["test/".len()..].to_owned())),
            Ok(true)
        );
        let release = Timer::after(50.0, move || drop(first));
        assert!(acquire(&name, 5_000).await.expect("locks").is_some(), "served once it is given back");
        drop(release);
    }
}
