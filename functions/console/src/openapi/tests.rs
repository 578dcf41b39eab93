use super::*;

#[test]
fn every_route_is_described_and_every_description_is_a_route() {
    let document = document();
    let mut described: Vec<(String, String)> = Vec::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for method in methods.as_object().expect("methods").keys() {
            described.push((method.to_uppercase(), path.clone()));
        }
    }
    let mut routed: Vec<(String, String)> =
        ROWS.iter().map(|row| (row.method.to_owned(), row.path.to_owned())).collect();
    described.sort();
    routed.sort();
    assert_eq!(described, routed);
}

#[test]
fn everything_that_is_pointed_to_is_there_and_no_description_holds_a_secret() {
    let document = document();
    let text = document.to_string();
    for part in text.split("\"$ref\":\"#").skip(1) {
        let pointer = part.split('"').next().expect("a pointer");
        assert!(document.pointer(pointer).is_some(), "{pointer}");
    }
    let settings = document["components"]["schemas"]["Settings"].to_string();
    assert!(!settings.contains("api_keys") && !settings.contains("token_hashes"), "{settings}");
}

#[test]
fn ids_of_operations_are_different() {
    let document = document();
    let mut ids: Vec<String> = Vec::new();
    for methods in document["paths"].as_object().expect("paths").values() {
        for operation in methods.as_object().expect("methods").values() {
            ids.push(operation["operationId"].to_string());
        }
    }
    let all = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), all);
}
