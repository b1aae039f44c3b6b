//! Names: what each spelling becomes, what is refused, and where a text is cut.

use crate::zengin::kana::{Charset, decode, normalize};
use proptest::prelude::*;

fn name(text: &str) -> String {
    normalize(text, Charset::Name).unwrap_or_else(|e| panic!("{text}: {e}")).to_string()
}

#[test]
fn spellings_become_one_form() {
    for (text, expected) in [
        ("ヤマダ　タロウ", "ﾔﾏﾀﾞ ﾀﾛｳ"),
        ("やまだ　たろう", "ﾔﾏﾀﾞ ﾀﾛｳ"),
        ("ﾔﾏﾀﾞ ﾀﾛｳ", "ﾔﾏﾀﾞ ﾀﾛｳ"),
        ("ガギグゲゴ ザジズゼゾ", "ｶﾞｷﾞｸﾞｹﾞｺﾞ ｻﾞｼﾞｽﾞｾﾞｿﾞ"),
        ("ダヂヅデド バビブベボ", "ﾀﾞﾁﾞﾂﾞﾃﾞﾄﾞ ﾊﾞﾋﾞﾌﾞﾍﾞﾎﾞ"),
        ("ぱぴぷぺぽ", "ﾊﾟﾋﾟﾌﾟﾍﾟﾎﾟ"),
        ("ヴァン ゔぁん", "ｳﾞｱﾝ ｳﾞｱﾝ"),
        ("ジャック・キョン", "ｼﾞﾔﾂｸ.ｷﾖﾝ"),
        ("ャュョッァィゥェォヮヵヶ", "ﾔﾕﾖﾂｱｲｳｴｵﾜｶｹ"),
        ("ｬｭｮｯｧｨｩｪｫ", "ﾔﾕﾖﾂｱｲｳｴｵ"),
        ("ローソン ﾛｰｿﾝ", "ﾛ-ｿﾝ ﾛ-ｿﾝ"),
        ("ー-－‐‑‒–—―−", "----------"),
        ("ヰヱヲ ゐゑを ｦ", "ｲｴｵ ｲｴｵ ｵ"),
        // Combining marks (decomposed Unicode), spacing marks and half-width marks.
        ("か\u{3099}は\u{309a}ウ\u{3099}", "ｶﾞﾊﾟｳﾞ"),
        ("カ゛ハ゜ｶﾞ", "ｶﾞﾊﾟｶﾞ"),
        ("ＡＢｃｄ　０９（．）ｘ", "ABCD 09(.)X"),
        ("  カ)ミドリ  　", "ｶ)ﾐﾄﾞﾘ"),
        ("", ""),
        ("　", ""),
    ] {
        assert_eq!(name(text), expected, "{text}");
    }
}

#[test]
fn the_bytes_are_jis_x_0201() {
    let bytes = |text, charset| normalize(text, charset).unwrap().as_bytes().to_vec();
    assert_eq!(bytes("アンガパ", Charset::Bank), [0xb1, 0xdd, 0xb6, 0xde, 0xca, 0xdf]);
    assert_eq!(bytes("ヲ「」￥¥＼/", Charset::Edi), [0xa6, 0xa2, 0xa3, 0x5c, 0x5c, 0x5c, 0x2f]);
    assert_eq!(bytes("A-9 ", Charset::Bank), b"A-9");
}

#[test]
fn each_charset_allows_its_own() {
    let allowed = |charset: Charset| decode(&(0..=255).filter(|b| charset.allows(*b)).collect::<Vec<u8>>());
    let kana = "ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜﾝﾞﾟ";
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    assert_eq!(allowed(Charset::Bank), format!(" -0123456789{letters}{kana}"));
    assert_eq!(allowed(Charset::Name), format!(" ()-.0123456789{letters}{kana}"));
    assert_eq!(allowed(Charset::Edi), format!(" ()-./0123456789{letters}\\｢｣ｦ{kana}"));
}

#[test]
fn what_is_refused_is_named() {
    for (text, charset, expected) in [
        ("ヤマ田", Charset::Name, "expected katakana, A-Z, 0-9, space and - ( ) ., got '田' (U+7530), character 3"),
        ("ｱ,ｲ", Charset::Name, "expected katakana, A-Z, 0-9, space and - ( ) ., got ',' (U+002C), character 2"),
        ("ミズホ・ギンコウ", Charset::Bank, "expected katakana, A-Z, 0-9, space and -, got '・' (U+30FB), character 4"),
        ("ｶ)", Charset::Bank, "expected katakana, A-Z, 0-9, space and -, got ')' (U+0029), character 2"),
        (
            "R8/12\n",
            Charset::Edi,
            "expected katakana, A-Z, 0-9, space and - ( ) . / \\ ｢ ｣, got '\\n' (U+000A), character 6",
        ),
        (
            "ア゛",
            Charset::Name,
            "expected a mark after a kana that takes it (ﾞ: ｳ, ｶ to ﾄ, ﾊ to ﾎ; ﾟ: ﾊ to ﾎ), \
             got '゛' (U+309B), character 2",
        ),
    ] {
        assert_eq!(normalize(text, charset).unwrap_err().to_string(), expected, "{text}");
    }
    // No mark stands alone, after another, after a space, or after a kana of the wrong row.
    for loose in ["ﾞ", "ガ゛", "カ ゛", "カ\u{309a}", "ナ\u{3099}", "パ゜", "A゛"] {
        assert!(normalize(loose, Charset::Edi).is_err(), "{loose}");
    }
    // No guess at iteration marks, at kana with a mark that none of us types, at symbols, or at a company's form.
    for strange in ["ミスヾ", "すゞ", "ヷ", "㈱", "株式会社", "ア、イ", "ア。", "ア~", "α", "é", "😀", "ﾔﾏﾀﾞ\u{0}"]
    {
        assert!(normalize(strange, Charset::Edi).is_err(), "{strange}");
    }
    assert!(normalize("ア/イ", Charset::Name).is_err());
    assert!(normalize("｢ア｣", Charset::Name).is_err());
}

#[test]
fn a_cut_takes_the_kana_with_its_mark() {
    let cut = |text, len| normalize(text, Charset::Name).unwrap().cut(len).to_string();
    assert_eq!(cut("アカガ", 4), "ｱｶｶﾞ");
    assert_eq!(cut("アカガ", 3), "ｱｶ", "ｶ without its mark would be another name");
    assert_eq!(cut("アカガ", 2), "ｱｶ");
    assert_eq!(cut("ガ", 1), "");
    assert_eq!(cut("ガ", 0), "");
    assert_eq!(cut("パア", 2), "ﾊﾟ");
    assert_eq!(cut("ア イ", 2), "ｱ", "no space is left at the end");
    assert_eq!(cut("ア", 30), "ｱ");
}

#[test]
fn every_kana_has_a_form_and_hiragana_the_same() {
    for code in 0x30a1..=0x30f6 {
        let katakana = char::from_u32(code).unwrap();
        let hiragana = char::from_u32(code - 0x60).unwrap();
        let form = name(&katakana.to_string());
        assert!((1..=2).contains(&form.chars().count()), "{katakana}: {form}");
        assert_eq!(name(&hiragana.to_string()), form, "{hiragana}");
    }
}

#[test]
fn any_bytes_decode() {
    assert_eq!(decode(b"ABC \xb1\xde\xa1\xdf\xff\x00\x80\xa0"), "ABC ｱﾞ｡ﾟ\u{fffd}\u{fffd}\u{fffd}\u{fffd}");
    assert_eq!(decode(&(0xa1..=0xdf).collect::<Vec<u8>>()).chars().last(), Some('ﾟ'));
}

proptest! {
    #[test]
    fn what_comes_out_is_allowed_and_final(text in "[ -~　-ヿ！-ﾟ]{0,40}", len in 0_usize..40) {
        for charset in [Charset::Bank, Charset::Name, Charset::Edi] {
            let Ok(once) = normalize(&text, charset) else { continue };
            prop_assert!(once.as_bytes().iter().all(|b| charset.allows(*b)));
            prop_assert_eq!(&normalize(&once.to_string(), charset).unwrap(), &once, "a second time changes nothing");
            let cut = once.clone().cut(len);
            prop_assert!(cut.len() <= len && once.as_bytes().starts_with(cut.as_bytes()));
            prop_assert_eq!(normalize(&cut.to_string(), charset).unwrap(), cut, "no loose mark, no space at the end");
        }
    }

    #[test]
    fn kana_names_always_have_a_form(text in "[ァ-ヶぁ-ゖ　ー]{0,40}") {
        let form = normalize(&text, Charset::Name).unwrap();
        prop_assert!(form.len() <= 2 * text.chars().count());
    }
}
