//! A browser that runs no script: it keeps cookies, follows nothing by itself, and sends forms with what their page has in them.

use std::net::SocketAddr;

/// A browser at one address.
pub(crate) struct Browser {
    http: SocketAddr,
    cookies: Vec<(String, String)>,
}

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    /// A header; empty where it is missing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
    }

    pub(crate) fn location(&self) -> &str {
        self.header("location")
    }
}

/// The value of an attribute of the element that a text begins in.
fn attribute(element: &str, name: &str) -> String {
    let element = element.split('>').next().unwrap();
    let value = element.split(&format!("{name}=\"")).nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
    let named = [
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#38;", "&"),
        ("&amp;", "&"),
        ("&quot;", "\""),
    ];
    named.iter().fold(value.to_owned(), |text, (code, sign)| text.replace(code, sign))
}

impl Browser {
    pub(crate) fn new(http: SocketAddr) -> Browser {
        Browser { http, cookies: Vec::new() }
    }

    /// With a session that has begun elsewhere.
    pub(crate) fn with_session(http: SocketAddr, session: &str) -> Browser {
        let mut browser = Browser::new(http);
        browser.put_cookie("kazasu_session", session.trim());
        browser
    }

    pub(crate) fn put_cookie(&mut self, name: &str, value: &str) {
        self.cookies.retain(|(known, _)| known != name);
        self.cookies.push((name.to_owned(), value.to_owned()));
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    }

    fn sent(&mut self, (method, path): (&str, &str), headers: &[(&str, &str)], body: &str) -> Answer {
        let config = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0);
        let agent = ureq::Agent::new_with_config(config.max_redirects_will_error(false).build());
        let mut request = ureq::http::Request::builder().method(method).uri(format!("http://{}{path}", self.http));
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        request = request.header("cookie", cookies.join("; "));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut answer = match method {
            "GET" => agent.run(request.body(()).unwrap()).unwrap(),
            _ => {
                let request = request.header("content-type", "application/x-www-form-urlencoded");
                agent.run(request.body(body.to_owned()).unwrap()).unwrap()
            }
        };
        let text = |value: &ureq::http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let headers: Vec<_> = answer.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        for (_, line) in headers.iter().filter(|(name, _)| name == "set-cookie") {
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            if line.contains("Max-Age=0") {
                self.cookies.retain(|(known, _)| known != name);
            } else {
                self.put_cookie(name, value);
            }
        }
        Answer { status: answer.status().as_u16(), headers, body: answer.body_mut().read_to_string().unwrap() }
    }

    pub(crate) fn get(&mut self, path: &str) -> Answer {
        self.sent(("GET", path), &[], "")
    }

    /// A form of a page of this host.
    pub(crate) fn post(&mut self, path: &str, fields: &[(&str, String)]) -> Answer {
        self.post_with(path, fields, &[("sec-fetch-site", "same-origin")])
    }

    pub(crate) fn post_with(&mut self, path: &str, fields: &[(&str, String)], headers: &[(&str, &str)]) -> Answer {
        self.sent(("POST", path), headers, &serde_urlencoded::to_string(fields).unwrap())
    }

    /// The fields that the form to `action` has on a page, as they stand there.
    pub(crate) fn form(&mut self, page: &str, action: &str) -> Vec<(&'static str, String)> {
        let answer = self.get(page);
        fields_of(&answer, action)
    }

    /// Sends the form to `action` of a page, with these fields filled in.
    pub(crate) fn submit(&mut self, page: &str, action: &str, filled: &[(&'static str, String)]) -> Answer {
        let form = self.form(page, action);
        self.fill(action, form, filled)
    }

    /// Sends a form with these fields filled in.
    pub(crate) fn fill(
        &mut self,
        action: &str,
        form: Vec<(&'static str, String)>,
        filled: &[(&'static str, String)],
    ) -> Answer {
        let kept = form.into_iter().filter(|(name, _)| filled.iter().all(|(known, _)| known != name));
        let fields: Vec<_> = kept.chain(filled.iter().cloned()).collect();
        self.post(action, &fields)
    }
}

/// The fields that the form to `action` has in an answer.
pub(crate) fn fields_of(answer: &Answer, action: &str) -> Vec<(&'static str, String)> {
    let forms = answer.body.split("<form").skip(1).filter(|form| attribute(form, "action") == action);
    let form = forms.last().unwrap_or_else(|| panic!("no form to {action}: {} {}", answer.status, answer.body));
    let form = form.split("</form>").next().unwrap();
    let inputs = form
        .split("<input")
        .skip(1)
        .filter(|input| attribute(input, "type") != "radio" || input.split('>').next().unwrap().contains(" checked"));
    // The names live as long as the test.
    let named = |input: &str| (&*Box::leak(attribute(input, "name").into_boxed_str()), attribute(input, "value"));
    inputs.map(named).collect()
}
