//! Files of one crate that import each other in a circle. An import is a path in the code, followed through re-exports to the file that
//! defines the name. A file that only declares and re-exports is part of no circle, and one that only has types makes none with a single
//! other file. Code of tests does not count.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A file's place among the modules of its crate: `["closing", "decide"]`.
type Module = Vec<String>;

/// A name that a file brings in: what it is called there, and its path.
#[derive(Clone, Debug)]
struct Import {
    name: String,
    path: Vec<String>,
    is_glob: bool,
}

#[derive(Default)]
struct File {
    path: PathBuf,
    /// Paths with the inline modules around them.
    paths: Vec<(usize, Vec<String>)>,
    imports: Vec<Import>,
    /// Names that it defines.
    defines: BTreeSet<String>,
    /// Does it do anything, or has it only types?
    has_functions: bool,
}

/// Code without comments, texts and what only tests compile, as words and signs.
fn tokens(source: &str) -> Vec<String> {
    without_tests(&words(source))
}

fn words(source: &str) -> Vec<String> {
    let (mut out, chars) = (Vec::new(), source.chars().collect::<Vec<_>>());
    let at = |n: usize| chars.get(n).copied().unwrap_or('\0');
    let mut n = 0;
    while n < chars.len() {
        let c = chars[n];
        if c == '/' && at(n + 1) == '/' {
            while n < chars.len() && chars[n] != '\n' {
                n += 1;
            }
        } else if c == '/' && at(n + 1) == '*' {
            while n < chars.len() && !(chars[n] == '*' && at(n + 1) == '/') {
                n += 1;
            }
            n += 2;
        } else if let Some(end) = raw_text(&chars, n) {
            n = end;
        } else if c == '"' {
            n += 1;
            while n < chars.len() && chars[n] != '"' {
                n += if chars[n] == '\\' { 2 } else { 1 };
            }
            n += 1;
        } else if c == '\'' {
            // A character, or a lifetime.
            n += match (at(n + 1), at(n + 2)) {
                ('\\', _) => 3 + chars[(n + 3).min(chars.len())..].iter().take_while(|c| **c != '\'').count(),
                (_, '\'') => 3,
                _ => 1,
            };
        } else if c.is_alphanumeric() || c == '_' {
            let word: String = chars[n..].iter().take_while(|c| c.is_alphanumeric() || **c == '_').collect();
            n += word.chars().count();
            out.push(word);
        } else if c == ':' && at(n + 1) == ':' {
            out.push("::".to_owned());
            n += 2;
        } else {
            if !c.is_whitespace() {
                out.push(c.to_string());
            }
            n += 1;
        }
    }
    out
}

/// Where a raw text that begins here ends.
fn raw_text(chars: &[char], from: usize) -> Option<usize> {
    let begins = matches!(chars[from], 'r' | 'b' | 'c')
        && !from.checked_sub(1).is_some_and(|before| chars[before].is_alphanumeric() || chars[before] == '_');
    if !begins {
        return None;
    }
    let mut n = from + usize::from(chars[from] != 'r');
    if chars.get(n) != Some(&'r') {
        return None;
    }
    n += 1;
    let hashes = chars[n..].iter().take_while(|c| **c == '#').count();
    n += hashes;
    if chars.get(n) != Some(&'"') {
        return None;
    }
    let end: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
    let ends = chars[n + 1..].windows(end.len()).position(|window| window == end)?;
    Some(n + 1 + ends + end.len())
}

/// The index after an item that begins here: after its `;`, or after its braces.
fn item_end(tokens: &[String], from: usize) -> usize {
    let mut depth = 0_usize;
    for (n, token) in tokens.iter().enumerate().skip(from) {
        match token.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => {
                depth = depth.saturating_sub(1);
                if depth == 0 && token == "}" {
                    return n + 1;
                }
            }
            ";" if depth == 0 => return n + 1,
            _ => {}
        }
    }
    tokens.len()
}

fn without_tests(tokens: &[String]) -> Vec<String> {
    const TEST: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let (mut out, mut n) = (Vec::new(), 0);
    while n < tokens.len() {
        if tokens[n..].iter().map(String::as_str).take(TEST.len()).eq(TEST) {
            n = item_end(tokens, n + TEST.len());
            // A braced list of imports ends with a semicolon.
            n += usize::from(tokens.get(n).is_some_and(|token| token == ";"));
        } else {
            out.push(tokens[n].clone());
            n += 1;
        }
    }
    out
}

fn is_name(token: &str) -> bool {
    token.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_')
}

/// The imports of one `use`, which begins behind that word; and the index after it.
fn read_use(tokens: &[String], from: usize) -> (Vec<Import>, usize) {
    fn tree(tokens: &[String], n: &mut usize, before: &[String], out: &mut Vec<Import>) {
        let mut path = before.to_vec();
        loop {
            let token = tokens[*n].as_str();
            *n += 1;
            match token {
                "{" => {
                    while tokens[*n] != "}" {
                        if tokens[*n] == "," {
                            *n += 1;
                        } else {
                            tree(tokens, n, &path, out);
                        }
                    }
                    *n += 1;
                    return;
                }
                "*" => return out.push(Import { name: String::new(), path, is_glob: true }),
                "::" => continue,
                "self" if path.len() > before.len() || !before.is_empty() => {}
                name => path.push(name.to_owned()),
            }
            if tokens[*n] != "::" {
                break;
            }
        }
        let mut name = path.last().cloned().unwrap_or_default();
        if tokens[*n] == "as" {
            name.clone_from(&tokens[*n + 1]);
            *n += 2;
        }
        out.push(Import { name, path, is_glob: false });
    }
    let (mut out, mut n) = (Vec::new(), from);
    tree(tokens, &mut n, &[], &mut out);
    (out, n)
}

impl File {
    fn read(path: &Path) -> File {
        let tokens = tokens(&std::fs::read_to_string(path).unwrap());
        let mut file = File { path: path.to_owned(), ..File::default() };
        let (mut depth, mut inline, mut n) = (0_usize, Vec::new(), 0);
        while n < tokens.len() {
            let next = |by: usize| tokens.get(n + by).map_or("", String::as_str);
            match tokens[n].as_str() {
                "{" => depth += 1,
                "}" => {
                    depth = depth.saturating_sub(1);
                    inline.retain(|begun| *begun < depth);
                }
                "use" => {
                    let (imports, end) = read_use(&tokens, n + 1);
                    let passes_on = n > 0 && matches!(tokens[n - 1].as_str(), "pub" | ")");
                    for import in imports {
                        if inline.is_empty() {
                            file.imports.push(import.clone());
                        }
                        if !passes_on {
                            file.paths.push((inline.len(), import.path));
                        }
                    }
                    n = end;
                    continue;
                }
                "mod" if is_name(next(1)) && next(2) == "{" => inline.push(depth),
                "struct" | "enum" | "trait" | "fn" | "const" | "static" | "type" | "union" if is_name(next(1)) => {
                    let name = if next(1) == "fn" { next(2) } else { next(1) };
                    file.defines.insert(name.to_owned());
                    file.has_functions |= tokens[n] == "fn" || next(1) == "fn";
                }
                "macro_rules" => {
                    file.defines.insert(next(2).to_owned());
                }
                word if is_name(word) && next(1) == "::" && (n == 0 || tokens[n - 1] != "::") => {
                    let mut path = vec![word.to_owned()];
                    while next(2 * path.len() - 1) == "::" && is_name(next(2 * path.len())) {
                        path.push(next(2 * path.len()).to_owned());
                    }
                    let length = path.len();
                    file.paths.push((inline.len(), path));
                    n += 2 * length - 1;
                    continue;
                }
                _ => {}
            }
            n += 1;
        }
        file
    }
}

/// The files of one crate by module.
struct Crate {
    files: BTreeMap<Module, File>,
}

impl Crate {
    fn read(source: &Path) -> Crate {
        let mut files = BTreeMap::new();
        Self::walk(source, &Vec::new(), &mut files);
        Crate { files }
    }

    fn walk(folder: &Path, module: &Module, files: &mut BTreeMap<Module, File>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
            if stem == "tests" || (module.is_empty() && (stem == "bin" || stem == "main")) {
                continue;
            }
            let mut inner = module.clone();
            if path.is_dir() {
                inner.push(stem);
                Self::walk(&path, &inner, files);
            } else if path.extension().is_some_and(|ext| ext == "rs") {
                if stem != "mod" && !(module.is_empty() && stem == "lib") {
                    inner.push(stem);
                }
                files.insert(inner, File::read(&path));
            }
        }
    }

    /// The module whose file defines what a path in `from` names; `None` where that is outside the crate or `from` itself.
    fn target(&self, from: &Module, path: &[String], hops: usize) -> Option<Module> {
        let (mut at, mut rest) = match path.first()?.as_str() {
            "crate" => (Module::new(), &path[1..]),
            "self" => (from.clone(), &path[1..]),
            "super" => (from.split_last()?.1.to_vec(), &path[1..]),
            _ => (from.clone(), path),
        };
        let relative = !matches!(path[0].as_str(), "crate" | "self" | "super");
        while rest.first().is_some_and(|word| word == "super") {
            at.pop()?;
            rest = &rest[1..];
        }
        let mut moved = !relative;
        while let Some(word) = rest.first() {
            let mut inner = at.clone();
            inner.push(word.clone());
            if !self.files.contains_key(&inner) {
                break;
            }
            (at, rest, moved) = (inner, &rest[1..], true);
        }
        let name = rest.first()?;
        let file = self.files.get(&at)?;
        if moved && file.defines.contains(name) {
            return Some(at);
        }
        if hops == 0 {
            return None;
        }
        // It is brought in here: by its name, or with everything that another module has.
        if let Some(import) = file.imports.iter().find(|import| !import.is_glob && import.name == *name) {
            if relative && !moved && import.path == path[..1] {
                return None;
            }
            let whole: Vec<String> = import.path.iter().chain(&rest[1..]).cloned().collect();
            return self.target(&at, &whole, hops - 1).or_else(|| self.target(&at, &import.path, hops - 1));
        }
        let globs = file.imports.iter().filter(|import| import.is_glob && moved);
        globs.filter_map(|glob| self.target(&at, &[glob.path.as_slice(), rest].concat(), hops - 1)).next()
    }

    /// For each file, the files whose names it uses.
    fn uses(&self) -> BTreeMap<&Module, BTreeSet<Module>> {
        let uses = |module: &Module, file: &File| {
            let mut out = BTreeSet::new();
            for (inline, path) in &file.paths {
                // Within a module that stands in the file, the first `super` is the file.
                let supers = path.iter().take_while(|word| *word == "super").count();
                let path = match supers.min(*inline) {
                    0 => path.clone(),
                    leaves => [vec!["self".to_owned()], path[leaves..].to_vec()].concat(),
                };
                let path: Vec<String> = match path.get(1).map(String::as_str) {
                    Some("super") if path[0] == "self" => path[1..].to_vec(),
                    _ => path,
                };
                out.extend(self.target(module, &path, 8).filter(|target| target != module));
            }
            out
        };
        self.files.iter().map(|(module, file)| (module, uses(module, file))).collect()
    }

    /// Groups of files of which each reaches each other one, and of which at least two have functions.
    fn circles(&self) -> Vec<BTreeSet<Module>> {
        let uses = self.uses();
        let reach = |from: &Module| {
            let (mut found, mut open) = (BTreeSet::new(), vec![from.clone()]);
            while let Some(module) = open.pop() {
                for next in &uses[&module] {
                    if found.insert(next.clone()) {
                        open.push(next.clone());
                    }
                }
            }
            found
        };
        let reached: BTreeMap<&Module, BTreeSet<Module>> = self.files.keys().map(|m| (m, reach(m))).collect();
        let mut circles: Vec<BTreeSet<Module>> = Vec::new();
        for module in self.files.keys().filter(|module| reached[module].contains(*module)) {
            if !circles.iter().any(|circle| circle.contains(module)) {
                let both = reached[module].iter().filter(|other| reached[other].contains(module));
                circles.push(both.cloned().collect());
            }
        }
        circles.retain(|circle| circle.iter().filter(|module| self.files[*module].has_functions).count() > 1);
        circles
    }
}

/// Folders of the workspace that have a crate.
fn crates(root: &Path) -> Vec<PathBuf> {
    let manifest = std::fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let members = manifest.lines().find(|line| line.starts_with("members = ")).unwrap();
    members.split('"').skip(1).step_by(2).map(|folder| root.join(folder)).collect()
}

/// Every circle of every crate, as the imports that make it; files are named from the root.
fn all_circles(root: &Path) -> Vec<Vec<String>> {
    let mut out = Vec::new();
    for folder in crates(root) {
        let part = Crate::read(&folder.join("src"));
        let name = |module: &Module| part.files[module].path.strip_prefix(root).unwrap().display().to_string();
        let uses = part.uses();
        for circle in part.circles() {
            let arrows = circle.iter().flat_map(|from| uses[from].iter().map(move |to| (from, to)));
            let arrows = arrows.filter(|(_, to)| circle.contains(*to));
            out.push(arrows.map(|(from, to)| format!("{} -> {}", name(from), name(to))).collect());
        }
    }
    out
}

#[test]
fn files_of_a_crate_import_each_other_in_no_circle() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let found: Vec<String> = all_circles(root).into_iter().map(|arrows| arrows.join("\n")).collect();
    assert!(found.is_empty(), "files that import each other in a circle:\n{}", found.join("\n\n"));
}

/// Files by name and text, as a crate.
fn made_of(files: &[(&str, &str)]) -> Vec<Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let name = |module: &Module| module.join("::");
    let circles = Crate::read(folder.path()).circles();
    circles.iter().map(|circle| circle.iter().map(name).collect()).collect()
}

#[test]
fn a_circle_is_found_through_re_exports_and_only_where_there_is_one() {
    let a = "use crate::m::B;\npub struct A;\npub fn a(_: B) {}\n";
    let facade = ("m/mod.rs", "mod b;\npub use b::B;\n");
    let circle = made_of(&[
        ("lib.rs", "mod a;\nmod m;\n"),
        ("a.rs", a),
        facade,
        ("m/b.rs", "pub struct B(crate::a::A);\nfn b() {}\n"),
    ]);
    assert_eq!(circle, [["a", "m::b"]]);
    // What only a test uses, what a comment or a text says, and a file that only has types.
    for b in [
        "pub struct B;\nfn b() {}\n#[cfg(test)]\nmod tests {\n    use crate::a::A;\n}\n",
        "pub struct B;\n// crate::a::A\nfn b() -> &'static str { \"crate::a::A\" }\n",
        "pub struct B(crate::a::A);\n",
    ] {
        assert!(made_of(&[("lib.rs", "mod a;\nmod m;\n"), ("a.rs", a), facade, ("m/b.rs", b)]).is_empty(), "{b}");
    }
    // A parent that uses its child, and a child that uses its parent.
    let parent = "mod c;\npub struct P;\nfn p() { c::c(P) }\n";
    let found = made_of(&[("lib.rs", "mod p;\n"), ("p.rs", parent), ("p/c.rs", "pub fn c(_: super::P) {}\n")]);
    assert_eq!(found, [["p", "p::c"]]);
}
