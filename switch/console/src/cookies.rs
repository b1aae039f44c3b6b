//! The two cookies: the session, and the reader's language.

use axum::http::{HeaderMap, HeaderValue, header};
use kazasu_text::Language;

/// Whether browsers reach the pages through TLS.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Transport {
    /// Here, or at a proxy in front: cookies are for TLS only.
    Tls,
    /// The machine itself only.
    Plain,
}

/// The language's cookie holds for a year.
const YEAR: u32 = 365 * 24 * 3_600;

const LANGUAGE: &str = "kazasu_language";

impl Transport {
    /// The session's cookie. A browser takes the prefix `__Host-` only over TLS, for the whole host, and from no other host of the domain.
    pub(crate) fn session_name(self) -> &'static str {
        match self {
            Transport::Tls => "__Host-kazasu_session",
            Transport::Plain => "kazasu_session",
        }
    }

    fn secure(self) -> &'static str {
        match self {
            Transport::Tls => "; Secure",
            Transport::Plain => "",
        }
    }

    /// Sets the session's cookie, for as long as the browser is open; the switch ends the session before that.
    pub(crate) fn begins(self, session: &str) -> HeaderValue {
        value(&format!("{}={session}; Path=/; HttpOnly; SameSite=Lax{}", self.session_name(), self.secure()))
    }

    /// Removes it.
    pub(crate) fn ends(self) -> HeaderValue {
        value(&format!("{}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0{}", self.session_name(), self.secure()))
    }

    /// Keeps the reader's language.
    pub(crate) fn language(self, language: Language) -> HeaderValue {
        let tag = language.tag();
        value(&format!("{LANGUAGE}={tag}; Path=/; HttpOnly; SameSite=Lax; Max-Age={YEAR}{}", self.secure()))
    }
}

fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// The value of a cookie.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value)
}

/// The reader's language: as the reader chose it, else Japanese.
pub(crate) fn language(headers: &HeaderMap) -> Language {
    cookie(headers, LANGUAGE).and_then(Language::parse).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sessions_cookie_is_out_of_the_reach_of_scripts_and_of_other_sites() {
        let tls = Transport::Tls.begins("kz_sess_x");
        assert_eq!(tls, "__Host-kazasu_session=kz_sess_x; Path=/; HttpOnly; SameSite=Lax; Secure");
        assert_eq!(Transport::Plain.begins("kz_sess_x"), "kazasu_session=kz_sess_x; Path=/; HttpOnly; SameSite=Lax");
        assert!(Transport::Tls.ends().to_str().unwrap().contains("Max-Age=0"));
    }

    #[test]
    fn cookies_are_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=1; kazasu_language=en"));
        headers.append(header::COOKIE, HeaderValue::from_static("kazasu_session=x"));
        assert_eq!((cookie(&headers, "kazasu_session"), cookie(&headers, "b")), (Some("x"), None));
        assert_eq!(language(&headers), Language::English);
        assert_eq!(language(&HeaderMap::new()), Language::Japanese);
    }
}
