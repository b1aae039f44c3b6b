//! Why a command about people, programs and their rights was refused. Roles, scopes and kinds of organisations stand as their codes.

use crate::{Count, texts};

texts! {
    /// A command about rights that was refused.
    RightsText<'a> {
        UnknownOrganisation { organisation: &'a str }:
            "組織 {organisation} は登録されていません。", "organisation {organisation} is not known";
        UnknownPerson { person: &'a str }: "{person} という人は登録されていません。", "person {person} is not known";
        UnknownProgram { program: &'a str }: "プログラム {program} は登録されていません。", "program {program} is not known";
        UnknownGrant { grant: &'a str }: "権限 {grant} は有効ではありません。", "grant {grant} is not in force";
        NameTaken { name: &'a str, other: &'a str, of: &'a str }:
            "名称「{name}」は {of} の「{other}」と紛らわしいため使えません。名称は一つずつ異なるものにしてください。",
            "name: \"{name}\" and \"{other}\" of {of} look alike, and every name is one's own";
        OtherKind { organisation: &'a str, kind: &'a str }:
            "組織 {organisation} の種別は {kind} で、変更できません。", "organisation {organisation} is a {kind}; that does not change";
        ShopsTakeTwo { organisation: &'a str }:
            "組織 {organisation} に店舗を加えるには、二人の権限管理者が必要です。`kazasu person shops` で起案してください。",
            "two access administrators add shops to {organisation}: request it with `kazasu person shops`";
        ShopOfAnother { shop: &'a str, organisation: &'a str }:
            "店舗 {shop} はすでに組織 {organisation} のものです。", "shops: {shop} is of {organisation} already";
        NoMerchant { organisation: &'a str }:
            "組織 {organisation} は加盟店ではないため、店舗を持てません。", "organisation {organisation} is no merchant, and has no shops";
        OtherOrganisation { person: &'a str, organisation: &'a str }:
            "{person} は {organisation} に所属しています。異動するときは、そこで終了し、新しい組織が招待します。",
            "{person} is of {organisation}; a person who moves is ended there, and invited by the other";
        Ended { person: &'a str }:
            "{person} は終了しています。戻る人は新たに招待します。", "{person} has ended; a person who comes back is invited anew";
        NoInvitation:
            "招待：不明か、使用済みか、期限切れです。権限管理者に新しい招待を依頼してください。",
            "invitation: it is not known, was used, or is over; ask the access administrator for another one";
        InvitationTime:
            "招待：有効期間は今から7日以内にしてください。", "invitation: it must hold for up to seven days from now on";
        NeedsTwo:
            "役割は、権限管理者の一人が起案し、別の一人が決裁します（`kazasu person grant`）。",
            "a role is requested by one access administrator and decided by another (kazasu person grant)";
        NotAdministrator { person: &'a str }:
            "{person} はこの日の権限管理者ではありません。", "{person} is no access administrator on this day";
        OwnRight { person: &'a str }:
            "{person} 自身の権限です。別の二人が起案し決裁します。",
            "{person} would have the right: two other people request and decide it";
        ScopeOfRole { scope: &'a str, role: &'a str }:
            "対象範囲：{scope} は {role} に付与できません。", "scope: {scope} is not granted for {role}";
        RoleOfOrganisation { role: &'a str, kind: &'a str }:
            "{role} は {kind} の人やプログラムには付与できません。",
            "{role} is not held by the people and programs of a {kind}";
        Conflict { person: &'a str, role: &'a str, scope: &'a str, other: &'a str }:
            "{person} はすでに {role}（{scope}）で、{other} はそれを統制する役割です。別の人に付与してください。",
            "{person} has {role} ({scope}) already, and {other} controls it: another person must have it";
        Dates: "日付：最終日が初日より前か、すでに過ぎています。", "the days: the last one lies before the first, or is over";
        Deputy { person: &'a str, role: &'a str, scope: &'a str }:
            "代行：{person} はその期間に {role}（{scope}）を持たないため、代行できません。最終日も指定してください。",
            "deputy: {person} does not hold {role} for {scope} on these days, so that no one can stand in; give the last day too";
        KeyTaken:
            "その鍵は登録済みです。別の鍵を作成してください。", "the key is registered already; make another one";
        KeysAtOnce { program: &'a str, keys: Count }:
            "{program} の鍵は{keys}個あります。先に一つを失効させてください。", "{program} has {keys} keys; revoke one first";
        RolesOfKey:
            "新しいプログラムには役割が一つ以上必要で、鍵の更新では役割を指定しません。",
            "a new program has at least one role, and a key that is rotated has none of its own";
        RoleOfProgram { role: &'a str }:
            "{role} は人の役割です。プログラムが持つと、人に代わって決めることになります。",
            "{role} is a person's role: a program that held it would decide in a person's place";
        RoleOfPerson { role: &'a str }:
            "{role} はプログラムの役割です。利用者の代わりに操作する人には call-centre を付与してください。",
            "{role} is a program's role: a person who acts for residents has call-centre";
        Successor:
            "プログラムが自分で作る鍵は、使っている鍵と同じネットワーク用で、有効期限も同じ日までです。それ以外の鍵は二人で発行してください。",
            "a program's own new key is for the networks of the key that it asks with, and ends with it at the latest; two people give a program another one";
        NotPortal { program: &'a str }:
            "{program} はポータルではありません。利用者についての申告に署名するのはポータルだけです。",
            "{program} is no portal: only a portal signs statements about residents";
        Network { got: &'a str }:
            "ネットワーク：192.0.2.0/24 のようなアドレスと長さが必要です。指定は「{got}」でした。",
            "network: expected an address and a length, for example 192.0.2.0/24, got \"{got}\"";
        LastAdministrators { fewest: Count }:
            "権限管理者が{fewest}人未満になります。先に二人で別の人に役割を付与してください。",
            "the book would have fewer than {fewest} access administrators; let two people grant the role to another person first";
        TooMany { what: &'a str, most: Count }: "{what} は{most}件までです。", "a list has at most {most} {what}";
    }
}
