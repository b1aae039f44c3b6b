//! Names of authorities (RFC 5280 4.1.2.4): a serial number says nothing without its issuer, so names are compared, and what people
//! type is compared with what certificates say. As RFC 5280 7.1 has it, neither letters' case nor the number of blanks matters.

use super::error::{CrlError, malformed};
use x509_parser::asn1_rs::{FromDer, Tag};
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

/// Types of attributes by what people call them. The first name of each is the one in a canonical name.
const TYPES: [(&str, &str); 20] = [
    ("CN", "2.5.4.3"),
    ("C", "2.5.4.6"),
    ("O", "2.5.4.10"),
    ("OU", "2.5.4.11"),
    ("L", "2.5.4.7"),
    ("ST", "2.5.4.8"),
    ("S", "2.5.4.8"),
    ("STREET", "2.5.4.9"),
    ("SERIALNUMBER", "2.5.4.5"),
    ("SN", "2.5.4.4"),
    ("SURNAME", "2.5.4.4"),
    ("TITLE", "2.5.4.12"),
    ("GIVENNAME", "2.5.4.42"),
    ("GN", "2.5.4.42"),
    ("DNQUALIFIER", "2.5.4.46"),
    ("ORGANIZATIONIDENTIFIER", "2.5.4.97"),
    ("DC", "0.9.2342.19200300.100.1.25"),
    ("UID", "0.9.2342.19200300.100.1.1"),
    ("EMAILADDRESS", "1.2.840.113549.1.9.1"),
    ("E", "1.2.840.113549.1.9.1"),
];

/// An authority's name in a form in which equal names are equal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IssuerName {
    /// Its parts in the certificate's order, `CN=user ca`.
    parts: Vec<String>,
    /// As people see it.
    shown: String,
}

impl IssuerName {
    /// The name in a certificate or a list.
    pub(super) fn of(name: &X509Name<'_>, shown: String) -> Self {
        let part = |rdn: &x509_parser::x509::RelativeDistinguishedName<'_>| {
            let attributes = rdn.iter().map(|a| attribute(&a.attr_type().to_id_string(), &value(a)));
            joined(attributes.collect())
        };
        IssuerName { parts: name.iter().map(part).collect(), shown }
    }

    /// One line for records: the parts with commas between.
    #[must_use]
    pub fn canonical(&self) -> String {
        self.parts.join(",")
    }

    /// As people see it.
    #[must_use]
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// Does the text mean this name? It may begin with the country, as programs show certificates, or with the most special part
    /// (RFC 4514).
    #[must_use]
    pub fn is_called(&self, text: &str) -> bool {
        let Some(parts) = parse(text) else { return false };
        parts == self.parts || parts.iter().rev().eq(&self.parts)
    }
}

fn value(attribute: &AttributeTypeAndValue<'_>) -> String {
    if let Ok(text) = attribute.as_str() {
        return text.to_owned();
    }
    let any = attribute.attr_value();
    let units: Vec<u16> = any.data.chunks(2).map(|pair| pair.iter().fold(0, |n, b| (n << 8) | u16::from(*b))).collect();
    match String::from_utf16(&units) {
        Ok(text) if any.tag() == Tag::BmpString && any.data.len() % 2 == 0 => text,
        _ => format!("#{}", hex::encode(any.data)),
    }
}

/// `CN=user ca`, for a type by its name or number and a value as it is.
fn attribute(kind: &str, value: &str) -> String {
    let kind = kind.trim();
    let number = TYPES.iter().find(|(name, _)| name.eq_ignore_ascii_case(kind)).map_or(kind, |(_, number)| number);
    let kind = TYPES.iter().find(|(_, known)| *known == number).map_or(number, |(name, _)| name);
    let folded: String = value.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    let mut out = format!("{kind}=");
    for c in folded.chars() {
        if matches!(c, '\\' | ',' | '+') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// The attributes of one part, whose order says nothing.
fn joined(mut attributes: Vec<String>) -> String {
    attributes.sort_unstable();
    attributes.join("+")
}

/// `CN=User CA, O=Test`, `O=Test;CN=User CA`, `/O=Test/CN=User CA`; `None` when it is no name.
fn parse(text: &str) -> Option<Vec<String>> {
    let (text, ends): (&str, &[char]) = match text.trim().strip_prefix('/') {
        Some(text) => (text, &['/']),
        None => (text.trim(), &[',', ';']),
    };
    let mut parts = Vec::new();
    let mut attributes = Vec::new();
    let (mut kind, mut value) = (None::<String>, String::new());
    let mut quoted = false;
    let mut chars = text.chars();
    loop {
        let next = chars.next();
        match next {
            Some('\\') => value.push(chars.next()?),
            Some('"') => quoted = !quoted,
            Some('=') if kind.is_none() => kind = Some(std::mem::take(&mut value)),
            Some(c) if quoted || !(ends.contains(&c) || c == '+') => value.push(c),
            end => {
                attributes.push(attribute(&kind.take()?, &std::mem::take(&mut value)));
                if end != Some('+') {
                    parts.push(joined(std::mem::take(&mut attributes)));
                }
                if end.is_none() {
                    return (!quoted).then_some(parts);
                }
            }
        }
    }
}

/// A name as text, for people; what does not belong into a line of a log is left out.
pub(super) fn name(name: &X509Name<'_>) -> String {
    shown(&name.to_string())
}

/// The same of a name that is not read yet.
pub(super) fn raw_name(der: &[u8]) -> String {
    // Until the signature is found good, the name may be anything.
    if der.len() > 4_096 {
        return format!("a name of {} bytes", der.len());
    }
    match X509Name::from_der(der) {
        Ok((_, parsed)) => name(&parsed),
        Err(_) => "an unreadable name".into(),
    }
}

/// What does not belong into a line of a log is left out.
pub(super) fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).take(200).collect()
}

/// The name of a list's issuer.
pub(super) fn issuer_name(der: &[u8]) -> Result<IssuerName, CrlError> {
    match X509Name::from_der(der) {
        Ok((_, parsed)) => Ok(IssuerName::of(&parsed, name(&parsed))),
        Err(_) => Err(malformed("issuer", "the name cannot be read")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, DnType, DnValue, KeyPair};
    use x509_parser::parse_x509_certificate;

    fn name(parts: &[(DnType, DnValue)]) -> IssuerName {
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        for (kind, value) in parts {
            params.distinguished_name.push(kind.clone(), value.clone());
        }
        let der = params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec();
        let (_, certificate) = parse_x509_certificate(&der).unwrap();
        IssuerName::of(certificate.subject(), super::name(certificate.subject()))
    }

    fn text(text: &str) -> DnValue {
        DnValue::Utf8String(text.into())
    }

    fn jpki() -> IssuerName {
        name(&[
            (DnType::CountryName, DnValue::PrintableString("JP".try_into().unwrap())),
            (DnType::OrganizationName, text("JPKI")),
            (DnType::OrganizationalUnitName, text("JPKI for  user Authentication")),
        ])
    }

    #[test]
    fn a_name_is_one_whatever_its_case_blanks_and_order() {
        let jpki = jpki();
        assert_eq!(jpki.canonical(), "C=jp,O=jpki,OU=jpki for user authentication");
        assert!(jpki.is_called(jpki.shown()), "{}", jpki.shown());
        for text in [
            "C=JP, O=JPKI, OU=JPKI for user authentication",
            "ou=jpki for user authentication,o=jpki,c=jp",
            " 2.5.4.6=JP ; 2.5.4.10=\"JPKI\" ; OU = JPKI for  user authentication ",
            "/C=JP/O=JPKI/OU=JPKI for user authentication",
            "C=JP,O=J\\PKI,OU=JPKI for user authentication",
        ] {
            assert!(jpki.is_called(text), "{text}");
        }
        for text in [
            "",
            "JPKI",
            "C=JP, O=JPKI",
            "C=JP, O=JPKI, OU=JPKI for user authentication, CN=x",
            "C=JP, OU=JPKI for user authentication, O=JPKI",
            "C=JP, O=JPKI, OU=JPKI for user authentication,",
            "C=JP, O=JPKI, OU=\"JPKI for user authentication",
            "C=JP, O=JPKI, OU=JPKI for user authentication\\",
        ] {
            assert!(!jpki.is_called(text), "{text}");
        }
    }

    #[test]
    fn a_string_of_another_kind_is_the_same_name() {
        let bmp = DnValue::BmpString("利用者 CA".try_into().unwrap());
        let (a, b) = (name(&[(DnType::CommonName, bmp)]), name(&[(DnType::CommonName, text("利用者 ca"))]));
        assert_eq!(a.canonical(), b.canonical());
        assert_eq!(a.canonical(), "CN=利用者 ca");
    }

    #[test]
    fn what_a_value_holds_makes_no_other_parts() {
        let one = name(&[(DnType::CommonName, text("A, O=B"))]);
        let two = name(&[(DnType::CommonName, text("A")), (DnType::OrganizationName, text("B"))]);
        assert_ne!(one.canonical(), two.canonical());
        assert_eq!(one.canonical(), "CN=a\\, o=b");
        assert!(one.is_called("CN=A\\, O=B") && !one.is_called("CN=A, O=B"));
    }
}
