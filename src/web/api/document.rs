//! The OpenAPI document of this site: `docs/openapi.json` with its settings.
use std::sync::OnceLock;

use rocket::fairing::{AdHoc, Fairing};
use serde_json::{Value, json};

use crate::{
    accounts::{Accounts, Internal},
    web::Site,
};

/// What [`super::generated()`] gave.
const ANY_SITE: &str = include_str!("../../../docs/openapi.json");

/// The document. It is made when somebody asks for it: most servers are never asked.
pub struct Document {
    url: String,
    cookie: String,
    password_length: u8,
    text: OnceLock<String>,
}

/// Takes what the document says of the site and its settings.
pub fn fairing() -> impl Fairing {
    AdHoc::try_on_ignite("API document", |rocket| async move {
        let (Some(site), Some(accounts)) = (rocket.state::<Site>(), rocket.state::<Accounts>()) else {
            return Err(rocket);
        };
        let document = Document {
            url: site.url.clone(),
            cookie: site.session_cookie.clone(),
            password_length: accounts.min_password_length(),
            text: OnceLock::new(),
        };
        Ok(rocket.manage(document))
    })
}

impl Document {
    /// As JSON.
    ///
    /// # Errors
    /// A fault of ours.
    pub fn text(&self) -> Result<&str, Internal> {
        if let Some(text) = self.text.get() {
            return Ok(text);
        }
        let text = self.value()?.to_string();
        Ok(self.text.get_or_init(|| text))
    }

    /// As a tree, made anew.
    ///
    /// # Errors
    /// A fault of ours.
    pub fn value(&self) -> Result<Value, Internal> {
        let mut document: Value = serde_json::from_str(ANY_SITE)?;
        document["servers"] = json!([{ "url": self.url }]);
        document["components"]["securitySchemes"]["session"]["name"] = self.cookie.as_str().into();
        for (_, schema) in document["components"]["schemas"].as_object_mut().into_iter().flatten() {
            if let Some(length) = schema.pointer_mut("/properties/password/minLength") {
                *length = self.password_length.into();
            }
        }
        Ok(document)
    }
}
