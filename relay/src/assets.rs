//! Answers requests for the built page: caching, compression and security headers.
//!
//! Guarantees: a page that is in use is never half old and half new, because what has no hash in its name is asked
//! for again each time; the policy always fits the page that it comes with. A new build is noticed when the page
//! is next opened. Left out: ranges and routing, as the page is small and routes behind its `#`.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock, TryLockError};

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::site::{File, Site, SiteError, Variant};

const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");

/// The directory of the built page, and what was last loaded from it.
#[derive(Debug)]
pub struct Assets {
    dir: PathBuf,
    site: RwLock<Option<Arc<Site>>>,
    /// Held while loading, so that one thread does.
    loading: Mutex<()>,
}

impl Assets {
    /// Loads what is in `dir`. If that is no page, one is looked for again whenever it is asked for.
    #[must_use]
    pub fn open(dir: PathBuf) -> Self {
        let assets = Self { dir, site: RwLock::default(), loading: Mutex::default() };
        if let Err(error) = assets.refresh() {
            let dir = assets.dir.display();
            tracing::warn!(%error, "no page to serve from {dir}: build it with `cargo xtask run`");
        }
        assets
    }

    /// Loads the directory again if it has changed. Keeps what was loaded if that fails: a build may be under way.
    fn refresh(&self) -> Result<(), SiteError> {
        let _loading = match self.loading.try_lock() {
            Ok(guard) => guard,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return Ok(()),
        };
        if self.site().is_some_and(|site| site.is_current(&self.dir)) {
            return Ok(());
        }
        let site = Site::load(&self.dir)?;
        *self.site.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(site));
        Ok(())
    }

    fn site(&self) -> Option<Arc<Site>> {
        self.site.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Answers a request for a file of the page.
pub(crate) async fn answer(assets: Arc<Assets>, request: Request) -> Response {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")]).into_response();
    }
    let path = request.uri().path();
    if matches!(path, "/" | "/index.html") {
        let assets = Arc::clone(&assets);
        let refreshed = tokio::task::spawn_blocking(move || assets.refresh()).await;
        if let Ok(Err(error)) = refreshed {
            tracing::debug!(%error, "the page was not loaded again");
        }
    }
    let Some(site) = assets.site() else {
        return (
            StatusCode::SERVICE_UNAVAILABLE,
            [(header::CACHE_CONTROL, REVALIDATE)],
            "The relay runs, but there is no page to show. `cargo xtask run` builds the page and serves it.\n",
        )
            .into_response();
    };
    let mut response = match site.file(path) {
        Some(file) => file.answer(request.headers()),
        None => (StatusCode::NOT_FOUND, "There is no such file.\n").into_response(),
    };
    // On every file: a worker's policy is the one that its script comes with.
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, site.policy.clone());
    response
}

impl File {
    fn answer(&self, request: &HeaderMap) -> Response {
        let Some(variant) = self.variants.iter().find(|variant| variant.is_accepted(request)) else {
            return StatusCode::NOT_ACCEPTABLE.into_response();
        };
        let mut headers = HeaderMap::new();
        headers.insert(header::ETAG, variant.etag.clone());
        headers.insert(header::CACHE_CONTROL, if self.immutable { IMMUTABLE } else { REVALIDATE });
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if variant.is_cached(request) {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        headers.insert(header::CONTENT_TYPE, self.content_type.clone());
        if let Some(encoding) = variant.encoding {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        (headers, Body::from(variant.bytes.clone())).into_response()
    }
}

impl Variant {
    /// Whether the client takes this form. The plain one is always taken: nobody refuses it in earnest.
    fn is_accepted(&self, request: &HeaderMap) -> bool {
        let Some(encoding) = self.encoding else { return true };
        listed(request, header::ACCEPT_ENCODING).any(|offer| {
            let (name, parameters) = offer.split_once(';').unwrap_or((offer, ""));
            let refused = matches!(parameters.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000");
            name.trim().eq_ignore_ascii_case(encoding) && !refused
        })
    }

    /// Whether the client has this very form already.
    fn is_cached(&self, request: &HeaderMap) -> bool {
        listed(request, header::IF_NONE_MATCH).any(|tag| {
            // A proxy on the way may have weakened the tag; for this comparison that changes nothing.
            tag == "*" || tag.strip_prefix("W/").unwrap_or(tag).as_bytes() == self.etag.as_bytes()
        })
    }
}

/// The items of a header that is a list with commas.
fn listed(headers: &HeaderMap, name: header::HeaderName) -> impl Iterator<Item = &str> {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim)
}
