//! The shape of the sources: how many parameters a function has, which kinds, and how long a file is.

use std::path::{Path, PathBuf};

use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// Parameters of a function, `self` not counted. From the fifth on they are a struct, whose fields have names.
const PARAMETERS: usize = 4;
/// Lines of a file, tests included.
const LINES: usize = 600;

/// What a comment beside a function begins with that needs more parameters, and says why.
const MORE_PARAMETERS: &str = "// parameters: ";
/// The same for a public function with a `bool` parameter.
const A_BOOL: &str = "// bool: ";

/// Every source below a folder, those of tests too; nothing that was built.
fn sources(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            sources(&path, out);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            out.push(path);
        }
    }
}

/// Each source by its name from the top of the tree, with its text.
fn all_sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    sources(&root, &mut files);
    files.sort();
    let short = |path: &PathBuf| path.strip_prefix(&root).unwrap().to_owned();
    files.iter().map(|path| (short(path), std::fs::read_to_string(path).unwrap())).collect()
}

/// Is this a file of tests by its place: `tests.rs`, or below a folder `tests`?
fn is_of_tests(path: &Path) -> bool {
    path.iter().any(|part| part == "tests" || part == "tests.rs")
}

/// Is something compiled for tests only?
fn for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        syn::Meta::Path(path) => path.segments.last().is_some_and(|last| last.ident == "test"),
        syn::Meta::List(list) if list.path.is_ident("cfg") => {
            let words: String = list.tokens.to_string().split_whitespace().collect();
            words == "test" || words.starts_with("all(test")
        }
        syn::Meta::List(_) | syn::Meta::NameValue(_) => false,
    })
}

fn is_public(visibility: &syn::Visibility) -> bool {
    !matches!(visibility, syn::Visibility::Inherited)
}

fn is_bool(input: &syn::FnArg) -> bool {
    matches!(input, syn::FnArg::Typed(typed) if matches!(&*typed.ty, syn::Type::Path(path) if path.path.is_ident("bool")))
}

/// A setter in a builder's style takes itself and gives itself back: its name says what the `bool` is.
fn is_setter(signature: &syn::Signature) -> bool {
    let takes = signature.inputs.first();
    let gives = match &signature.output {
        syn::ReturnType::Type(_, ty) => matches!(&**ty, syn::Type::Path(path) if path.path.is_ident("Self")),
        syn::ReturnType::Default => false,
    };
    gives
        && signature.inputs.len() == 2
        && matches!(takes, Some(syn::FnArg::Receiver(own)) if matches!(own.kind, syn::ReceiverKind::Value))
}

/// What the functions of one file look like.
#[derive(Default)]
struct Functions<'a> {
    lines: Vec<&'a str>,
    /// The line of a function, and what is wrong with it.
    found: Vec<(usize, String)>,
    /// Lines of comments that make exceptions, each of which was needed.
    used: Vec<usize>,
    /// Inside a trait's implementation.
    of_a_trait: bool,
    /// Modules in files of their own that are compiled for tests only.
    tests: Vec<String>,
    /// How many functions were looked at.
    seen: usize,
}

impl<'a> Functions<'a> {
    fn of(text: &'a str) -> Functions<'a> {
        let lines = text.lines().collect();
        let mut functions = Functions { lines, ..Functions::default() };
        functions.visit_file(&syn::parse_file(text).unwrap());
        functions
    }

    /// Does a comment beside a function say why it may? It stands above its name, among its attributes or right above them.
    fn may(&mut self, from: usize, to: usize, comment: &str) -> bool {
        let is_comment = |line: &usize| self.lines[line - 1].trim_start().starts_with("//");
        let above = (1..from).rev().take_while(is_comment).last().unwrap_or(from);
        let says = |line: &usize| {
            self.lines[line - 1].trim_start().strip_prefix(comment).is_some_and(|why| why.trim().len() > 10)
        };
        let found = (above..=to).find(says);
        self.used.extend(found);
        found.is_some()
    }

    fn check(&mut self, attributes: &[syn::Attribute], public: bool, signature: &syn::Signature) {
        self.seen += 1;
        let name = signature.ident.span().start().line;
        let first = attributes.first().map_or(name, |attribute| attribute.span().start().line).min(name);
        let count = signature.inputs.iter().filter(|input| matches!(input, syn::FnArg::Typed(_))).count();
        if count > PARAMETERS && !self.may(first, name, MORE_PARAMETERS) {
            self.found.push((name, format!("{} has {count} parameters", signature.ident)));
        }
        let takes_bool = public && signature.inputs.iter().any(is_bool) && !is_setter(signature);
        if takes_bool && !self.may(first, name, A_BOOL) {
            self.found.push((name, format!("{} is public and has a bool as a parameter", signature.ident)));
        }
    }

    /// Exceptions that no function beside them needs.
    fn idle(&self) -> Vec<usize> {
        let makes = |line: &str| [MORE_PARAMETERS, A_BOOL].iter().any(|comment| line.trim_start().starts_with(comment));
        (1..).zip(&self.lines).filter(|(at, line)| makes(line) && !self.used.contains(at)).map(|(at, _)| at).collect()
    }
}

impl<'ast> Visit<'ast> for Functions<'_> {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        match (for_tests(&item.attrs), &item.content) {
            (false, _) => visit::visit_item_mod(self, item),
            (true, Some(_)) => {}
            (true, None) => self.tests.push(item.ident.to_string()),
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if !for_tests(&item.attrs) {
            self.check(&item.attrs, is_public(&item.vis), &item.sig);
            visit::visit_item_fn(self, item);
        }
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        if !for_tests(&item.attrs) {
            let outer = std::mem::replace(&mut self.of_a_trait, item.trait_.is_some());
            visit::visit_item_impl(self, item);
            self.of_a_trait = outer;
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if for_tests(&item.attrs) {
            return;
        }
        // A trait says what its functions take, not those who implement it; what stands inside of them is theirs.
        if !std::mem::take(&mut self.of_a_trait) {
            self.check(&item.attrs, is_public(&item.vis), &item.sig);
            visit::visit_impl_item_fn(self, item);
            return;
        }
        visit::visit_impl_item_fn(self, item);
        self.of_a_trait = true;
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        for inner in &item.items {
            if let syn::TraitItem::Fn(function) = inner {
                self.check(&function.attrs, is_public(&item.vis), &function.sig);
            }
        }
        visit::visit_item_trait(self, item);
    }
}

/// The files of a module that another file declares.
fn files_of(declares: &Path, module: &str) -> [PathBuf; 2] {
    let is_root = ["mod.rs", "lib.rs", "main.rs"].iter().any(|name| declares.ends_with(name));
    let folder = if is_root { declares.parent().unwrap().to_owned() } else { declares.with_extension("") };
    [folder.join(module), folder.join(format!("{module}.rs"))]
}

#[test]
fn functions_have_few_parameters_and_public_ones_no_bool() {
    let (mut wrong, mut only_tests, mut seen) = (Vec::new(), Vec::new(), 0);
    for (path, text) in all_sources().iter().filter(|(path, _)| !is_of_tests(path)) {
        let functions = Functions::of(text);
        only_tests.extend(functions.tests.iter().flat_map(|module| files_of(path, module)));
        seen += functions.seen;
        let idle = functions.idle().into_iter().map(|line| (line, "no function needs this exception".to_owned()));
        wrong.extend(functions.found.iter().cloned().chain(idle).map(|(line, what)| (path.clone(), line, what)));
    }
    wrong.retain(|(path, ..)| !only_tests.iter().any(|tests| path.starts_with(tests)));
    let list: Vec<String> =
        wrong.iter().map(|(path, line, what)| format!("{}:{line}: {what}", path.display())).collect();
    assert!(
        list.is_empty(),
        "give them a struct or an enum with names, or say why not beside them:\n{}",
        list.join("\n")
    );
    assert!(seen > 3_000, "the sources were read: {seen} functions");
}

#[test]
fn the_rule_about_parameters_finds_what_it_is_about() {
    let found = |text: &str| -> Vec<String> { Functions::of(text).found.into_iter().map(|(_, what)| what).collect() };
    let five = "fn f(a: u8, b: u8, c: u8, d: u8, e: u8) {}";
    assert_eq!(found(five), ["f has 5 parameters"]);
    assert_eq!(found(&format!("struct S; impl S {{ {five} }}")), ["f has 5 parameters"]);
    assert_eq!(found(&format!("fn outer() {{ {five} }}")), ["f has 5 parameters"]);
    assert_eq!(found(&format!("#[cfg(test)] mod tests {{ {five} }}")), [""; 0]);
    assert_eq!(found(&format!("/// Text.\n// parameters: a protocol has five of them.\n#[inline]\n{five}")), [""; 0]);
    assert_eq!(found(&format!("// parameters: so\n{five}")), ["f has 5 parameters"], "that is no reason");
    assert_eq!(Functions::of("// parameters: there were more of them once.\nfn f() {}").idle(), [1]);
    let is_public = ["g is public and has a bool as a parameter"];
    assert_eq!(found("fn g(on: bool) {}"), [""; 0]);
    assert_eq!(found("pub(crate) fn g(on: bool) {}"), is_public);
    assert_eq!(found("pub trait T { fn g(&self, on: bool); }"), is_public);
    assert_eq!(found("struct S; impl S { pub fn g(mut self, on: bool) -> Self { self } }"), [""; 0]);
    assert_eq!(found("struct S; impl S { pub fn g(&mut self, on: bool) -> Self { self } }"), is_public);
    assert_eq!(found(&format!("struct S; impl Foreign for S {{ {five} }}")), [""; 0]);
    let inside =
        format!("struct S; impl Foreign for S {{ fn g() {{ {five} }} fn h(a: u8, b: u8, c: u8, d: u8, e: u8) {{}} }}");
    assert_eq!(found(&inside), ["f has 5 parameters"]);
}

#[test]
fn files_are_short() {
    let long: Vec<String> = all_sources()
        .iter()
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > LINES)
        .map(|(path, lines)| format!("{}: {lines} lines", path.display()))
        .collect();
    assert!(
        long.is_empty(),
        "a file has at most {LINES} lines, one of tests too; split it by what it is about:\n{}",
        long.join("\n")
    );
}
