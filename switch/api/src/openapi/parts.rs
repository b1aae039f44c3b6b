//! The parts of the document: schemas, parameters, files.

use kazasu_services::access::Name;
use kazasu_services::closing::{CompareFile, Compared, ReportKind};
use kazasu_services::import::{ImportFile, Imported};
use kazasu_services::relief;
use kazasu_services::spending::{ShowSpending, SpendingTable};
use kazasu_services::statement::{StatementFile, StatementRead};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

/// The schemas of requests and of answers. A type may be read otherwise than it is written, so each has a generator.
pub(super) struct Schemas {
    requests: SchemaGenerator,
    answers: SchemaGenerator,
    bodies: Map<String, Value>,
}

impl Default for Schemas {
    fn default() -> Self {
        let settings = || {
            let mut settings = SchemaSettings::draft2020_12();
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
            settings
        };
        let (requests, answers) = (settings().for_deserialize(), settings().for_serialize());
        Schemas { requests: requests.into(), answers: answers.into(), bodies: Map::new() }
    }
}

/// Adds what every field of a name must be, so that a program finds its mistake before it asks.
fn with_bounds(schema: &mut Map<String, Value>) {
    let Some(Value::Object(properties)) = schema.get_mut("properties") else { return };
    for (name, most) in [("why", 200), ("reference", 100)] {
        if let Some(Value::Object(field)) = properties.get_mut(name) {
            field.insert("minLength".to_owned(), 1.into());
            field.insert("maxLength".to_owned(), most.into());
        }
    }
    if let Some(Value::Object(field)) = properties.get_mut("limit") {
        field.insert("minimum".to_owned(), 1.into());
    }
}

/// A request's schema.
pub(super) struct Asked {
    name: String,
    schema: Map<String, Value>,
}

impl Asked {
    fn properties(&self) -> &Map<String, Value> {
        static NONE: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
        self.schema.get("properties").and_then(Value::as_object).unwrap_or(&NONE)
    }

    /// A field's schema.
    pub(super) fn property(&self, name: &str) -> Value {
        self.properties().get(name).cloned().unwrap_or_else(|| json!({ "type": "string" }))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.properties().contains_key(name)
    }

    fn needs(&self, name: &str) -> bool {
        let needed = self.schema.get("required").and_then(Value::as_array);
        needed.is_some_and(|needed| needed.iter().any(|one| one == name))
    }

    /// What the request is for: its comment.
    pub(super) fn description(&self) -> String {
        self.schema.get("description").and_then(Value::as_str).unwrap_or_default().to_owned()
    }
}

impl Schemas {
    /// A request's own schema; the types in it become components.
    pub(super) fn request<T: JsonSchema>(&mut self) -> Asked {
        let schema = T::json_schema(&mut self.requests).to_value();
        let Value::Object(mut schema) = schema else { return Asked { name: String::new(), schema: Map::new() } };
        with_bounds(&mut schema);
        Asked { name: T::schema_name().into_owned(), schema }
    }

    /// The component of a request's body: the fields that do not stand elsewhere.
    pub(super) fn body(&mut self, asked: &Asked, without: &[&str]) -> Value {
        let mut schema = asked.schema.clone();
        if let Some(Value::Object(properties)) = schema.get_mut("properties") {
            properties.retain(|name, _| !without.contains(&name.as_str()));
        }
        if let Some(Value::Array(needed)) = schema.get_mut("required") {
            needed.retain(|name| !without.iter().any(|other| name == other));
        }
        schema.remove("description");
        schema.insert("type".to_owned(), "object".into());
        schema.insert("additionalProperties".to_owned(), false.into());
        self.bodies.insert(asked.name.clone(), Value::Object(schema));
        json!({ "$ref": format!("#/components/schemas/{}", asked.name) })
    }

    /// An answer's schema.
    pub(super) fn answer<T: JsonSchema>(&mut self) -> Value {
        match self.answers.subschema_for::<T>().to_value() {
            // Anything: some generators know the object only.
            Value::Bool(true) => json!({}),
            schema => schema,
        }
    }

    /// Every component. A type that is read otherwise than it is written is two.
    pub(super) fn done(mut self) -> Map<String, Value> {
        let mut out: Map<String, Value> = self.answers.take_definitions(true);
        let requests: Map<String, Value> = self.requests.take_definitions(true);
        let mut renamed: Vec<String> = Vec::new();
        for (name, schema) in &requests {
            match out.get(name) {
                Some(other) if other != schema => renamed.push(name.clone()),
                _ => {
                    out.insert(name.clone(), schema.clone());
                }
            }
        }
        let rename = |value: &Value| {
            let mut text = value.to_string();
            for name in &renamed {
                let (from, to) =
                    (format!("\"#/components/schemas/{name}\""), format!("\"#/components/schemas/{name}Asked\""));
                text = text.replace(&from, &to);
            }
            serde_json::from_str(&text).unwrap_or_default()
        };
        for name in &renamed {
            out.insert(format!("{name}Asked"), rename(&requests[name]));
        }
        for (name, schema) in &self.bodies {
            out.insert(name.clone(), rename(schema));
        }
        out
    }
}

/// The headers of every answer.
pub(super) fn request_id() -> Value {
    json!({
        "Request-Id": { "schema": { "type": "string" }, "description": "Names the request: quote it when you ask for help." },
        "RateLimit-Policy": { "schema": { "type": "string" }, "description": "To a caller who is known: requests (`q`) in so many seconds (`w`)." },
        "RateLimit": { "schema": { "type": "string" }, "description": "To a caller who is known: requests that are left (`r`), and the seconds until all are there again (`t`)." },
    })
}

/// A parameter that must be there.
pub(super) fn needed(place: &str, name: &str, schema: &Value) -> Value {
    let mut out = parameter(place, name, schema);
    out["required"] = true.into();
    out
}

/// A parameter that may be left out, and is never null.
pub(super) fn parameter(place: &str, name: &str, schema: &Value) -> Value {
    let mut schema = schema.clone();
    let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|one| one != "null");
        if let [one] = &types[..] {
            schema["type"] = one.clone();
        }
    }
    if let Some(object) = schema.as_object_mut() {
        object.retain(|key, value| key != "default" || !value.is_null());
        if let Some(Value::Array(any)) = object.get("anyOf").cloned()
            && let [one] = &any.iter().filter(|one| one["type"] != "null").cloned().collect::<Vec<_>>()[..]
        {
            object.remove("anyOf");
            object.extend(one.as_object().cloned().unwrap_or_default());
        }
    }
    let mut out = json!({ "in": place, "name": name, "required": false, "schema": schema });
    if let Some(description) = description {
        out["description"] = description;
    }
    out
}

/// The fields of a request that stand behind the question mark.
pub(super) fn query_of(asked: &Asked, without: &[&str]) -> Vec<Value> {
    let fields = asked.properties().iter().filter(|(name, _)| !without.contains(&name.as_str()));
    let one = |(name, schema): (&String, &Value)| {
        if asked.needs(name) { needed("query", name, schema) } else { parameter("query", name, schema) }
    };
    fields.map(one).collect()
}

/// A field of the path of an operation with a file.
pub(super) fn path_field(field: &str) -> Value {
    match field {
        "programme" => {
            json!({ "type": "integer", "format": "uint16", "minimum": 0, "maximum": 65535, "description": "The programme's number." })
        }
        "settlement" => {
            json!({ "type": "integer", "format": "uint32", "minimum": 0, "description": "The settlement's number." })
        }
        "kind" => {
            json!({ "type": "string", "enum": ReportKind::ALL.map(ReportKind::name), "description": "The report." })
        }
        _ => json!({ "type": "string", "description": "The person's PPID." }),
    }
}

fn text(name: &str, description: &str) -> Value {
    parameter("query", name, &json!({ "type": "string", "description": description }))
}

fn needed_text(name: &str, description: &str) -> Value {
    needed("query", name, &json!({ "type": "string", "description": description }))
}

fn reason() -> Value {
    let schema = json!({ "type": "string", "minLength": 1, "maxLength": 200, "description": "The reason for the look: the security log keeps it." });
    needed("query", "why", &schema)
}

/// The forms of a report; the last one for letters only.
const FORMATS: [&str; 5] = ["json", "xlsx", "csv", "csv-sjis", "pdf"];

fn format_of(formats: &[&str]) -> Value {
    parameter(
        "query",
        "format",
        &json!({ "type": "string", "enum": formats, "description": "The form of the answer." }),
    )
}

/// What an operation with a file is for, and what stands behind its question mark.
pub(super) fn special_parameters(schemas: &mut Schemas, name: Name) -> (String, Vec<Value>) {
    let of = |description: &str, parameters: Vec<Value>| (description.to_owned(), parameters);
    match name {
        Name::ImportLinks | Name::ImportMerchants | Name::ImportPayees => {
            let asked = schemas.request::<ImportFile>();
            let what = match name {
                Name::ImportLinks => "links",
                Name::ImportMerchants => "merchants",
                _ => "payees' accounts",
            };
            (
                format!("Takes a file of {what}. Rows that cannot be read are told, and never block the others."),
                query_of(&asked, &[]),
            )
        }
        Name::CompareFile => {
            let asked = schemas.request::<CompareFile>();
            (asked.description(), query_of(&asked, &[]))
        }
        Name::ReadPayoutStatement | Name::ReadReliefStatement => {
            let asked = schemas.request::<StatementFile>();
            let whom = if name == Name::ReadPayoutStatement { "merchants are" } else { "relief is" };
            (
                format!("Reads a bank statement of the account that {whom} paid from, and books what it says."),
                query_of(&asked, &[]),
            )
        }
        Name::ImportApplications => of(
            "Reads a file of applications in as a batch. The answer comes as lines of JSON while it is read; with `Accept: text/csv` it is the file of the refused rows.",
            vec![
                needed_text("name", "The file's name."),
                needed_text("why", "The reason, which the record keeps."),
                text("sheet", "The workbook's sheet; the first that is shown when absent."),
            ],
        ),
        Name::ReliefReport => {
            of("The report of a programme, for the assembly.", vec![reason(), format_of(&FORMATS[..4])])
        }
        Name::MakeReport => of(
            "A report of finance, as JSON or as a file.",
            vec![
                reason(),
                format_of(&FORMATS[..4]),
                text("day", "The business day; the last one that was ended when absent."),
                text("month", "The month, like `2026-11`, of the report `month`."),
                parameter(
                    "query",
                    "seq",
                    &json!({ "type": "integer", "minimum": 0, "description": "A record, for reports as of one." }),
                ),
                parameter(
                    "query",
                    "settlement",
                    &json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX, "description": "A settlement's number." }),
                ),
            ],
        ),
        Name::ResidentStatement => of(
            "A resident's payments between two days. Staff say why they look.",
            vec![
                needed_text("from", "The first day."),
                needed_text("until", "The last day."),
                format_of(&FORMATS),
                text("why", "The reason for the look: the security log keeps it."),
            ],
        ),
        Name::ShowSpending => spending_parameters(schemas),
        Name::MakeLetter => of("The letter of a settlement for its merchant, as PDF.", vec![reason()]),
        _ => of("Hands the lead over to another node.", Vec::new()),
    }
}

fn spending_parameters(schemas: &mut Schemas) -> (String, Vec<Value>) {
    let asked = schemas.request::<ShowSpending>();
    let mut parameters = query_of(&asked, &[]);
    parameters.push(format_of(&FORMATS[..4]));
    (asked.description(), parameters)
}

/// The body of an operation with a file.
pub(super) fn file_body(name: Name) -> Option<Value> {
    let file = json!({ "required": true, "content": { "application/octet-stream": { "schema": { "type": "string", "format": "binary" } } } });
    match name {
        Name::MakeReport | Name::MakeLetter | Name::ReliefReport | Name::ResidentStatement | Name::ShowSpending => None,
        Name::HandOver => Some(json!({ "required": true, "content": { "application/json": { "schema": {
            "type": "object", "additionalProperties": false,
            "properties": { "to": { "type": "string", "description": "The node that is to lead; any when it is left out." } },
        } } } })),
        _ => Some(file),
    }
}

/// A list comes as a file too, whole.
pub(super) fn add_files(content: &mut Value) {
    content["text/csv"] = json!({ "schema": { "type": "string" } });
    content["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"] =
        json!({ "schema": { "type": "string", "format": "binary" } });
}

/// The answer of an operation with a file.
pub(super) fn file_answer(schemas: &mut Schemas, name: Name) -> Value {
    let headers = request_id();
    let report = || json!({ "type": "object", "additionalProperties": true });
    let binary = || json!({ "schema": { "type": "string", "format": "binary" } });
    let files = |with_pdf: bool| {
        let mut content = json!({
            "application/json": { "schema": report() },
            "text/csv": { "schema": { "type": "string" } },
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": binary(),
        });
        if with_pdf {
            content["application/pdf"] = binary();
        }
        content
    };
    let content = match name {
        Name::ImportLinks | Name::ImportMerchants | Name::ImportPayees => {
            json!({ "application/json": { "schema": schemas.answer::<Imported>() } })
        }
        Name::CompareFile => json!({ "application/json": { "schema": schemas.answer::<Compared>() } }),
        Name::ReadPayoutStatement | Name::ReadReliefStatement => {
            json!({ "application/json": { "schema": schemas.answer::<StatementRead>() } })
        }
        Name::ImportApplications => json!({
            "application/x-ndjson": { "schema": schemas.answer::<relief::Imported>() },
            "text/csv": { "schema": { "type": "string" } },
        }),
        Name::MakeReport | Name::ReliefReport => files(false),
        Name::ResidentStatement => files(true),
        Name::ShowSpending => {
            let mut content = files(false);
            content["application/json"]["schema"] = schemas.answer::<SpendingTable>();
            content
        }
        Name::MakeLetter => json!({ "application/pdf": binary() }),
        _ => json!({ "application/json": { "schema": {
            "type": "object", "required": ["leader"], "properties": { "leader": { "type": "string" } },
        } } }),
    };
    json!({ "description": "Carried out.", "headers": headers, "content": content })
}

/// The one form of every error.
pub(super) fn problem_schema() -> Value {
    json!({
        "type": "object",
        "description": "A problem (RFC 9457).",
        "required": ["type", "title", "status", "code", "detail", "request_id"],
        "properties": {
            "type": { "type": "string", "description": "about:blank: the code names the problem." },
            "title": { "type": ["string", "null"], "description": "The status in words." },
            "status": { "type": "integer", "minimum": 400, "maximum": 599 },
            "code": { "type": "string", "description": "Names the problem, for programs.", "enum": crate::http::CODES },
            "detail": { "type": "string", "description": "A sentence for people, in the language of Accept-Language." },
            "request_id": { "type": "string", "description": "Names the request." },
            "errors": {
                "type": "array",
                "description": "The fields that are wrong, or the lines of a file.",
                "items": {
                    "type": "object",
                    "required": ["pointer", "code", "detail"],
                    "properties": {
                        "pointer": { "type": "string", "description": "The field (JSON Pointer); empty for a line of a file." },
                        "code": { "type": "string" },
                        "detail": { "type": "string" },
                    },
                },
            },
            "leader": { "type": "string", "description": "The node that leads." },
            "retry_after_seconds": { "type": "integer", "description": "The time to wait." },
        },
        "additionalProperties": true,
    })
}
