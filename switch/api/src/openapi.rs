//! The OpenAPI document (3.1), made from the table of addresses, the table of rights and the types of requests and answers.

mod parts;

use crate::addresses::SPECIAL;
use crate::http::{Need, need};
use crate::routes::{Addressed, BASE, asked_as, each_route, fields_of, requests};
use axum::http::Method;
use kazasu_services::access::{Audience, Name, Row};
use kazasu_services::people::MatrixRow;
use parts::{Schemas, file_answer, file_body, needed, parameter, problem_schema, query_of, request_id};
use schemars::JsonSchema;
use serde_json::{Map, Value, json};

/// The document. Its version is the program's.
#[must_use]
pub fn document() -> Value {
    let mut schemas = Schemas::default();
    let mut paths = Map::new();
    operations(&mut schemas, &mut paths);
    for (method, path, name) in SPECIAL {
        special(&mut schemas, &mut paths, (method, path, name));
    }
    status(&mut paths);
    let mut components = schemas.done();
    components.insert("Problem".to_owned(), problem_schema());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Kazasu",
            "version": env!("CARGO_PKG_VERSION"),
            "description": INTRODUCTION,
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": BASE }],
        "security": [{ "bearer": [] }],
        "tags": TAGS.map(|(name, description)| json!({ "name": name, "description": description })),
        "paths": paths,
        "components": {
            "securitySchemes": { "bearer": { "type": "http", "scheme": "bearer", "description": "A person's session or a program's key." } },
            "responses": problem_responses(),
            "schemas": components,
        },
    })
}

const INTRODUCTION: &str = "The API of the card-linked payment switch. `GET` asks; `PUT` and `DELETE` set a resident's own settings; \
    `POST` does everything else. Amounts are whole yen, days are business days in Japan (`2026-12-01`), moments have their offset. \
    A `POST` that moves money or asks for a decision has an `Idempotency-Key`: sent again with the same body it is not carried out again, and has the same answer, for 30 days. \
    Every error is a problem (RFC 9457) with a code, in Japanese or English as `Accept-Language` says.";

const TAGS: [(&str, &str); 6] = [
    ("operations", "Residents, cards, merchants, payments, the policy and the running of the switch."),
    ("closing", "Ending the day: comparing, settling, paying out, signing, and corrections of payments."),
    ("relief", "Disaster relief: programmes, applications, payments and returns."),
    ("people", "People, programs, rights and signing in."),
    ("approvals", "Requests that two people decide."),
    ("webhooks", "Endpoints that events are sent to, by Standard Webhooks."),
];

macro_rules! described {
    ($($method:ident $path:literal $request:ident $($tag:ident)?;)*) => {
        fn operations(schemas: &mut Schemas, paths: &mut Map<String, Value>) {
            $(add::<asked_as!($request $($tag)?)>(schemas, paths);)*
        }
    };
}
each_route!(described);

/// Adds an operation that has an address of its own.
fn add<O>(schemas: &mut Schemas, paths: &mut Map<String, Value>)
where
    O: Addressed<Answer: JsonSchema> + JsonSchema,
{
    let in_path = fields_of(O::PATH);
    let asked = schemas.request::<O>();
    let mut parameters: Vec<Value> = in_path.iter().map(|name| needed("path", name, &asked.property(name))).collect();
    let has_body = [Method::POST, Method::PUT].contains(&O::METHOD);
    if !has_body {
        parameters.extend(query_of(&asked, &in_path));
    }
    if let Some(field) = O::TAG {
        let mut tag = needed("header", "If-Match", &json!({ "type": "string" }));
        tag["description"] = json!("The entity tag of the request as it was looked at, in quotes.");
        parameters.push(tag);
        debug_assert!(asked.has(field), "{field} is a field of {:?}", O::NAME);
    }
    let mut operation = common(O::NAME, &O::METHOD, (asked.description(), parameters));
    if has_body {
        let without: Vec<&str> = in_path.iter().copied().chain(O::TAG).collect();
        let schema = schemas.body(&asked, &without);
        operation["requestBody"] = json!({ "required": true, "content": { "application/json": { "schema": schema } } });
    }
    let answer = schemas.answer::<O::Answer>();
    let mut good = json!({ "description": "Carried out.", "headers": request_id() });
    good["content"] = json!({ "application/json": { "schema": answer } });
    if asked.has("cursor") {
        parts::add_files(&mut good["content"]);
    }
    if O::TAG.is_none() && O::NAME == Name::ShowApproval {
        good["headers"]["ETag"] =
            json!({ "schema": { "type": "string" }, "description": "The fingerprint that a decision names." });
    }
    operation["responses"]["200"] = good;
    put(paths, O::PATH, (&O::METHOD, operation));
}

fn put(paths: &mut Map<String, Value>, path: &str, (method, operation): (&Method, Value)) {
    let path = path.replace("{*", "{");
    let item = paths.entry(path).or_insert_with(|| json!({}));
    item[method.as_str().to_ascii_lowercase()] = operation;
}

/// What every operation has: its name, rights, header fields and problems.
fn common(name: Name, method: &Method, (description, mut parameters): (String, Vec<Value>)) -> Value {
    let row = name.row();
    let key = need(name, method);
    if key != Need::Never {
        let schema = &json!({ "type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!-~]+$" });
        let mut header = parameter("header", "Idempotency-Key", schema);
        let only_looks = takes_dry_run(name);
        header["required"] = (key == Need::Must && !only_looks).into();
        let mut description = "Names the request, so that it is carried out once however often it is sent.".to_owned();
        if only_looks {
            description.push_str(
                " It must be there, unless `dry_run` is true: a look changes nothing, and its key is not looked at.",
            );
        }
        header["description"] = description.into();
        parameters.push(header);
    }
    let rights = MatrixRow::of(name);
    let first = description.split(". ").next().unwrap_or_default().trim_end_matches('.').to_owned();
    let mut out = json!({
        "operationId": format!("{}_{}", row.service.name(), row.word),
        "tags": [row.service.name()],
        "summary": first,
        "description": format!("{description}\n\nWho may: {}. People: {}.", rights.roles.join(", "), rights.people),
        "parameters": parameters,
        "responses": problems(name, method, &row),
        "x-kazasu-rights": rights,
    });
    if row.audience == Audience::Anyone {
        out["security"] = json!([{}, { "bearer": [] }]);
    }
    out
}

/// An operation whose address also only looks, with `dry_run`.
fn takes_dry_run(name: Name) -> bool {
    matches!(name, Name::ImportLinks | Name::ImportMerchants | Name::ImportPayees)
}

/// The problems of every operation, by status.
const PROBLEMS: [(&str, &str); 16] = [
    ("400", "A field is missing or cannot be."),
    ("401", "The caller has not signed in, or the means of signing in is refused."),
    ("403", "The caller may not, or must show a second factor again."),
    ("404", "There is nothing of that name that the caller may see."),
    ("408", "The body came too slowly."),
    ("409", "The state of the ledger refuses it."),
    ("412", "Another request stands there by now: the answer says what differs."),
    ("413", "The body is too long."),
    ("415", "The body is of a kind that is not taken."),
    ("421", "Another node leads: the answer names it."),
    ("422", "Another request had this Idempotency-Key."),
    ("428", "If-Match is missing."),
    ("429", "Too many requests of this caller in a minute, or too many of it or its network at one time."),
    ("500", "A fault of the switch."),
    ("502", "The provider cannot be reached."),
    ("503", "The ledger takes no records now."),
];

fn problem_responses() -> Value {
    let content = json!({ "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } });
    let of = |status: &str, what: &str| {
        let mut headers = request_id();
        if ["429", "503"].contains(&status) {
            headers["Retry-After"] =
                json!({ "schema": { "type": "integer" }, "description": "Seconds after which to ask again." });
        }
        json!({ "description": what, "headers": headers, "content": content })
    };
    Value::Object(PROBLEMS.into_iter().map(|(status, what)| (format!("Problem{status}"), of(status, what))).collect())
}

/// The problems that an operation may answer with.
fn problems(name: Name, method: &Method, row: &Row) -> Value {
    let changes = *method != Method::GET;
    let decides = matches!(name, Name::ApproveRequest | Name::SendBackRequest | Name::DenyRequest | Name::CallPayee);
    let is_named = need(name, method) != Need::Never;
    let is_open = row.audience == Audience::Anyone;
    let has = |status: &str| match status {
        "408" | "413" | "415" | "421" => changes,
        "412" | "428" => decides,
        "422" => is_named,
        "502" => is_open,
        _ => true,
    };
    let all = PROBLEMS.into_iter().filter(|(status, _)| has(status));
    let of = |status: &str| json!({ "$ref": format!("#/components/responses/Problem{status}") });
    Value::Object(all.map(|(status, _)| (status.to_owned(), of(status))).collect())
}

/// Adds an operation that comes with a file, or whose answer is one.
fn special(schemas: &mut Schemas, paths: &mut Map<String, Value>, (method, path, name): (Method, &'static str, Name)) {
    // A look is the same address with `dry_run`.
    if matches!(name, Name::LookAtLinks | Name::LookAtMerchants | Name::LookAtPayees) {
        return;
    }
    let (description, mut parameters) = parts::special_parameters(schemas, name);
    for field in fields_of(path) {
        parameters.insert(0, needed("path", field, &parts::path_field(field)));
    }
    let mut operation = common(name, &method, (description, parameters));
    if let Some(body) = file_body(name) {
        operation["requestBody"] = body;
    }
    operation["responses"]["200"] = file_answer(schemas, name);
    put(paths, path, (&method, operation));
}

/// The state of the node, which needs no sign-in.
fn status(paths: &mut Map<String, Value>) {
    let answer = json!({ "application/json": { "schema": { "type": "object", "additionalProperties": true } } });
    let operation = json!({
        "operationId": "status", "tags": ["operations"], "summary": "The state of this node",
        "description": "Role, business day, connections, keys and certificates. It needs no sign-in.",
        "security": [],
        "responses": {
            "200": { "description": "The state.", "headers": request_id(), "content": answer },
            "429": { "$ref": "#/components/responses/Problem429" },
        },
    });
    put(paths, "/status", (&Method::GET, operation));
    let document = json!({
        "operationId": "openapi", "tags": ["operations"], "summary": "This document",
        "description": "The OpenAPI document. It needs no sign-in.", "security": [],
        "responses": {
            "200": { "description": "The document.", "headers": request_id(), "content": { "application/json": { "schema": { "type": "object", "additionalProperties": true } } } },
            "429": { "$ref": "#/components/responses/Problem429" },
        },
    });
    put(paths, "/openapi.json", (&Method::GET, document));
}

#[cfg(test)]
mod tests;
