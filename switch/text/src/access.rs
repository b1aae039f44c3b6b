//! Who may do what: roles, and why a caller may not.

use crate::{Argument, Language, meanings, texts};
use kazasu_schemas::identity::Role;
use std::fmt::Display;

meanings! {
    Role {
        CityOfficer: "市町村の担当者", "city-officer";
        CityApprover: "市町村の決裁者", "city-approver";
        CityTreasurer: "市町村の会計管理者", "city-treasurer";
        FinanceStaff: "経理担当者", "finance-staff";
        FinanceApprover: "経理決裁者", "finance-approver";
        MerchantOwner: "加盟店の管理者", "merchant-owner";
        MerchantStaff: "加盟店の担当者", "merchant-staff";
        MerchantCashier: "加盟店のレジ係", "merchant-cashier";
        Partner: "提携先", "partner";
        CallCentre: "コールセンター", "call-centre";
        Portal: "会員ポータル", "portal";
        Operator: "運用者", "operator";
        AccessAdministrator: "権限管理者", "access-administrator";
        Auditor: "監査人", "auditor";
    }
}

/// Roles of which one is enough.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AnyRole<'a>(pub &'a [Role]);

impl Argument for AnyRole<'_> {
    fn shown(&self, language: Language) -> impl Display {
        let names: Vec<String> = self.0.iter().map(|role| role.shown(language).to_string()).collect();
        match (language, names.as_slice()) {
            (Language::Japanese, []) => "誰も持たない権限".to_owned(),
            (Language::English, []) => "a role that no person has".to_owned(),
            (Language::Japanese, names) => names.join("または"),
            (Language::English, names) => names.join(" or "),
        }
    }

    fn sample() -> Self {
        AnyRole(&[Role::CityOfficer, Role::CityApprover])
    }
}

/// The roles of a person or program, each with its scope.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RolesHeld<'a>(pub &'a [(Role, String)]);

impl Argument for RolesHeld<'_> {
    fn shown(&self, language: Language) -> impl Display {
        let one = |(role, scope): &(Role, String)| match language {
            Language::Japanese => format!("{}（{scope}）", role.shown(language)),
            Language::English => format!("{} for {scope}", role.shown(language)),
        };
        let held: Vec<String> = self.0.iter().map(one).collect();
        match (language, held.as_slice()) {
            (Language::Japanese, []) => "なし".to_owned(),
            (Language::English, []) => "no role".to_owned(),
            (Language::Japanese, held) => held.join("、"),
            (Language::English, held) => held.join(", "),
        }
    }

    fn sample() -> Self {
        RolesHeld(&[])
    }
}

texts! {
    /// Why a caller may not ask something.
    AccessText<'a> {
        SignIn:
            "先にログインしてください（`kazasu login`）。要求には `Authorization: Bearer …` ヘッダーで、セッション（kz_sess_…）またはプログラムの鍵（kz_live_…）を付けます。",
            "sign in first (kazasu login), and send the header `Authorization: Bearer …` with the session (kz_sess_…), or with a program's key \
             (kz_live_…)";
        TwoPeopleNotOffline:
            "2人が、それぞれ動作中のスイッチにログインして行います（`kazasu login`）。ジャーナルに対して直接は行えません。",
            "two people do this, each signed in at the running switch (kazasu login); it is not done offline, on the journal itself";
        TwoPeopleNoProgram { shown: &'a str, name: &'a str }:
            "2人がそれぞれログインして行います。{shown}（{name}）はプログラムです。",
            "two people do this, each signed in; {shown} ({name}) is a program";
        PersonNotOffline:
            "人が、動作中のスイッチにログインして決めます（`kazasu login`）。ジャーナルに対して直接は行えません。",
            "a person decides this, signed in at the running switch (kazasu login); it is not done offline, on the journal itself";
        PersonNoProgram { shown: &'a str, name: &'a str }:
            "人がログインして決めます。{shown}（{name}）はプログラムです。",
            "a person decides this, signed in; {shown} ({name}) is a program";
        OwnRequest { name: &'a str, id: &'a str }:
            "{name}（{id}）の起案です。別の人が決裁してください。", "{name} ({id}) made this request; another person decides it";
        AnothersRequest { by: &'a str, name: &'a str, id: &'a str }:
            "{by} の起案で、引き戻せるのは起案者だけです。{name}（{id}）にはできません。",
            "{by} made this request, and alone withdraws it; {name} ({id}) does not";
        Offline:
            "ジャーナルと鍵ファイルのある場所で直接行います。", "this is done offline, where the journal and its key file are";
        Missing { shown: &'a str, name: &'a str, has: RolesHeld<'a>, needs: AnyRole<'a> }:
            "{shown}（{name}）の権限：{has}。この操作に必要な権限：{needs}。", "{shown} ({name}) has {has}; this takes {needs}";
        MissingForCity { shown: &'a str, name: &'a str, has: RolesHeld<'a>, needs: AnyRole<'a>, city: &'a str }:
            "{shown}（{name}）の権限：{has}。この操作に必要な権限：{needs}（city:{city}）。",
            "{shown} ({name}) has {has}; this takes {needs} for city {city}";
        OnlySuspends:
            "会員ポータルとコールセンターができるのは、カードの一時停止（status は suspended）だけです。",
            "a portal or a call centre may only suspend a card (status suspended)";
        OtherShop { shown: &'a str, name: &'a str }:
            "加盟店の人が起案できるのは、自分の店舗についてだけです（{shown}、{name}）。",
            "a merchant's people ask for their own shops only, and this is none of {shown} ({name})";
        WebhooksOf { shown: &'a str, name: &'a str, scope: &'a str }:
            "送信先（対象範囲 {scope}）を管理するのは、運用担当、またはその範囲の加盟店主、契約会社、市町村の担当です（{shown}、{name}）。",
            "endpoints of {scope} are kept by an operator, or by its owner, its partner or its city's officer; not by {shown} ({name})";
        PaymentsOfPerson { shown: &'a str, name: &'a str }:
            "ある人の支払いの検索は、運用担当、コールセンター、監査人が理由（why）を示して行います（{shown}、{name}）。",
            "an operator, a call centre or an auditor searches a person's payments, and says why; not {shown} ({name})";
        OwnSettlementOnly { shown: &'a str }:
            "加盟店の人が受け取れる帳票は、自分の店舗の精算の内訳（`settlement-detail`）だけです（{shown}）。",
            "a merchant's people get the `settlement-detail` of their own shops and no other report; not {shown}";
        NoSession { name: &'a str }: "{name} は人ではないため、セッションがありません。", "{name} has no session: it is no person";
        OwnSessionsOnly { shown: &'a str }:
            "{shown} が表示・終了できるのは自分のセッションだけです。", "{shown} sees and ends only its own sessions";
        DecisionKey:
            "このセッションには決裁に署名する鍵の証明がありません。もう一度ログインしてください（`kazasu login`）。",
            "this session has no certified key with which decisions are signed; sign in again (kazasu login)";
        OwnKeyOnly:
            "プログラムが更新できるのは自分の鍵だけです。ほかのプログラムの鍵は2人で発行します（`kazasu key-program create`）。",
            "a program rotates its own key; for another, two people give it one (kazasu key-program create)";
    }
}
