//! A JSON body is taken exactly when it is one object whose members are known, given once and of the right type.
#![no_main]
use libfuzzer_sys::fuzz_target;
use nightlatch::web::input::read;
use serde::Deserialize;
use serde_json::{Map, Value};

#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
struct Members {
    email: String,
    name: Option<String>,
    locked: Option<bool>,
}

fuzz_target!(|body: &[u8]| {
    let Ok(taken) = read::<Members>(body, false) else { return };
    let object: Map<String, Value> = serde_json::from_slice(body).expect("no JSON was taken");
    assert!(object.keys().all(|name| ["email", "name", "locked"].contains(&&**name)));
    assert_eq!(object["email"].as_str(), Some(&*taken.email));
    assert_eq!(object.get("name").and_then(Value::as_str), taken.name.as_deref());
    assert_eq!(object.get("locked").and_then(Value::as_bool), taken.locked);
    assert!(![Some(&taken.email), taken.name.as_ref()].into_iter().flatten().any(|text| text.contains('\0')));
    let end = body.iter().rposition(|byte| *byte == b'}').expect("no object was taken");
    for more in
        [&b",\"email\":\"eve\"}"[..], b",\"em\\u0061il\":\"eve\"}", b",\"role\":\"superuser\"}", b"}{", b",}", b"}]"]
    {
        assert!(read::<Members>(&[&body[..end], more].concat(), false).is_err(), "one member too many was taken");
    }
});
