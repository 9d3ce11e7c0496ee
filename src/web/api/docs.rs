//! `GET /api/openapi.json` and `GET /api/docs`: the API, for programs and for people.
use rocket::{
    Responder, State, get,
    http::{ContentType, Header},
};
use serde_json::{Map, Value, json};
use tera::context;

use super::document::Document;
use crate::web::{
    Problem,
    view::{Page, Pages},
};

/// Its browser may keep it for a minute; a copy on the way would keep the cookie beside it.
const CACHE: &str = "private, max-age=60";

/// The document, and how long it may be kept.
#[derive(Responder)]
pub struct Text {
    inner: (ContentType, String),
    cache: Header<'static>,
}

/// This document: OpenAPI 3.1.
#[utoipa::path(
    operation_id = "showDocument",
    tag = "This document",
    responses(
        (status = 200, description = "The document", body = Object),
    ),
)]
#[get("/openapi.json")]
pub fn document(document: &State<Document>) -> Result<Text, Problem> {
    Ok(Text { inner: (ContentType::JSON, document.text()?.to_owned()), cache: Header::new("Cache-Control", CACHE) })
}

/// The same as a page for people.
#[utoipa::path(
    operation_id = "showDocs",
    tag = "This document",
    responses(
        (status = 200, description = "The page", body = String, content_type = "text/html"),
    ),
)]
#[get("/docs")]
pub fn show(pages: Pages<'_>, document: &State<Document>) -> Result<Page, Problem> {
    Ok(pages.show("api_docs", context! { api => &readable(&document.value()?) }))
}

/// What the page shows of the document: calls by their tags, each with its fields and answers.
fn readable(document: &Value) -> Value {
    let calls: Vec<Value> = members(&document["paths"])
        .flat_map(|(path, item)| members(item).map(move |(method, operation)| call(document, path, method, operation)))
        .collect();
    let groups = items(&document["tags"]).map(|tag| {
        let calls: Vec<_> = calls.iter().filter(|call| call["tag"] == tag["name"]).collect();
        json!({ "name": tag["name"], "id": slug(&tag["name"]), "about": tag["description"], "calls": calls })
    });
    let session = &document["components"]["securitySchemes"]["session"];
    json!({
        "version": document["info"]["version"],
        "about": code(&document["info"]["description"]),
        "session": { "cookie": session["name"], "about": code(&session["description"]) },
        "groups": groups.collect::<Vec<_>>(),
        "problems": crate::web::problem::kinds()
            .map(|(status, code, title)| json!({ "status": status, "code": code, "title": title }))
            .collect::<Vec<_>>(),
    })
}

fn call(document: &Value, path: &str, method: &str, operation: &Value) -> Value {
    let parameters = items(&operation["parameters"]).map(|parameter| {
        field(
            document,
            text(&parameter["name"]),
            &parameter["schema"],
            &parameter["description"],
            parameter["required"] == true,
        )
    });
    let body = &operation["requestBody"]["content"]["application/json"]["schema"];
    let answers = members(&operation["responses"]).map(|(status, response)| {
        let content = members(&response["content"]).next();
        let schema = content.map_or(&Value::Null, |(_, content)| &content["schema"]);
        let problem = content.is_some_and(|(kind, _)| kind == "application/problem+json");
        let codes: Vec<_> = items(&schema["allOf"][1]["properties"]["code"]["enum"]).collect();
        let fields = if problem { Vec::new() } else { fields(document, schema) };
        json!({ "status": status, "about": response["description"], "problem": problem, "codes": codes, "fields": fields })
    });
    let answers: Vec<Value> = answers.collect();
    let (problems, good): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer["problem"] == true);
    json!({
        "tag": operation["tags"][0],
        "id": operation["operationId"],
        "method": method.to_uppercase(),
        "path": path,
        "summary": code(&operation["summary"]),
        "about": code(&operation["description"]),
        "signed_in": operation.get("security").is_some(),
        "query": parameters.collect::<Vec<_>>(),
        "body": fields(document, body),
        "curl": curl(document, path, method, operation, body),
        "answers": good,
        "problems": problems,
    })
}

/// The call as a command, with the examples of the document; the file `jar` keeps the session.
fn curl(document: &Value, path: &str, method: &str, operation: &Value, body: &Value) -> String {
    let mut command = vec!["curl".to_owned()];
    if method != "get" {
        command.push(format!("-X {}", method.to_uppercase()));
    }
    command.push(format!("{}{path}", text(&document["servers"][0]["url"])));
    if operation.get("security").is_some() || operation["responses"].to_string().contains("SignedInAnswer") {
        command.push("-b jar -c jar".to_owned());
        if method != "get" {
            command.push("-H 'X-Requested-With: curl'".to_owned());
        }
    }
    if !body.is_null() {
        command.push("-H 'Content-Type: application/json'".to_owned());
        let example: Map<String, Value> = members(&resolved(document, body)["properties"])
            .map(|(name, property)| (name.clone(), property["examples"][0].clone()))
            .collect();
        command.push(format!("-d '{}'", Value::Object(example)));
    }
    command.join(" ")
}

/// The members of an object, each in one line; those of objects within it by their path.
fn fields(document: &Value, schema: &Value) -> Vec<Value> {
    let schema = resolved(document, schema);
    let required = |name: &str| items(&schema["required"]).any(|required| required == name);
    let mut all = Vec::new();
    for (name, property) in members(&schema["properties"]) {
        all.push(field(document, name, property, &property["description"], required(name)));
        let (inner, join) = if property["type"] == "array" { (&property["items"], "[].") } else { (property, ".") };
        for mut below in fields(document, inner) {
            below["name"] = format!("{name}{join}{}", text(&below["name"])).into();
            all.push(below);
        }
    }
    all
}

fn field(document: &Value, name: &str, schema: &Value, about: &Value, required: bool) -> Value {
    let schema = resolved(document, schema);
    let about = if about.is_null() { &schema["description"] } else { about };
    json!({ "name": name, "kind": kind(schema), "about": code(about), "required": required })
}

/// The type and the limits of a value, in words.
fn kind(schema: &Value) -> String {
    let words: Vec<String> = items(&schema["enum"]).filter_map(Value::as_str).map(str::to_owned).collect();
    if !words.is_empty() {
        return words.join(", ");
    }
    let kinds: Vec<_> =
        items(&schema["type"]).chain(std::iter::once(&schema["type"])).filter_map(Value::as_str).collect();
    let mut kind = kinds.join(" or ");
    if let Some(format) = schema["format"].as_str().filter(|format| !["int32", "int64", "password"].contains(format)) {
        kind = format!("{kind}, {format}");
    }
    for (limit, words) in [("minLength", "at least"), ("maxLength", "at most"), ("minimum", "from"), ("maximum", "to")]
    {
        if let Some(number) = schema[limit].as_i64() {
            kind = format!("{kind}, {words} {number}");
        }
    }
    kind
}

fn resolved<'d>(document: &'d Value, schema: &'d Value) -> &'d Value {
    let place = schema["$ref"].as_str().and_then(|place| document.pointer(place.trim_start_matches('#')));
    place.unwrap_or(schema)
}

/// Text cut at its back-quotes: every second piece is code.
fn code(text: &Value) -> Vec<String> {
    text.as_str()
        .filter(|text| !text.is_empty())
        .map(|text| text.split('`').map(str::to_owned).collect())
        .unwrap_or_default()
}

fn slug(name: &Value) -> String {
    text(name).to_lowercase().replace(' ', "-")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn members(of: &Value) -> impl Iterator<Item = (&String, &Value)> {
    of.as_object().into_iter().flat_map(Map::iter)
}

fn items(of: &Value) -> impl Iterator<Item = &Value> {
    of.as_array().into_iter().flatten()
}
