//! The built page in memory: every file with its type, its compressed forms and their tags, and the policy that its
//! `index.html` needs.
//!
//! Guarantees that a request can only reach what [`Site::load`] found: a path is a key of a map, never of the disk.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use axum::http::HeaderValue;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use brotli::enc::BrotliEncoderParams;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

/// The page and its workers are some ten files. This is far above, and stops a directory given by mistake.
const FILES_MAX: usize = 4_096;
/// All of it is held in memory, up to three times.
const BYTES_MAX: u64 = 64 << 20;

/// The best there is: the page is packed once and sent to everyone, and every tab of a class waits for it.
const BROTLI_QUALITY: i32 = 11;

/// The digits of the hash that trunk puts into a file's name.
const NAME_HASH_DIGITS: usize = 16;

/// The built page.
#[derive(Debug)]
pub(crate) struct Site {
    /// By request path without the leading slash.
    files: BTreeMap<String, File>,
    pub(crate) policy: HeaderValue,
    stamp: Stamp,
}

/// One file of it.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) content_type: HeaderValue,
    /// Whether the name changes with the content, so that a copy never goes stale.
    pub(crate) immutable: bool,
    /// By preference, the plain form last.
    pub(crate) variants: Vec<Variant>,
}

/// One form of a file.
#[derive(Debug)]
pub(crate) struct Variant {
    /// Its `Content-Encoding`; `None` is the plain form.
    pub(crate) encoding: Option<&'static str>,
    /// Strong: it names these very bytes.
    pub(crate) etag: HeaderValue,
    pub(crate) bytes: Bytes,
}

/// What tells one build from the next without reading it.
pub(crate) type Stamp = Vec<(PathBuf, u64, SystemTime)>;

/// Why a directory is not served.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SiteError {
    #[error("there is no {0}")]
    NoIndex(PathBuf),
    #[error("more than {FILES_MAX} files, or {BYTES_MAX} bytes: this is no built page")]
    TooLarge,
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("no header can hold its tag or policy: {0}")]
    Header(#[from] axum::http::header::InvalidHeaderValue),
}

impl Site {
    /// Reads and compresses all of `dir`. Takes a second or so: not for the threads that serve.
    pub(crate) fn load(dir: &Path) -> Result<Self, SiteError> {
        let stamp = Self::stamp_of(dir)?;
        let mut files = BTreeMap::new();
        for (path, _, _) in &stamp {
            let bytes = std::fs::read(dir.join(path))?;
            // A name that is not Unicode cannot be asked for.
            let Some(name) = path.to_str() else { continue };
            files.insert(name.replace('\\', "/"), File::new(name, bytes)?);
        }
        let index = files.get("index.html").and_then(|file| file.variants.last());
        let index = index.ok_or_else(|| SiteError::NoIndex(dir.join("index.html")))?;
        let policy = HeaderValue::try_from(policy(&String::from_utf8_lossy(&index.bytes)))?;
        Ok(Self { files, policy, stamp })
    }

    /// What is in `dir`; equal stamps are the same build.
    pub(crate) fn stamp_of(dir: &Path) -> Result<Stamp, SiteError> {
        let mut stamp = Stamp::new();
        let mut bytes_total = 0;
        let mut pending = vec![PathBuf::new()];
        while let Some(inner) = pending.pop() {
            let entries = match std::fs::read_dir(dir.join(&inner)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return Err(SiteError::NoIndex(dir.join("index.html")));
                }
                entries => entries?,
            };
            for entry in entries {
                let entry = entry?;
                let path = inner.join(entry.file_name());
                // A link says nothing of what is behind it, and is not followed out of the directory.
                let metadata = entry.metadata()?;
                if metadata.is_dir() {
                    pending.push(path);
                } else if metadata.is_file() {
                    bytes_total += metadata.len();
                    stamp.push((path, metadata.len(), metadata.modified()?));
                }
                if stamp.len() + pending.len() > FILES_MAX || bytes_total > BYTES_MAX {
                    return Err(SiteError::TooLarge);
                }
            }
        }
        stamp.sort();
        Ok(stamp)
    }

    /// Whether `dir` still holds what was loaded.
    pub(crate) fn is_current(&self, dir: &Path) -> bool {
        Self::stamp_of(dir).is_ok_and(|stamp| stamp == self.stamp)
    }

    /// The file at a request path.
    pub(crate) fn file(&self, path: &str) -> Option<&File> {
        let path = path.strip_prefix('/')?;
        self.files.get(if path.is_empty() { "index.html" } else { path })
    }
}

impl File {
    fn new(name: &str, plain: Vec<u8>) -> Result<Self, SiteError> {
        let (content_type, compressible) = media_type(name);
        let mut forms = Vec::new();
        if compressible {
            forms.push((Some("br"), brotli(&plain)?));
            forms.push((Some("gzip"), gzip(&plain)?));
            forms.retain(|(_, bytes)| bytes.len() < plain.len());
        }
        forms.push((None, plain));
        let variants = forms.into_iter().map(|(encoding, bytes)| {
            let etag = format!("\"{}\"", hex::encode(&Sha256::digest(&bytes)[..16]));
            Ok(Variant { encoding, etag: etag.try_into()?, bytes: bytes.into() })
        });
        Ok(Self {
            content_type: HeaderValue::from_static(content_type),
            immutable: is_hashed(name),
            variants: variants.collect::<Result<_, SiteError>>()?,
        })
    }
}

/// The content security policy of a page: nothing but its own, and the inline scripts that it was built with.
fn policy(html: &str) -> String {
    // A browser hashes what its parser made of the line ends.
    let html = html.replace("\r\n", "\n");
    let mut scripts = String::new();
    for script in inline_scripts(&html) {
        let digest = BASE64_STANDARD.encode(Sha256::digest(script.as_bytes()));
        scripts.push_str(&format!(" 'sha256-{digest}'"));
    }
    format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'{scripts}; style-src 'self'; \
         img-src 'self' data:; connect-src 'self' ws: wss:; worker-src 'self'; manifest-src 'self'; \
         base-uri 'self'; form-action 'none'; frame-ancestors 'none'"
    )
}

/// What stands between the tags of each script that has no `src`. The page is our own build, so that this need not
/// be a parser of all HTML: a script that it misses stays blocked.
fn inline_scripts(html: &str) -> impl Iterator<Item = &str> {
    html.split("<script").skip(1).filter_map(|rest| {
        let (attributes, rest) = rest.split_once('>')?;
        let (script, _) = rest.split_once("</script")?;
        let has_src = attributes.split_ascii_whitespace().any(|attribute| attribute.starts_with("src="));
        (!has_src).then_some(script)
    })
}

/// Whether a name is `name-<hash>.ext` or `name-<hash>_bg.wasm`, as trunk writes what it hashes.
fn is_hashed(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name);
    let stem = file.split_once('.').map_or(file, |(stem, _)| stem);
    let stem = stem.strip_suffix("_bg").unwrap_or(stem);
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    stem.rsplit_once('-').is_some_and(|(_, hash)| hash.len() == NAME_HASH_DIGITS && hash.bytes().all(is_hex))
}

/// The type of a file by its name, and whether compressing it is worth while.
fn media_type(name: &str) -> (&'static str, bool) {
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => ("text/html; charset=utf-8", true),
        "js" | "mjs" => ("text/javascript; charset=utf-8", true),
        "css" => ("text/css; charset=utf-8", true),
        "wasm" => ("application/wasm", true),
        "json" | "map" => ("application/json", true),
        "webmanifest" => ("application/manifest+json", true),
        "svg" => ("image/svg+xml", true),
        "txt" | "ts" => ("text/plain; charset=utf-8", true),
        "ico" => ("image/x-icon", false),
        "png" => ("image/png", false),
        "woff2" => ("font/woff2", false),
        _ => ("application/octet-stream", false),
    }
}

fn brotli(mut plain: &[u8]) -> io::Result<Vec<u8>> {
    let mut packed = Vec::new();
    let size_hint = plain.len();
    let params = BrotliEncoderParams { quality: BROTLI_QUALITY, size_hint, ..Default::default() };
    brotli::BrotliCompress(&mut plain, &mut packed, &params)?;
    Ok(packed)
}

fn gzip(plain: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain)?;
    encoder.finish()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn only_a_name_with_trunks_hash_is_immutable() {
        let check = |name: &str, expect: bool| assert_eq!(is_hashed(name), expect, "{name}");
        check("app-0123456789abcdef.js", true);
        check("app-0123456789abcdef_bg.wasm", true);
        check("sub/style-fedcba9876543210.css", true);
        check("node.js", false);
        check("node_bg.wasm", false);
        check("worker.js", false);
        check("index.html", false);
        check("app-0123456789abcde.js", false);
        check("app-0123456789abcdeg.js", false);
        check("snippets/crate-0123456789abcdef/inline0.js", false);
    }

    #[test]
    fn a_policy_allows_each_inline_script_and_no_other() {
        let html =
            "<script>alert(1)</script><script src=\"a.js\"></script><script type=\"module\">\nx\n</script>";
        assert_eq!(inline_scripts(html).collect::<Vec<_>>(), ["alert(1)", "\nx\n"]);
        // `printf 'alert(1)' | openssl dgst -sha256 -binary | base64`
        let expect = "'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='";
        assert!(policy("<script>alert(1)</script>").contains(expect));
        assert!(!policy("<p>no script</p>").contains("sha256"));
    }

    #[test]
    fn compressed_forms_unpack_to_the_file() {
        let plain = b"tabs all the way down ".repeat(99);
        let mut unpacked = Vec::new();
        brotli::Decompressor::new(&brotli(&plain).expect("packs")[..], 4096)
            .read_to_end(&mut unpacked)
            .expect("unpacks");
        assert_eq!(unpacked, plain);
        let mut unpacked = Vec::new();
        flate2::read::GzDecoder::new(&gzip(&plain).expect("packs")[..])
            .read_to_end(&mut unpacked)
            .expect("unpacks");
        assert_eq!(unpacked, plain);
    }
}
