//! The document is kept in git, and is whole.

use super::*;
use std::collections::HashSet;
use std::path::Path;

#[test]
fn the_document_in_git_is_the_one_that_is_served() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let made = serde_json::to_string_pretty(&document()).unwrap() + "\n";
    if std::env::var_os("KAZASU_WRITE_OPENAPI").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == made, "docs/openapi.json is not what the program serves (KAZASU_WRITE_OPENAPI=1 writes it)");
}

/// Every reference in a value.
fn references(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            out.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|value| references(value, out));
        }
        Value::Array(all) => all.iter().for_each(|value| references(value, out)),
        _ => {}
    }
}

#[test]
fn every_reference_leads_to_a_component_and_every_operation_has_a_name_of_its_own() {
    let document = document();
    let mut all = Vec::new();
    references(&document, &mut all);
    assert!(all.len() > 100);
    for reference in all {
        let at = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(at).is_some(), "{reference}");
    }
    let mut names = HashSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            assert!(names.insert(operation["operationId"].as_str().unwrap().to_owned()), "{method} {path}");
            assert!(!operation["summary"].as_str().unwrap().is_empty(), "{method} {path} says what it is for");
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                assert!(
                    parameter["schema"]["type"].is_string()
                        || parameter["schema"]["$ref"].is_string()
                        || parameter["schema"]["enum"].is_array()
                        || parameter["schema"]["oneOf"].is_array(),
                    "{method} {path}: {parameter}"
                );
            }
        }
    }
    assert!(names.len() > 120, "{}", names.len());
}
