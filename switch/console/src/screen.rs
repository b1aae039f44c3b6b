//! A page as data: a title, and blocks of a few kinds. One template shows all of them, so that every page has the same frame, one first
//! heading, headings in order, labels beside their fields, and a summary of what is wrong.

use crate::frame::Frame;
use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use kazasu_text::console::PageText;

/// A page.
pub(crate) struct Screen {
    /// The title, which is the first heading too.
    pub(crate) title: String,
    pub(crate) blocks: Vec<Block>,
    /// What is wrong in the forms of the page.
    pub(crate) errors: Vec<Wrong>,
    pub(crate) status: StatusCode,
}

/// What is wrong in a field.
pub(crate) struct Wrong {
    pub(crate) field: String,
    pub(crate) text: String,
}

/// A part of a page.
pub(crate) enum Block {
    /// A paragraph.
    Lead(String),
    /// A second heading.
    Heading(String),
    /// Something was done: its reference number.
    Done(Done),
    /// Something to know before anything else.
    Notice(String),
    /// Codes to copy.
    Code(Vec<String>),
    Facts(Vec<Fact>),
    Table(Table),
    Links(Vec<Link>),
    Form(Form),
}

/// A confirmation.
pub(crate) struct Done {
    pub(crate) title: String,
    pub(crate) label: String,
    pub(crate) reference: String,
}

/// A value with its label.
pub(crate) struct Fact {
    pub(crate) label: String,
    pub(crate) value: String,
    pub(crate) address: Option<String>,
}

/// Rows under a caption.
pub(crate) struct Table {
    pub(crate) caption: String,
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Vec<Cell>>,
    /// What is said instead of an empty table.
    pub(crate) nothing: String,
}

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    Words,
    Numbers,
}

/// A column.
pub(crate) struct Column {
    pub(crate) label: String,
    pub(crate) holds: Holds,
}

/// A cell.
pub(crate) struct Cell {
    pub(crate) text: String,
    pub(crate) address: Option<String>,
}

/// A way to another page.
pub(crate) struct Link {
    pub(crate) address: String,
    pub(crate) label: String,
}

/// A form.
pub(crate) struct Form {
    pub(crate) action: String,
    pub(crate) sent: Sent,
    pub(crate) hidden: Vec<(String, String)>,
    pub(crate) fields: Vec<Field>,
    pub(crate) buttons: Vec<Button>,
}

/// How a form is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sent {
    /// It only asks.
    Get,
    Post,
}

/// A button; the form's field `step` says which one was pressed.
pub(crate) struct Button {
    pub(crate) label: String,
    pub(crate) step: Option<&'static str>,
}

/// A field, with its label, hint, value and error.
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) label: String,
    pub(crate) hint: Option<String>,
    pub(crate) value: String,
    pub(crate) error: Option<String>,
    pub(crate) kind: FieldKind,
    /// Answers of which one is chosen.
    pub(crate) options: Vec<Choice>,
}

/// One of several answers.
pub(crate) struct Choice {
    pub(crate) value: String,
    pub(crate) label: String,
}

/// What a field takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldKind {
    Text,
    /// A person's name, at the sign-in.
    UserName,
    Password,
    NewPassword,
    /// A code of an app, or a recovery code.
    OneTimeCode,
    /// Yen, or another number.
    Number,
    Date,
    Time,
}

impl FieldKind {
    fn html(self) -> &'static str {
        match self {
            FieldKind::Text | FieldKind::UserName | FieldKind::OneTimeCode | FieldKind::Number => "text",
            FieldKind::Password | FieldKind::NewPassword => "password",
            FieldKind::Date => "date",
            FieldKind::Time => "time",
        }
    }

    fn autocomplete(self) -> Option<&'static str> {
        match self {
            FieldKind::UserName => Some("username"),
            FieldKind::Password => Some("current-password"),
            FieldKind::NewPassword => Some("new-password"),
            FieldKind::OneTimeCode => Some("one-time-code"),
            FieldKind::Text | FieldKind::Number | FieldKind::Date | FieldKind::Time => Some("off"),
        }
    }

    fn mode(self) -> Option<&'static str> {
        match self {
            FieldKind::Number => Some("numeric"),
            FieldKind::Text
            | FieldKind::UserName
            | FieldKind::Password
            | FieldKind::NewPassword
            | FieldKind::OneTimeCode
            | FieldKind::Date
            | FieldKind::Time => None,
        }
    }
}

impl Screen {
    pub(crate) fn new(title: impl Into<String>) -> Screen {
        Screen { title: title.into(), blocks: Vec::new(), errors: Vec::new(), status: StatusCode::OK }
    }

    /// With another block.
    pub(crate) fn with(mut self, block: Block) -> Screen {
        if let Block::Form(form) = &block {
            let wrong = form.fields.iter().filter_map(|field| {
                let text = field.error.clone()?;
                Some(Wrong { field: field.name.to_owned(), text })
            });
            self.errors.extend(wrong);
        }
        self.blocks.push(block);
        self
    }

    /// With these blocks too.
    pub(crate) fn with_all(self, blocks: Vec<Block>) -> Screen {
        blocks.into_iter().fold(self, Screen::with)
    }

    pub(crate) fn with_status(self, status: StatusCode) -> Screen {
        Screen { status, ..self }
    }

    /// The page in its frame.
    pub(crate) fn shown(&self, frame: &Frame) -> Response {
        match (Page { frame, screen: self }).render() {
            Ok(text) => (self.status, Html(text)).into_response(),
            Err(error) => {
                tracing::error!(%error, "a page cannot be shown");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

impl Fact {
    pub(crate) fn new(label: impl Into<String>, value: impl Into<String>) -> Fact {
        Fact { label: label.into(), value: value.into(), address: None }
    }
}

impl Cell {
    pub(crate) fn new(text: impl Into<String>) -> Cell {
        Cell { text: text.into(), address: None }
    }

    pub(crate) fn to(address: impl Into<String>, text: impl Into<String>) -> Cell {
        Cell { text: text.into(), address: Some(address.into()) }
    }
}

impl Column {
    pub(crate) fn words(label: impl Into<String>) -> Column {
        Column { label: label.into(), holds: Holds::Words }
    }

    pub(crate) fn numbers(label: impl Into<String>) -> Column {
        Column { label: label.into(), holds: Holds::Numbers }
    }

    fn is_number(&self) -> bool {
        self.holds == Holds::Numbers
    }
}

impl Link {
    pub(crate) fn new(address: impl Into<String>, label: impl Into<String>) -> Link {
        Link { address: address.into(), label: label.into() }
    }
}

impl Button {
    pub(crate) fn new(label: impl Into<String>) -> Button {
        Button { label: label.into(), step: None }
    }

    pub(crate) fn step(step: &'static str, label: impl Into<String>) -> Button {
        Button { label: label.into(), step: Some(step) }
    }
}

impl Form {
    /// A form that changes something.
    pub(crate) fn post(action: impl Into<String>) -> Form {
        Form { action: action.into(), sent: Sent::Post, hidden: Vec::new(), fields: Vec::new(), buttons: Vec::new() }
    }

    /// A form that only asks.
    pub(crate) fn get(action: impl Into<String>) -> Form {
        Form { sent: Sent::Get, ..Form::post(action) }
    }

    pub(crate) fn hide(mut self, name: &str, value: impl Into<String>) -> Form {
        self.hidden.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn field(mut self, field: Field) -> Form {
        self.fields.push(field);
        self
    }

    pub(crate) fn button(mut self, button: Button) -> Form {
        self.buttons.push(button);
        self
    }

    fn method(&self) -> &'static str {
        if self.is_posted() { "post" } else { "get" }
    }

    fn is_posted(&self) -> bool {
        self.sent == Sent::Post
    }
}

impl Field {
    pub(crate) fn new(name: &'static str, kind: FieldKind, label: impl Into<String>) -> Field {
        let (hint, value, error, options) = (None, String::new(), None, Vec::new());
        Field { name, label: label.into(), hint, value, error, kind, options }
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Field {
        Field { hint: Some(hint.into()), ..self }
    }

    pub(crate) fn value(self, value: impl Into<String>) -> Field {
        Field { value: value.into(), ..self }
    }

    pub(crate) fn error(self, error: Option<String>) -> Field {
        Field { error, ..self }
    }

    pub(crate) fn options(self, options: Vec<Choice>) -> Field {
        Field { options, ..self }
    }

    fn described_by(&self) -> Option<String> {
        let part = |there: bool, what: &str| there.then(|| format!("{}-{what}", self.name));
        let parts: Vec<String> =
            [part(self.hint.is_some(), "hint"), part(self.error.is_some(), "error")].into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    }
}

/// The one template.
#[derive(Template)]
#[template(path = "page.html")]
struct Page<'a> {
    frame: &'a Frame,
    screen: &'a Screen,
}
