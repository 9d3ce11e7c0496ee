//! The templates of pages and letters, compiled in; in the debug profile read from disk and read again when they change.
use rust_embed::{EmbeddedFile, RustEmbed};
use tera::{Context, Kwargs, State, Tera, TeraResult};

use crate::accounts::Internal;

#[derive(RustEmbed)]
#[folder = "templates/"]
struct Sources;

/// Style, script and pictures, compiled in; in the debug profile read from disk.
#[derive(RustEmbed)]
#[folder = "static/"]
pub struct Assets;

/// Renders pages and letters.
pub struct Templates {
    #[cfg(not(debug_assertions))]
    tera: Tera,
    #[cfg(debug_assertions)]
    tera: std::sync::RwLock<(Stamp, Tera)>,
}

#[cfg(not(debug_assertions))]
impl Templates {
    /// Compiles the templates.
    ///
    /// # Errors
    /// A template has a fault.
    pub fn new() -> Result<Self, Internal> {
        Ok(Self { tera: compile()? })
    }

    /// Renders the template called `name`.
    ///
    /// # Errors
    /// No such template, or the context lacks something it needs.
    pub fn render(&self, name: &str, context: &Context) -> Result<String, Internal> {
        Ok(self.tera.render(name, context)?)
    }
}

/// When the templates changed last.
#[cfg(debug_assertions)]
type Stamp = Option<std::time::SystemTime>;

#[cfg(debug_assertions)]
impl Templates {
    /// Compiles the templates.
    ///
    /// # Errors
    /// A template has a fault.
    pub fn new() -> Result<Self, Internal> {
        Ok(Self { tera: std::sync::RwLock::new((changed_last(), compile()?)) })
    }

    /// Renders the template called `name`, as it is on disk now.
    ///
    /// # Errors
    /// No such template, a fault in one, or the context lacks something it needs.
    pub fn render(&self, name: &str, context: &Context) -> Result<String, Internal> {
        use std::sync::PoisonError;
        let stamp = changed_last();
        if self.tera.read().unwrap_or_else(PoisonError::into_inner).0 != stamp {
            *self.tera.write().unwrap_or_else(PoisonError::into_inner) = (stamp, compile()?);
        }
        Ok(self.tera.read().unwrap_or_else(PoisonError::into_inner).1.render(name, context)?)
    }
}

#[cfg(debug_assertions)]
fn changed_last() -> Stamp {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let changed = |name: std::borrow::Cow<'static, str>| std::fs::metadata(folder.join(&*name)).ok()?.modified().ok();
    Sources::iter().filter_map(changed).max()
}

fn compile() -> Result<Tera, Internal> {
    let mut tera = Tera::new();
    tera.autoescape_on([".html.tera"]);
    tera.register_function("asset", asset);
    let mut texts = Vec::new();
    for name in Sources::iter() {
        let file = Sources::get(&name).ok_or_else(|| Internal::new("a template is gone"))?;
        texts.push((name.to_string(), String::from_utf8(file.data.into_owned())?));
    }
    tera.add_raw_templates(texts)?;
    Ok(tera)
}

/// The address of a static file, with a version that changes when the file does: it may be kept for ever.
fn asset(arguments: Kwargs, _: &State<'_>) -> TeraResult<String> {
    let path: &str = arguments.must_get("path")?;
    let file = Assets::get(path).ok_or_else(|| tera::Error::message(format!("there is no static file {path}")))?;
    Ok(format!("/static/{path}?v={}", version(&file)))
}

/// The first 64 bits of the file's SHA-256, in hexadecimal.
pub fn version(file: &EmbeddedFile) -> String {
    file.metadata.sha256_hash()[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}
