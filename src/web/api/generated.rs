//! What the handlers say of themselves, and once for all of them what they have in common. A server does not run this: what it gives
//! is kept in `docs/openapi.json`, and a test compares.
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use utoipa::OpenApi;

use super::{
    account, admin, confirm, docs, forgot_password, health, logout, reset_password, second_factor, session, sessions,
    signin, signup, token, verify_email,
};
use crate::web::problem;

/// What stands before all calls.
const ABOUT: &str = "\
Bodies are JSON objects of up to 16 KiB, sent as `application/json`; unknown fields are refused. Times are RFC 3339 in UTC, \
ids are opaque. Errors are `application/problem+json` (RFC 9457) with a `code` for programs. An address may end with a slash.";

/// What the session cookie is and what a call with it needs besides.
const SESSION: &str = "\
The session: signing in sets it, and every answer renews it. A call with this cookie that is not `GET` must say where it comes from: \
`Sec-Fetch-Site: same-origin`, or the right `Origin`, as browsers do by themselves; a program sends neither, but `X-Requested-With` with \
any value. Otherwise the answer is 403 `cross_site`. A call with an `Authorization` header counts as one without the cookie.";

/// What an access token is.
const ACCESS_TOKEN: &str = "\
An access token of `POST /api/auth/token`. Other services can verify it with the keys at `/.well-known/jwks.json`: EdDSA, `typ` `access+jwt`, \
`iss` this address, `aud` this address with `/api`. They learn of an ended session when the token ends; this server knows at once.";

#[derive(OpenApi)]
#[openapi(
    info(title = "Nightlatch", description = ABOUT, license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")),
    tags(
        (name = "Signing up", description = "An account begins with an address that is proven by a mailed code."),
        (name = "Signing in", description = "Sessions, and the way back in for those who forgot their password."),
        (name = "Tokens", description = "Sessions of programs that keep no cookies."),
        (name = "Account", description = "What a person can see and change of the own account."),
        (name = "Second factor", description = "Codes of an authenticator app beside the password, and recovery codes for when the app is lost."),
        (name = "Administration", description = "What superusers see and do. What changes something needs a password that was given a short while ago."),
        (name = "This document", description = "The calls, for programs and for people."),
        (name = "Health", description = "What a load balancer or a supervisor asks."),
    ),
    components(schemas(problem::Body))
)]
struct Whole;

#[derive(OpenApi)]
#[openapi(paths(
    signup::submit,
    verify_email::submit,
    verify_email::resend,
    signin::submit,
    signin::submit_code,
    token::issue,
    token::issue_for_code,
    token::refresh,
    session::show,
    confirm::submit,
    logout::submit,
    logout::everywhere,
    forgot_password::submit,
    reset_password::submit,
    account::show,
    account::rename,
    account::change_password,
    account::change_email,
    account::confirm_email,
    account::delete,
    second_factor::show,
    second_factor::begin,
    second_factor::confirm,
    second_factor::replace_recovery_codes,
    second_factor::remove,
    sessions::list,
    sessions::end,
    sessions::end_others,
    account::events,
    account::export,
    admin::users::list,
    admin::users::create,
    admin::users::show,
    admin::users::change,
    admin::users::delete,
    admin::users::logout,
    admin::users::send_reset,
    admin::users::reset_second_factor,
    admin::sessions::list,
    admin::sessions::logout_everyone,
    admin::events::list,
    admin::stats::show,
    docs::document,
    docs::show,
))]
struct Api;

#[derive(OpenApi)]
#[openapi(paths(health::live, health::ready))]
struct Health;

#[derive(OpenApi)]
#[openapi(paths(token::keys))]
struct WellKnown;

/// The OpenAPI document of any site; `super::document` puts the settings of one into it. `None` where something is not as expected.
pub fn generated() -> Option<Value> {
    let generated = Whole::openapi()
        .nest("/api", Api::openapi())
        .nest("/health", Health::openapi())
        .nest("/.well-known", WellKnown::openapi());
    let mut document = serde_json::to_value(generated).ok()?;
    let cookie = json!({ "type": "apiKey", "in": "cookie", "name": "__Host-nightlatch", "description": SESSION });
    let bearer = json!({ "type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": ACCESS_TOKEN });
    document["components"]["securitySchemes"] = json!({ "session": cookie, "accessToken": bearer });
    for (name, schema) in document["components"]["schemas"].as_object_mut()? {
        if schema["additionalProperties"] == false {
            objects(&mut schema["properties"]).for_each(refuse_nul);
        }
        // Answers leave out nothing; what there is none of is null.
        if name.ends_with("Answer") {
            schema["required"] = schema["properties"].as_object()?.keys().cloned().collect();
        }
    }
    for item in objects(&mut document["paths"]) {
        for (method, operation) in item.as_object_mut()? {
            complete(method, operation)?;
        }
    }
    Some(document)
}

/// No database here stores NUL in a text.
fn refuse_nul(property: &mut Value) {
    if property["type"] == "string" && property.get("pattern").is_none() {
        property["pattern"] = r"^[^\u0000]*$".into();
    }
}

fn objects(of: &mut Value) -> impl Iterator<Item = &mut Value> {
    of.as_object_mut().into_iter().flat_map(Map::values_mut)
}

/// Adds the problems that calls of this kind have in common. Those that a handler names by their codes alone are written out.
fn complete(method: &str, operation: &mut Value) -> Option<()> {
    let (sends, changes) = (operation.get("requestBody").is_some(), method != "get");
    let session = operation.get("security").is_some();
    if let Some(ways) = operation.get_mut("security").and_then(Value::as_array_mut) {
        ways.push(json!({ "accessToken": [] }));
    }
    let stored = !["Health", "This document"].iter().any(|tag| operation["tags"][0] == *tag);
    let responses = operation["responses"].as_object_mut()?;
    let mut codes = BTreeMap::<u16, BTreeSet<String>>::new();
    for (status, response) in
        responses.iter().filter(|(status, response)| status.as_str() >= "4" && response.get("content").is_none())
    {
        let named = response["description"].as_str()?.split_whitespace().map(str::to_owned);
        codes.entry(status.parse().ok()?).or_default().extend(named);
    }
    let common = [
        (true, 400, "invalid_input"),
        (session, 401, "not_signed_in"),
        (changes, 403, "cross_site"),
        (true, 405, "method_not_allowed"),
        (sends, 408, "invalid_input"),
        (sends, 413, "payload_too_large"),
        (sends, 415, "unsupported_media_type"),
        (sends, 422, "invalid_input"),
        (true, 500, "internal"),
        // A full queue of passwords, or a database that does not answer.
        (stored, 503, "overloaded"),
    ];
    for (_, status, code) in common.into_iter().filter(|(applies, ..)| *applies) {
        codes.entry(status).or_default().insert(code.to_owned());
    }
    for (status, codes) in codes {
        responses.insert(status.to_string(), response(status, &codes));
    }
    Some(())
}

fn response(status: u16, codes: &BTreeSet<String>) -> Value {
    let worded = problem::kinds().filter(|(of, code, _)| *of == status && codes.contains(*code));
    let description: Vec<_> = worded.map(|(_, code, title)| format!("`{code}`: {title}")).collect();
    let these = json!({ "properties": { "status": { "const": status }, "code": { "enum": codes } } });
    let schema = json!({ "allOf": [{ "$ref": "#/components/schemas/Problem" }, these] });
    let mut response = json!({ "description": description.join(". "), "content": { "application/problem+json": { "schema": schema } } });
    let header = match status {
        401 => json!({ "WWW-Authenticate": { "description": "`Bearer` (RFC 6750)", "schema": { "type": "string" } } }),
        405 => json!({ "Allow": { "description": "The methods that are taken here", "schema": { "type": "string" } } }),
        429 | 503 => json!({ "Retry-After": { "description": "Seconds to wait", "schema": { "type": "integer" } } }),
        _ => return response,
    };
    response["headers"] = header;
    response
}
