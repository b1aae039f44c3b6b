//! Lists of authorities made for the test, good and damaged, and one of another program.

use super::der::{
    BIT_STRING, BOOLEAN, Der, ENUMERATED, Element, GENERALIZED_TIME, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING,
    SEQUENCE, UTC_TIME,
};
use super::parse::{
    CRL_NUMBER, DELTA_CRL_INDICATOR, EXTENSIONS, REASON_CODE, binary, distribution_point, entries, instant,
};
use super::signature::{SHA1_WITH_RSA, certificates};
use super::*;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CrlDistributionPoint,
    CrlIssuingDistributionPoint, CrlScope, DnType, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
    RevocationReason, RevokedCertParams, SerialNumber, SigningKey,
};
use time::OffsetDateTime;

/// 2026-11-23T15:00:00Z
const NOW: Millis = Millis(1_795_446_000_000);
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

// openssl ca: RSA with SHA-256, a name in Japanese, a critical issuing distribution point for user certificates,
// reasons keyCompromise, certificateHold, none and removeFromCRL.
const RSA_AUTHORITY: &str = "-----BEGIN CERTIFICATE-----
MIIDJzCCAg+gAwIBAgIBATANBgkqhkiG9w0BAQsFADA1MQswCQYDVQQGEwJKUDEN
MAsGA1UECgwEVGVzdDEXMBUGA1UEAwwOVXNlciBDQSDoqabpqJMwHhcNMjUwMTAx
MDAwMDAwWhcNNDUwMTAxMDAwMDAwWjA1MQswCQYDVQQGEwJKUDENMAsGA1UECgwE
VGVzdDEXMBUGA1UEAwwOVXNlciBDQSDoqabpqJMwggEiMA0GCSqGSIb3DQEBAQUA
A4IBDwAwggEKAoIBAQCgBFhI1b0AsqC4rDTodDnggNiVpez59XwjGBPfbtLxPeo0
vo/Ox6du/uYeb3QZfzWDwvOUUnCkDugB+MlL94E48f2PXMaI5csaufGz1dNZm9lo
cOOhO+YQxJldbithbvfONv7pm0m9YmzBbby0S1Os2cdthRf+voSTuzePWTVEyiDJ
Lfp3GjN0utD5kGYn0Hzl/FKyNW9u2gBV4BVHEAIepS/mEghK4Yul0c7rdJx+6PYl
15iiEsf19UvLbMaDRwX1oXjorT/EiZkUu2HJT3OrjfNLCQOXJErA4hfP0OYhjqdi
XNK8IVJOqT9NhDHUYTZp8S5BaXZvRk+5opUbGR9fAgMBAAGjQjBAMA8GA1UdEwEB
/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgEGMB0GA1UdDgQWBBTQ2zUn89cKkY6EHVlO
PdEgUeAbFjANBgkqhkiG9w0BAQsFAAOCAQEAgVW4JtSWnXRTENwLdn5jlWO8zu1x
Q72umaUI+LMWUFRoERcfp/wUz6zJyBz/xMqe0nFK9w0J2H5/uJbK3sClCmqnSY4l
7kkrNQpvyvk1yV7v5GVOUBr98vooxB5CbcI94ZuE4tUmmEsYuJn8P1xwCjFm+0Kr
RSkWh9XPCoNH7NKy8GmUsq1+fY9rrmxj54I3V48+OoC6DATLKm6wTXEA6az1g79+
5rVtNTh0FicBeSNuqhsXtnmpXoTcftaz1PBY0avLqV8Tr97Hs3Fw3c/mleiEcglW
nAI8uAQne06loVbp7pMh/gR1CX+zCl8n9lgALvm3fUSB+Dp/wufYN4fTyA==
-----END CERTIFICATE-----
";
const RSA_LIST: &str = "-----BEGIN X509 CRL-----
MIICdDCCAVwCAQEwDQYJKoZIhvcNAQELBQAwNTELMAkGA1UEBhMCSlAxDTALBgNV
BAoMBFRlc3QxFzAVBgNVBAMMDlVzZXIgQ0Eg6Kmm6aiTFw0yNjExMjMwMDAwMDBa
Fw0yNjExMjQwMDAwMDBaMIGRMCECAgECFw0yNjEwMDIwMDAwMDBaMAwwCgYDVR0V
BAMKAQYwEwICAQMXDTI2MTAwMzAwMDAwMFowIQICAQQXDTI2MTAwMzAwMDAwMFow
DDAKBgNVHRUEAwoBCDA0AhUA/+7dzLuqmYh3ZlVEMyIRAPDg0MAXDTI2MTAwMTAw
MDAwMFowDDAKBgNVHRUEAwoBAaBfMF0wHwYDVR0jBBgwFoAU0Ns1J/PXCpGOhB1Z
Tj3RIFHgGxYwLQYDVR0cAQH/BCMwIaAcoBqGGGh0dHA6Ly9jcmwuZXhhbXBsZS8x
LmNybIEB/zALBgNVHRQEBAICEjQwDQYJKoZIhvcNAQELBQADggEBAASy7C0BMxED
6rKZoh0zVMz6F9e+LUs/aRd7f8hSjTqlpnn7K9kRL02lhARi26bEd07KIRlQddAS
f7JnGkokfDiO/38QEUjMicPf6kBPffypqW3DG7jeJZoOUkwkjYl9XZXFGfMwGHzK
xfhi1bNjorcCpkCkxBuj2ao4XwCd63nCn+I0HsihdUfUACTXhrheZ2XObcrs00Nt
aZ8dSngaLy9fCCGN++ocv+ByUkK1JnO7/v6a03wkEiOT7FP/L6GjA3iyUoB0IaYG
d4kWHr9P6Q10oMzK5Sh5la/XaQ2ffErWty0GKmw0ze/7wOazOaYl/xwW+1XoEKjA
aJnflCokxmg=
-----END X509 CRL-----
";

struct Authority {
    params: CertificateParams,
    key: KeyPair,
}

fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Authority { params, key: KeyPair::generate().unwrap() }
}

impl Authority {
    fn pem(&self) -> Vec<u8> {
        self.pem_with(|_| {})
    }

    fn pem_with(&self, change: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
        let mut params = self.params.clone();
        change(&mut params);
        params.self_signed(&self.key).unwrap().pem().into_bytes()
    }

    fn list(&self, change: impl FnOnce(&mut CertificateRevocationListParams)) -> rcgen::CertificateRevocationList {
        let mut params = CertificateRevocationListParams {
            this_update: at(NOW.0 - HOUR),
            next_update: at(NOW.0 + DAY),
            crl_number: SerialNumber::from(7),
            issuing_distribution_point: None,
            revoked_certs: vec![
                revoked(&[0xab, 0xcd], Some(RevocationReason::KeyCompromise)),
                revoked(&[0x12], Some(RevocationReason::CertificateHold)),
            ],
            key_identifier_method: KeyIdMethod::Sha256,
        };
        change(&mut params);
        params.signed_by(&Issuer::from_params(&self.params, &self.key)).unwrap()
    }

    fn der(&self, change: impl FnOnce(&mut CertificateRevocationListParams)) -> Vec<u8> {
        self.list(change).der().to_vec()
    }

    /// The good list with the fields of its tbsCertList changed (version, signature, issuer, thisUpdate, nextUpdate,
    /// revokedCertificates, crlExtensions), signed again.
    fn rewritten(&self, change: impl FnOnce(&mut Vec<Vec<u8>>)) -> Vec<u8> {
        let list = self.der(|_| {});
        let mut outer = Der(Der(&list).take(SEQUENCE, "").unwrap().content);
        let mut signed = Der(outer.take(SEQUENCE, "").unwrap().content);
        let algorithm = outer.take(SEQUENCE, "").unwrap().whole;
        let mut fields = Vec::new();
        while !signed.0.is_empty() {
            fields.push(signed.any("").unwrap().whole.to_vec());
        }
        assert_eq!(fields.len(), 7);
        change(&mut fields);
        let tbs = tlv(SEQUENCE, &fields.concat());
        let mut signature = vec![0];
        signature.extend(self.key.sign(&tbs).unwrap());
        tlv(SEQUENCE, &[tbs, algorithm.to_vec(), tlv(BIT_STRING, &signature)].concat())
    }

    fn with_extensions(&self, extensions: &[Vec<u8>]) -> Vec<u8> {
        self.rewritten(|fields| fields[6] = tlv(EXTENSIONS, &tlv(SEQUENCE, &extensions.concat())))
    }
}

fn at(millis: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(millis / 1_000).unwrap()
}

fn revoked(serial: &[u8], reason_code: Option<RevocationReason>) -> RevokedCertParams {
    RevokedCertParams {
        serial_number: SerialNumber::from_slice(serial),
        revocation_time: at(NOW.0 - DAY),
        reason_code,
        invalidity_date: Some(at(NOW.0 - DAY)),
    }
}

fn serial(octets: &[u8]) -> Serial {
    Serial::from_bytes(octets).unwrap()
}

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match u8::try_from(content.len()) {
        Ok(short @ 0..=0x7f) => out.push(short),
        _ => {
            out.push(0x84);
            out.extend(u32::try_from(content.len()).unwrap().to_be_bytes());
        }
    }
    out.extend(content);
    out
}

fn extension_der(oid: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical { tlv(BOOLEAN, &[0xff]) } else { Vec::new() };
    tlv(SEQUENCE, &[tlv(OBJECT_IDENTIFIER, oid), critical, tlv(OCTET_STRING, value)].concat())
}

fn number_der(octets: &[u8]) -> Vec<u8> {
    extension_der(CRL_NUMBER, false, &tlv(INTEGER, octets))
}

fn entry_der(serial: &[u8], extensions: &[Vec<u8>]) -> Vec<u8> {
    let extensions = if extensions.is_empty() { Vec::new() } else { tlv(SEQUENCE, &extensions.concat()) };
    tlv(SEQUENCE, &[tlv(INTEGER, serial), tlv(UTC_TIME, b"261001000000Z"), extensions].concat())
}

fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut out = bytes.to_vec();
    for start in 0..=out.len() - from.len() {
        if out[start..].starts_with(from) {
            out[start..start + to.len()].copy_from_slice(to);
        }
    }
    assert_ne!(out, bytes);
    out
}

/// The authority of this name.
#[track_caller]
fn called(text: &str, authorities: &[u8]) -> IssuerName {
    super::authorities(authorities).unwrap().into_iter().find(|name| name.is_called(text)).unwrap()
}

#[track_caller]
fn refused(bytes: &[u8], authorities: &[u8]) -> CrlError {
    read(bytes, authorities, NOW).unwrap_err()
}

#[test]
fn a_good_list_is_read_from_der_and_from_pem() {
    let ca = authority("User CA");
    let list = ca.list(|_| {});
    let expected = List {
        place: None,
        issuer: called("CN=User CA", &ca.pem()),
        number: 7,
        this_update: Millis(NOW.0 - HOUR),
        next_update: Some(Millis(NOW.0 + DAY)),
        entries: vec![(serial(&[0x12]), ListReason::Hold), (serial(&[0xab, 0xcd]), ListReason::Revoked)],
    };
    assert_eq!(read(list.der(), &ca.pem(), NOW).as_ref(), Ok(&expected));
    let pem = list.pem().unwrap();
    assert_eq!(read(pem.as_bytes(), &ca.pem(), NOW).as_ref(), Ok(&expected));
    let explained = format!("Certificate Revocation List (CRL):\n{}", pem.replace('\n', "\r\n"));
    assert_eq!(read(explained.as_bytes(), &ca.pem(), NOW).as_ref(), Ok(&expected));
}

#[test]
fn a_list_of_another_program_is_read() {
    assert_eq!(
        read(RSA_LIST.as_bytes(), RSA_AUTHORITY.as_bytes(), NOW),
        Ok(List {
            place: Some("http://crl.example/1.crl 100e8b4623f4".into()),
            issuer: called("CN=User CA 試験, O=Test, C=JP", RSA_AUTHORITY.as_bytes()),
            number: 0x1234,
            this_update: Millis(1_795_392_000_000),
            next_update: Some(Millis(1_795_478_400_000)),
            entries: vec![
                (serial(&[1, 2]), ListReason::Hold),
                (serial(&[1, 3]), ListReason::Revoked),
                ("FFEEDDCCBBAA99887766554433221100F0E0D0C0".parse().unwrap(), ListReason::Revoked),
            ],
        })
    );
}

#[test]
fn an_empty_list_and_an_overdue_one_are_read() {
    let ca = authority("User CA");
    let empty = ca.der(|list| list.revoked_certs.clear());
    assert!(read(&empty, &ca.pem(), NOW).unwrap().entries.is_empty());
    assert!(read(&empty, &ca.pem(), Millis(NOW.0 + 30 * DAY)).is_ok());
}

#[test]
fn a_serial_that_is_there_twice_has_the_strictest_reason() {
    let ca = authority("User CA");
    let (hold, revoke) = (Some(RevocationReason::CertificateHold), Some(RevocationReason::Superseded));
    let list = ca.der(|list| {
        list.revoked_certs = [(1, hold), (2, revoke), (3, hold), (1, revoke), (2, hold), (3, hold), (4, None)]
            .map(|(serial, reason)| revoked(&[serial], reason))
            .into();
    });
    assert_eq!(
        read(&list, &ca.pem(), NOW).unwrap().entries,
        [
            (serial(&[1]), ListReason::Revoked),
            (serial(&[2]), ListReason::Revoked),
            (serial(&[3]), ListReason::Hold),
            (serial(&[4]), ListReason::Revoked),
        ]
    );
}

#[test]
fn reasons_of_delta_lists_take_no_part() {
    let ca = authority("User CA");
    let list = ca.der(|list| list.revoked_certs.push(revoked(&[0x77], Some(RevocationReason::RemoveFromCrl))));
    assert_eq!(read(&list, &ca.pem(), NOW).unwrap().entries.len(), 2);
}

#[test]
fn what_is_no_list_is_refused() {
    let ca = authority("User CA");
    let list = ca.der(|_| {});
    let pem = ca.list(|_| {}).pem().unwrap();
    for garbage in [&b""[..], b"hello", &[0xff; 100], b"\n"] {
        assert_eq!(refused(garbage, &ca.pem()), CrlError::NotAList("is neither".into()));
    }
    assert!(matches!(refused(&[SEQUENCE], &ca.pem()), CrlError::Malformed { part: "CertificateList", .. }));
    assert!(matches!(refused(&[SEQUENCE, 0x80, 0, 0], &ca.pem()), CrlError::Malformed { .. }));
    assert_eq!(refused(&ca.pem(), &ca.pem()), CrlError::NotAList("has a block \"CERTIFICATE\"".into()));
    let twice = [pem.as_bytes(), pem.as_bytes()].concat();
    assert_eq!(refused(&twice, &ca.pem()), CrlError::NotAList("has several such blocks".into()));
    let broken = pem.replacen("-----\n", "-----\n*", 1);
    assert_ne!(broken, pem);
    assert!(matches!(refused(broken.as_bytes(), &ca.pem()), CrlError::Pem(_)));
    assert!(matches!(refused(&pem.as_bytes()[..pem.len() / 2], &ca.pem()), CrlError::Pem(_)));
    let certificate = certificates(&ca.pem()).unwrap().remove(0);
    assert!(matches!(refused(&certificate, &ca.pem()), CrlError::Malformed { part: "version", .. }));
    assert_eq!(refused(&[&list[..], b"\n"].concat(), &ca.pem()), CrlError::Trailing(1));
    assert_eq!(refused(&vec![0; MAX_BYTES + 1], &ca.pem()), CrlError::TooLarge(MAX_BYTES + 1));
}

#[test]
fn no_octet_may_be_missing_or_damaged() {
    let ca = authority("User CA");
    let (list, pem) = (ca.der(|_| {}), ca.pem());
    for end in 0..list.len() {
        assert!(read(&list[..end], &pem, NOW).is_err(), "cut at {end}");
    }
    for at in 0..list.len() {
        let mut damaged = list.clone();
        damaged[at] ^= 1;
        assert!(read(&damaged, &pem, NOW).is_err(), "damaged at {at}");
    }
    let serial = replaced(&list, &[0xab, 0xcd], &[0xab, 0xcc]);
    assert_eq!(refused(&serial, &pem), CrlError::Signature("CN=User CA".into()));
}

#[test]
fn only_a_configured_authority_may_have_signed() {
    let (ca, impostor, other) = (authority("User CA"), authority("User CA"), authority("Other CA"));
    let list = ca.der(|_| {});
    assert_eq!(refused(&list, &impostor.pem()), CrlError::Signature("CN=User CA".into()));
    let error = refused(&list, &other.pem());
    assert_eq!(error, CrlError::OtherAuthority { issuer: "CN=User CA".into(), configured: "\"CN=Other CA\"".into() });
    assert!(error.to_string().contains("its issuer is \"CN=User CA\", configured: \"CN=Other CA\""));
    // While it changes keys, an authority has two certificates.
    let all = [other.pem(), impostor.pem(), ca.pem()].concat();
    assert!(read(&list, &all, NOW).is_ok());
}

#[test]
fn the_authority_must_be_one_that_may_sign_lists_now() {
    let ca = authority("User CA");
    let list = ca.der(|_| {});
    let name = || "CN=User CA".to_owned();
    let other_usage = ca.pem_with(|params| params.key_usages = vec![KeyUsagePurpose::KeyCertSign]);
    assert_eq!(refused(&list, &other_usage), CrlError::NotForLists(name()));
    assert!(read(&list, &ca.pem_with(|params| params.key_usages.clear()), NOW).is_ok());
    let resident = ca.pem_with(|params| params.is_ca = IsCa::ExplicitNoCa);
    assert_eq!(refused(&list, &resident), CrlError::NotAnAuthority(name()));
    assert!(read(&list, &ca.pem_with(|params| params.is_ca = IsCa::NoCa), NOW).is_ok());
    let over = ca.pem_with(|params| params.not_after = at(NOW.0 - 1_000));
    assert!(matches!(refused(&list, &over), CrlError::NotValid { .. }));
    let later = ca.pem_with(|params| params.not_before = at(NOW.0 + 1_000));
    assert!(matches!(refused(&list, &later), CrlError::NotValid { .. }));
    assert!(read(&list, &ca.pem_with(|params| params.not_after = at(NOW.0)), NOW).is_ok());
    assert!(read(&list, &[over, ca.pem()].concat(), NOW).is_ok(), "a renewed certificate");
}

#[test]
fn unusable_files_of_authorities_are_refused() {
    let ca = authority("User CA");
    let list = ca.list(|_| {});
    let pem = String::from_utf8(ca.pem()).unwrap();
    let broken = pem.replacen("MII", "MIJ", 1);
    assert_ne!(broken, pem);
    for bad in ["", "hello", &list.pem().unwrap(), &pem[..pem.len() / 2], &broken] {
        assert!(matches!(refused(list.der(), bad.as_bytes()), CrlError::Authorities(_)), "{bad}");
    }
}

#[test]
fn algorithms_must_agree_and_be_good_enough() {
    const ECDSA_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
    const ECDSA_SHA384: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3];
    const ECDSA_SHA512: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4];
    const RSA_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11];
    let ca = authority("User CA");
    let inside = ca.rewritten(|fields| fields[1] = replaced(&fields[1], ECDSA_SHA256, ECDSA_SHA384));
    assert_eq!(
        refused(&inside, &ca.pem()),
        CrlError::Algorithms { inside: "1.2.840.10045.4.3.3".into(), outside: "1.2.840.10045.4.3.2".into() }
    );
    let unknown = replaced(&ca.der(|_| {}), ECDSA_SHA256, ECDSA_SHA512);
    assert_eq!(refused(&unknown, &ca.pem()), CrlError::Algorithm("1.2.840.10045.4.3.4".into()));
    let weak = replaced(&binary(RSA_LIST.as_bytes()).unwrap(), RSA_SHA256, SHA1_WITH_RSA);
    assert_eq!(refused(&weak, RSA_AUTHORITY.as_bytes()), CrlError::Algorithm("1.2.840.113549.1.1.5".into()));
}

#[test]
fn times_must_be_possible() {
    let ca = authority("User CA");
    let ahead = |millis: i64| ca.der(|list| list.this_update = at(NOW.0 + millis));
    assert!(read(&ahead(MAX_AHEAD_MS), &ca.pem(), NOW).is_ok());
    assert!(matches!(refused(&ahead(MAX_AHEAD_MS + 1_000), &ca.pem()), CrlError::Future { .. }));
    let same = ca.rewritten(|fields| fields[4] = fields[3].clone());
    assert!(matches!(refused(&same, &ca.pem()), CrlError::NextUpdate { .. }));
    let never = ca.rewritten(|fields| drop(fields.remove(4)));
    assert_eq!(read(&never, &ca.pem(), NOW).unwrap().next_update, None);
    let late = ca.rewritten(|fields| fields[4] = tlv(GENERALIZED_TIME, b"20500101000000Z"));
    assert_eq!(read(&late, &ca.pem(), NOW).unwrap().next_update, Millis::parse("2050-01-01T00:00:00Z"));
    let cases: [(u8, &[u8], Option<Millis>); 12] = [
        (UTC_TIME, b"261123150000Z", Some(NOW)),
        (GENERALIZED_TIME, b"20261123150000Z", Some(NOW)),
        (UTC_TIME, b"500101000000Z", Millis::parse("1950-01-01T00:00:00Z")),
        (UTC_TIME, b"2611231500Z", None),
        (UTC_TIME, b"261123150000+0900", None),
        (UTC_TIME, b"20261123150000Z", None),
        (UTC_TIME, b"261323150000Z", None),
        (UTC_TIME, "２６11Z".as_bytes(), None),
        (GENERALIZED_TIME, b"20261123150000.5Z", None),
        (GENERALIZED_TIME, b"20260229150000Z", None),
        (INTEGER, b"261123150000Z", None),
        (UTC_TIME, b"", None),
    ];
    for (tag, text, back) in cases {
        assert_eq!(instant(Element { tag, content: text, whole: text }, "thisUpdate").ok(), back, "{text:?}");
    }
}

#[test]
fn extensions_say_whether_the_list_can_be_used() {
    let ca = authority("User CA");
    let check = |extensions: &[Vec<u8>]| read(&ca.with_extensions(extensions), &ca.pem(), NOW).map(|l| l.number);
    let unknown = |critical| extension_der(&[0x55, 0x1d, 99], critical, &[5, 0]);
    let delta = extension_der(DELTA_CRL_INDICATOR, true, &tlv(INTEGER, &[6]));
    assert_eq!(check(&[number_der(&[7])]), Ok(7));
    assert_eq!(check(&[]), Err(CrlError::NoNumber));
    assert_eq!(read(&ca.rewritten(|fields| drop(fields.pop())), &ca.pem(), NOW), Err(CrlError::NoNumber));
    assert!(matches!(check(&[number_der(&[7]), number_der(&[7])]), Err(CrlError::Malformed { .. })));
    assert!(matches!(check(&[number_der(&[0x80])]), Err(CrlError::Malformed { .. })));
    assert!(matches!(check(&[number_der(&[])]), Err(CrlError::Malformed { .. })));
    assert_eq!(check(&[number_der(&[0])]), Ok(0));
    assert_eq!(check(&[number_der(&[0, 255, 255, 255, 255, 255, 255, 255, 255])]), Ok(u64::MAX));
    assert_eq!(
        check(&[number_der(&[1, 0, 0, 0, 0, 0, 0, 0, 0])]),
        Err(CrlError::NumberTooLarge("010000000000000000".into()))
    );
    assert_eq!(check(&[number_der(&[7]), delta]), Err(CrlError::Delta));
    assert_eq!(check(&[number_der(&[7]), unknown(false)]), Ok(7));
    assert_eq!(check(&[number_der(&[7]), unknown(true)]), Err(CrlError::CriticalExtension("2.5.29.99".into())));
}

#[test]
fn a_list_of_a_part_is_refused() {
    let ca = authority("User CA");
    let scoped = |scope| {
        let list = ca.der(|list| {
            list.issuing_distribution_point = Some(CrlIssuingDistributionPoint {
                distribution_point: CrlDistributionPoint { uris: vec!["http://crl.example/1.crl".into()] },
                scope,
            });
        });
        read(&list, &ca.pem(), NOW).map(|list| list.number)
    };
    assert_eq!(scoped(None), Ok(7));
    assert_eq!(scoped(Some(CrlScope::UserCertsOnly)), Ok(7));
    assert_eq!(scoped(Some(CrlScope::CaCertsOnly)), Err(CrlError::Restricted("onlyContainsCACerts")));

    let point = |fields: &[Vec<u8>]| distribution_point(&tlv(SEQUENCE, &fields.concat()));
    assert_eq!(point(&[]), Ok(None));
    for (tag, what) in [(0x82, "onlyContainsCACerts"), (0x84, "indirectCRL"), (0x85, "onlyContainsAttributeCerts")] {
        assert_eq!(point(&[tlv(tag, &[0xff])]), Err(CrlError::Restricted(what)));
        assert_eq!(point(&[tlv(tag, &[0])]), Ok(None));
    }
    assert_eq!(point(&[tlv(0x83, &[1, 0x40])]), Err(CrlError::Restricted("onlySomeReasons")));
    // A name relative to the issuer changes nothing in what follows it.
    let relative = tlv(0xa0, &tlv(0xa1, &[]));
    assert_eq!(point(&[relative, tlv(0x84, &[0xff])]), Err(CrlError::Restricted("indirectCRL")));
    assert!(matches!(point(&[tlv(0x86, &[0xff])]), Err(CrlError::Malformed { .. })));
}

#[test]
fn entries_must_be_understood() {
    let reason = |code: &[u8]| extension_der(REASON_CODE, false, &tlv(ENUMERATED, code));
    let one = |entry: Vec<u8>| entries(&entry, 1);
    let on = |reason| Ok(vec![(serial(&[5]), reason)]);
    assert_eq!(one(entry_der(&[5], &[])), on(ListReason::Revoked));
    assert_eq!(one(entry_der(&[0, 5], &[reason(&[6])])), on(ListReason::Hold));
    assert_eq!(one(entry_der(&[5], &[reason(&[8])])), Ok(Vec::new()));
    assert_eq!(one(entry_der(&[5], &[reason(&[7])])), on(ListReason::Revoked));
    assert_eq!(one(entry_der(&[5], &[extension_der(&[0x55, 0x1d, 23], false, &[])])), on(ListReason::Revoked));
    let issuer = extension_der(&[0x55, 0x1d, 29], true, &[0x30, 0]);
    assert_eq!(one(entry_der(&[5], &[issuer])), Err(CrlError::OtherIssuer(1)));
    let issuer = extension_der(&[0x55, 0x1d, 29], false, &[0x30, 0]);
    assert_eq!(one(entry_der(&[5], &[issuer])), Err(CrlError::OtherIssuer(1)));
    let unknown = extension_der(&[0x55, 0x1d, 99], true, &[0x30, 0]);
    assert_eq!(
        one(entry_der(&[5], &[unknown])),
        Err(CrlError::CriticalEntryExtension { entry: 1, oid: "2.5.29.99".into() })
    );
    for bad in [&b""[..], &[0], &[1; 21]] {
        assert!(matches!(one(entry_der(bad, &[])), Err(CrlError::Serial { entry: 1, .. })), "{bad:?}");
    }
    assert_eq!(entries(&entry_der(&[0xff; 20], &[]), 1).unwrap()[0].0, serial(&[0xff; 20]));
    for bad in [&[SEQUENCE, 0][..], &[INTEGER, 1, 5], &[SEQUENCE, 3, INTEGER, 1, 5], &[SEQUENCE, 9]] {
        assert!(matches!(entries(bad, 1), Err(CrlError::Malformed { .. })), "{bad:?}");
    }
    let three = [entry_der(&[5], &[]), entry_der(&[6], &[]), entry_der(&[7], &[reason(&[8])])].concat();
    assert_eq!(entries(&three, 3).unwrap().len(), 2);
    assert_eq!(entries(&three, 2), Err(CrlError::TooManyEntries(2)));
}
