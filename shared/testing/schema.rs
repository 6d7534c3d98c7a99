//! Checks JSON against the schemas under `docs/reference/schemas`. Part of the tests of both programs.
//!
//! Source: JSON Schema, draft 2020-12. It knows the keywords that those schemas use; any other is an error, so that no rule is
//! silently left out.
#![allow(dead_code, clippy::unwrap_used)] // Each test program uses its part; a panic is how a test fails.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

/// The folder of the schemas.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reference/schemas")
}

/// Checks that `document` is valid by the schema that it names, as its first key or any other.
///
/// # Panics
/// With every place that is not.
pub fn check(document: &Value) {
    let name = document["schema"].as_str().unwrap_or_else(|| panic!("no schema is named: {document}"));
    let mut parts = name.split('/');
    let (Some("acoustic-monitor"), Some(kind), Some(version), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        panic!("{name}: not of the form acoustic-monitor/DOCUMENT/VERSION")
    };
    check_by(&load(&format!("{kind}-{version}.json")), document);
}

/// The schema in a file of [`folder`].
pub fn load(file: &str) -> Value {
    let path = folder().join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Checks that `made` is the schema in a file of [`folder`]; writes it there where `UPDATE_SCHEMAS` is set.
///
/// # Panics
/// If it is another one.
pub fn check_file(file: &str, made: &Value) {
    let path = folder().join(file);
    let text = serde_json::to_string_pretty(made).unwrap() + "\n";
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    assert!(std::fs::read_to_string(&path).is_ok_and(|found| found == text), "set UPDATE_SCHEMAS=1 to write it anew");
}

/// Checks `value` by `schema`.
///
/// # Panics
/// With every place that is not valid.
pub fn check_by(schema: &Value, value: &Value) {
    let mut faults = Vec::new();
    Validator { root: schema }.validate(schema, value, "", &mut faults);
    assert!(faults.is_empty(), "not valid by {}:\n{}", schema["title"], faults.join("\n"));
}

/// What is wrong with `value`, one line each.
pub fn faults(schema: &Value, value: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    Validator { root: schema }.validate(schema, value, "", &mut faults);
    faults
}

struct Validator<'a> {
    root: &'a Value,
}

impl Validator<'_> {
    fn validate(&self, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
        for (keyword, rule) in schema.as_object().unwrap_or_else(|| panic!("{at}: a schema is an object")) {
            let mut fault = |holds: bool| {
                if !holds {
                    faults.push(format!("{at}: {value} breaks {keyword}: {rule}"));
                }
            };
            match keyword.as_str() {
                "$schema" | "$id" | "$defs" | "title" | "description" | "default" | "examples" => {}
                "type" => fault(types(rule).any(|kind| is_of(value, kind))),
                "const" => fault(value == rule),
                "enum" => fault(rule.as_array().unwrap().contains(value)),
                "minimum" => fault(value.as_f64().is_none_or(|number| number >= rule.as_f64().unwrap())),
                "maximum" => fault(value.as_f64().is_none_or(|number| number <= rule.as_f64().unwrap())),
                "pattern" => {
                    let pattern = regex_lite::Regex::new(rule.as_str().unwrap()).unwrap();
                    fault(value.as_str().is_none_or(|text| pattern.is_match(text)));
                }
                "required" => {
                    let missing =
                        |name: &Value| value.as_object().is_some_and(|o| !o.contains_key(name.as_str().unwrap()));
                    fault(!rule.as_array().unwrap().iter().any(missing));
                }
                "properties" => {
                    for (name, member) in value.as_object().unwrap_or(&Map::new()) {
                        // The documents' schemas leave further keys open, for readers. Here each key must be described.
                        match rule.get(name) {
                            Some(of_member) => self.validate(of_member, member, &format!("{at}/{name}"), faults),
                            None if schema.get("additionalProperties").is_some() => {}
                            None => faults.push(format!("{at}: the key {name:?} is not in the schema")),
                        }
                    }
                }
                "additionalProperties" => {
                    let known = |name: &str| schema["properties"].get(name).is_some();
                    for (name, member) in
                        value.as_object().unwrap_or(&Map::new()).iter().filter(|(name, _)| !known(name))
                    {
                        match rule {
                            Value::Bool(allowed) if *allowed => {}
                            Value::Bool(_) => faults.push(format!("{at}: the key {name:?} is not in the schema")),
                            of_member => self.validate(of_member, member, &format!("{at}/{name}"), faults),
                        }
                    }
                }
                "items" => {
                    for (index, item) in value.as_array().unwrap_or(&Vec::new()).iter().enumerate() {
                        self.validate(rule, item, &format!("{at}/{index}"), faults);
                    }
                }
                "anyOf" => fault(rule.as_array().unwrap().iter().any(|one| {
                    let mut own = Vec::new();
                    self.validate(one, value, at, &mut own);
                    own.is_empty()
                })),
                "$ref" => {
                    let name = rule.as_str().unwrap().strip_prefix('#').unwrap();
                    let target = self.root.pointer(name).unwrap_or_else(|| panic!("{rule} is not there"));
                    self.validate(target, value, at, faults);
                }
                other => panic!("{at}: the keyword {other} is not known to this check"),
            }
        }
    }
}

fn types(rule: &Value) -> impl Iterator<Item = &str> {
    let one = rule.as_str();
    one.into_iter().chain(rule.as_array().into_iter().flatten().filter_map(Value::as_str))
}

fn is_of(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0),
        other => panic!("the type {other} is not known"),
    }
}
