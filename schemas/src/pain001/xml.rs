//! XML as this message needs it: a builder without choices, and elements read as small trees of bounded size.

use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use quick_xml::name::ResolveResult;
use quick_xml::{NsReader, Writer};

/// A document being written.
pub(super) struct Xml(Writer<Vec<u8>>);

impl Xml {
    pub(super) fn new() -> Self {
        let mut xml = Xml(Writer::new_with_indent(Vec::new(), b' ', 2));
        xml.event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)));
        xml
    }

    fn event(&mut self, event: Event<'_>) {
        self.0.write_event(event).expect("a Vec takes every byte");
    }

    pub(super) fn open(&mut self, name: &str) {
        self.event(Event::Start(BytesStart::new(name)));
    }

    pub(super) fn open_with(&mut self, name: &str, attribute: (&str, &str)) {
        self.event(Event::Start(BytesStart::new(name).with_attributes([attribute])));
    }

    pub(super) fn close(&mut self, name: &str) {
        self.event(Event::End(BytesEnd::new(name)));
    }

    pub(super) fn leaf(&mut self, name: &str, text: &str) {
        self.open(name);
        self.event(Event::Text(BytesText::new(text)));
        self.close(name);
    }

    pub(super) fn leaf_with(&mut self, name: &str, attribute: (&str, &str), text: &str) {
        self.open_with(name, attribute);
        self.event(Event::Text(BytesText::new(text)));
        self.close(name);
    }

    /// Bytes so far.
    pub(super) fn len(&self) -> usize {
        self.0.get_ref().len()
    }

    /// The document, with a line end after it.
    pub(super) fn finish(self) -> String {
        let mut text = String::from_utf8(self.0.into_inner()).expect("written from strings");
        text.push('\n');
        text
    }
}

/// The most elements in one tree, and the deepest nesting in it. A payment has about thirty elements.
const MAX_ELEMENTS: usize = 1_000;
const MAX_DEPTH: usize = 32;

/// An element with what is in it. Namespaces are not looked at below the root.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) name: String,
    /// Byte offset just after its start tag.
    pub(super) at: u64,
    /// Its `Ccy` attribute.
    pub(super) currency: Option<String>,
    /// Its text without spaces at either end.
    pub(super) text: String,
    pub(super) children: Vec<Node>,
}

impl Node {
    /// The first child of that name.
    pub(super) fn child(&self, name: &str) -> Option<&Node> {
        self.children.iter().find(|c| c.name == name)
    }

    /// The first element under these names.
    pub(super) fn find(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, name| node.child(name))
    }
}

/// The fault of the XML itself, and the byte offset near which it is.
#[derive(Debug)]
pub(super) struct XmlProblem {
    pub(super) at: u64,
    pub(super) expected: String,
    pub(super) got: String,
}

/// A document being read, element by element.
pub(super) struct Elements<'a> {
    reader: NsReader<&'a [u8]>,
    /// Elements that [`Elements::enter`] entered and whose end has not come.
    open: usize,
}

impl<'a> Elements<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let mut reader = NsReader::from_str(text);
        reader.config_mut().expand_empty_elements = true;
        Elements { reader, open: 0 }
    }

    /// Byte offset of what comes next.
    pub(super) fn position(&self) -> u64 {
        self.reader.buffer_position()
    }

    fn problem<T>(&self, expected: impl Into<String>, got: impl Into<String>) -> Result<T, XmlProblem> {
        Err(XmlProblem { at: self.position(), expected: expected.into(), got: got.into() })
    }

    fn event(&mut self) -> Result<Event<'a>, XmlProblem> {
        match self.reader.read_event() {
            Ok(event) => Ok(event),
            Err(e) => Err(XmlProblem {
                at: self.reader.error_position(),
                expected: "well-formed XML".to_owned(),
                got: e.to_string(),
            }),
        }
    }

    /// The root's start tag: its local name and its namespace.
    pub(super) fn root(&mut self) -> Result<(String, String), XmlProblem> {
        let Some(start) = self.enter()? else { return self.problem("an element", "the end of the document") };
        let (namespace, local) = self.reader.resolver().resolve_element(start.name());
        let namespace = match namespace {
            ResolveResult::Bound(namespace) => namespace.into_inner().to_owned(),
            ResolveResult::Unbound => String::new(),
            ResolveResult::Unknown(prefix) => format!("(the unknown prefix {prefix})"),
        };
        Ok((local.into_inner().to_owned(), namespace))
    }

    /// The next element's start tag, or `None` at the end of the element around it, or of the document.
    pub(super) fn enter(&mut self) -> Result<Option<BytesStart<'a>>, XmlProblem> {
        loop {
            match self.event()? {
                Event::Start(start) | Event::Empty(start) => {
                    self.open += 1;
                    return Ok(Some(start));
                }
                Event::End(_) => {
                    self.open -= 1;
                    return Ok(None);
                }
                Event::Eof if self.open == 0 => return Ok(None),
                Event::Eof => return self.problem("an element or an end tag", "the end of the document"),
                Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
                Event::Text(text) if text.trim_ascii().is_empty() => {}
                Event::DocType(_) => return self.problem("no document type definition", "one"),
                Event::Text(_) | Event::CData(_) | Event::GeneralRef(_) => {
                    return self.problem("an element", "a text between elements");
                }
            }
        }
    }

    /// Everything in the element that was just entered, and its end.
    pub(super) fn tree(&mut self, start: &BytesStart<'a>) -> Result<Node, XmlProblem> {
        let node = self.subtree(start, 1, &mut 0)?;
        self.open -= 1;
        Ok(node)
    }

    fn subtree(&mut self, start: &BytesStart<'a>, depth: usize, elements: &mut usize) -> Result<Node, XmlProblem> {
        *elements += 1;
        if depth > MAX_DEPTH || *elements > MAX_ELEMENTS {
            let expected = format!("at most {MAX_ELEMENTS} elements, {MAX_DEPTH} deep, in a payment or a header");
            return self.problem(expected, "more");
        }
        let currency = match start.try_get_attribute("Ccy") {
            Ok(attribute) => attribute.map(|a| a.value.into_owned()),
            Err(e) => return self.problem("sound attributes", e.to_string()),
        };
        let name = start.local_name().into_inner().to_owned();
        let mut node = Node { name, at: self.position(), currency, text: String::new(), children: Vec::new() };
        loop {
            match self.event()? {
                Event::Start(start) | Event::Empty(start) => {
                    node.children.push(self.subtree(&start, depth + 1, elements)?);
                }
                Event::End(_) => break,
                Event::Text(text) => node.text.push_str(&text.xml10_content()),
                Event::CData(text) => node.text.push_str(&text.xml10_content()),
                Event::GeneralRef(reference) => match resolve(&reference) {
                    Some(character) => node.text.push(character),
                    None => {
                        return self.problem("one of XML's five entities or a character", format!("&{};", &*reference));
                    }
                },
                Event::Comment(_) | Event::PI(_) | Event::Decl(_) => {}
                Event::DocType(_) => return self.problem("no document type definition", "one"),
                Event::Eof => return self.problem(format!("</{}>", node.name), "the end of the document"),
            }
        }
        node.text = node.text.trim_matches([' ', '\t', '\r', '\n']).to_owned();
        Ok(node)
    }
}

fn resolve(reference: &quick_xml::events::BytesRef<'_>) -> Option<char> {
    match &**reference {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => reference.resolve_char_ref().ok().flatten(),
    }
}
