//! Residents, merchants and the rules of a tap.

help! {
    /// Residents, merchants and the rules of a tap.
    RESIDENTS {
        "link": "利用者とカード・口座の紐付け", "Links of residents to cards and accounts";
        "link import":
            "ファイル（.xlsxまたはCSV）から取り込みます。不備は行ごとに表示し、ほかの行には影響しません",
            "Imports a file (.xlsx or CSV); bad rows are reported by line and never block the others";
        "link import <file>": "ファイル。.xlsx、またはUTF-8、UTF-16、シフトJISのCSV", "The file: .xlsx, or CSV in UTF-8, UTF-16 or Shift_JIS";
        "link set":
            "PPIDに決済手段を紐付けます。番号は標準入力から読むため、プロセスの一覧に残りません",
            "Links or relinks a PPID. The number is read from standard input, so that it is in no list of processes";
        "link set --from": "紐付けが有効になる日または日時。省略時は今", "A date or time from which the link holds; now when absent";
        "link remove": "紐付けを終了します", "Ends a link";
        "link remove --from": "終了の日または日時。省略時は今", "A date or time; now when absent";
        "link show": "利用者の紐付け、カード、給付残高、ポイント、限度額を表示します", "Shows a person: links, card, purses, points, limits";
        "link show --why": "閲覧の理由。名前とともにセキュリティ記録に残ります", "The reason for your look: the security log keeps it with your name";
        "link broken": "紐付け不良の一覧を表示します", "The queue of broken links";
        "link shared": "複数のPPIDに登録された公金受取口座を表示します", "Public-receipt accounts under several PPIDs";
        "link break": "紐付けを紐付け不良にします。口座の解約、統合、名義人の死亡のときに使います", "Puts a link into the queue: account closed, merged into another, holder deceased";
        "link break --why": "事由", "The event, for example that the account is closed";
        "link propose":
            "紐付け不良の新しい決済手段を起案します。番号は標準入力から読みます",
            "Requests approval of a new instrument for a broken link. The number is read from standard input";
        "link rotate":
            "現在の鍵で封緘されていないカード番号をすべて封緘し直します。その後、古い鍵を廃止できます",
            "Seals every card number again that is not sealed under the current key; then the older keys can go";
        "card": "利用者のカード。状態、電子証明書、失効リスト、仮ID", "Residents' cards: status, certificates, status lists, temporary IDs";
        "card status":
            "カードを一時停止または失効にします。再び使えるようにする（`good`）ときは起案になり、別の人が決裁します",
            "Suspends a card or revokes it. Letting it be used again (good) asks for approval: another person decides";
        "card status <status>": "カード状態（`good`、`suspended`、`revoked`）", "good, suspended or revoked";
        "card bind":
            "電子証明書を利用者のカードに結び付けることを起案します。別の人が決裁します",
            "Asks that a certificate belongs to a person's card from now on; another person decides";
        "card bind --serial": "証明書の発行番号（16進）", "Serial number, hexadecimal";
        "card bind --issuer":
            "発行した認証局（例：`C=JP, O=JPKI, OU=JPKI for user authentication`）。設定に複数あるときに必要です",
            "The authority that issued it, as in \"C=JP, O=JPKI, OU=JPKI for user authentication\"; needed where several are configured";
        "card bind --last-day": "証明書の最終日", "The certificate's last day";
        "card replace":
            "マイナンバーカードの再交付でPPIDが変わったとき、新しいPPIDへの引継ぎを起案します。別の人が承認すると、紐付け、給付金、ポイント、限度額、利用履歴をすべて引き継ぎ、元のPPIDでは支払えなくなります",
            "Asks that the PPID of a new card takes the place of the old one's, with link, purses, points, limits and history; another person approves it, and the old PPID pays no more";
        "card replace <from>": "再交付前のカードのPPID", "The PPID of the card that was replaced";
        "card replace <into>": "新しいカードのPPID", "The PPID of the new card";
        "card list": "証明書失効リスト（X.509 CRL、DERまたはPEM）を取り込みます", "Takes a card status list (X.509 CRL, DER or PEM) over";
        "card temporary": "仮IDを発行します", "Issues a temporary ID";
        "card temporary <ppid>": "仮ID。省略時は無作為に決めます", "The ID; a random one when absent";
        "card temporary --until": "仮IDの最終日", "Its last day";
        "card merge": "仮IDの利用者PPIDへの統合を起案します。別の人が承認すると、仮IDに属するものをすべて移します", "Asks to merge a temporary ID into a person's PPID, with all that belongs to it; another person approves it";
        "card merge <from>": "仮ID", "The temporary ID";
        "card merge <into>": "利用者のPPID", "The person's PPID";
        "resident": "コールセンターの窓口。利用者を一人ずつ扱います", "The desk of a call centre: one resident at a time";
        "resident find": "問い合わせた利用者を、読み上げられたIDまたはレシートから探します", "Finds the resident who calls: by the ID that is read out, or by a receipt";
        "resident find --ppid": "PPIDまたは仮ID。区切り方は自由です", "A PPID or temporary ID, in any groups";
        "resident find --terminal": "レシートの端末番号", "The terminal that the receipt names";
        "resident find --at": "レシートの日付、または時差付きの日時", "The receipt's day, or its time with the offset";
        "resident find --amount": "レシートの金額（円）", "The receipt's amount, yen";
        "resident --why": "理由。名前とともにセキュリティ記録に残ります", "The reason, which the security log keeps with your name";
        "resident show": "利用者の紐付け、カード、給付残高、ポイント、限度額を表示します", "Shows a person: links, card, purses, points, limits";
        "resident shops": "利用者の給付金を使える店舗を、名前の順に表示します", "The shops that take a person's purses, by name";
        "resident shops --programme": "この事業の給付金を使える店舗だけを表示します", "Only those that take this programme's purse";
        "resident shops --region": "市町村コードがこの数字で始まる店舗だけを表示します", "Only those whose municipality code begins so";
        "resident shops --tag": "このタグの店舗だけを表示します", "Only those with this tag";
        "resident shops --limit": "件数（最大200）。省略時は50", "Shops at most, 1 to 200; 50 when absent";
        "resident taps":
            "利用者の最近の利用を、断られた利用の理由とともに表示します",
            "Shows the last taps of a person, with the reasons why some came to nothing";
        "resident taps --last": "件数", "How many";
        "resident suspend": "利用者のカードを直ちに一時停止します", "Suspends a person's card at once";
        "resident lift":
            "一時停止中のカードの解除を起案します。別の人が決裁します",
            "Requests approval for letting a suspended card be used again; another person decides";
        "resident bind-card":
            "同じPPIDの新しいカードの登録を起案します。別の人が決裁します",
            "Requests approval for a person's new card, for the same PPID; another person decides";
        "resident bind-card --serial": "証明書の発行番号（16進）", "Serial number, hexadecimal";
        "resident bind-card --issuer":
            "発行した認証局（例：`C=JP, O=JPKI, OU=JPKI for user authentication`）。設定に複数あるときに必要です",
            "The authority that issued it, as in \"C=JP, O=JPKI, OU=JPKI for user authentication\"; needed where several are configured";
        "resident bind-card --last-day": "証明書の最終日", "The certificate's last day";
        "limits": "利用者の本人設定限度額", "Residents' own limits";
        "limits set":
            "本人設定限度額を設定します。指定しない限度額は変わりません。引下げは直ちに、引上げは翌日から有効です",
            "Sets a resident's own limits; omitted ones stay. A lower limit applies at once, a higher one from tomorrow";
        "limits set --tap": "1回の限度額（円）。`none` で解除します", "Yen per tap; `none` takes the limit away";
        "limits set --day": "1日の限度額（円）。`none` で解除します", "Yen per day; `none` takes the limit away";
        "limits set --month": "1か月の限度額（円）。`none` で解除します", "Yen per month; `none` takes the limit away";
        "limits set --decline": "月の限度額を超える取引を拒否します。`--decline=no` ではお知らせだけを送ります", "Decline beyond the month's limit; `--decline=no`: only tell";
        "limits spendable": "世帯の申告から月の限度額を設定します。申告の内容は保存しません", "Sets the month's limit from a household's declaration, which is not kept";
        "limits spendable --income": "年収（円）", "Income a year, yen";
        "limits spendable --household": "世帯の人数", "People in the household";
        "limits spendable --housing": "家賃または住宅ローンを支払っています", "It pays rent or a housing loan";
        "limits spendable --debts": "1年間に支払うクレジット債務（円）", "Credit debts to be paid in a year, yen";
        "limits spendable --decline":
            "限度額を超える取引を拒否します。`--decline=no` ではお知らせだけを送ります。省略時は変わりません",
            "Decline beyond it; `--decline=no`: only tell. It stays as it is when absent";
        "purse": "給付事業の資金", "Purse programmes' money";
        "purse fund": "給付事業への入金の記帳を起案します。別の人が承認します", "Asks to book a payment into a purse programme's fund; another person approves it";
        "purse <programme>": "給付事業の番号", "The programme's number";
        "purse credit": "利用者の給付残高への入金を起案します。別の人が承認すると、直ちに使えます", "Asks to credit purse money to a resident; once another person has approved it, it can be spent";
        "purse credit --reference": "入金の参照番号。利用者と事業ごとに、同じ番号は一度だけ記帳します", "The payment's own: it is booked once for the person and programme";
        "advice": "端末限度額を超え、人の判断を待つオフライン売上", "Offline payments above a floor limit, which wait for a person";
        "advice list": "端末の区分の限度額を超え、判断を待つオフライン売上を表示します", "Offline payments above the floor limit of their terminal's class that wait for a decision";
        "advice decide": "一件を受け入れるか、拒否します。`operator` ではなく人が行います", "Accepts one, or refuses it";
        "advice decide <record>": "取引の記録の番号", "Its record";
        "advice decide --accept":
            "受け入れます。計上し、発行者に通知します。指定しなければ拒否し、保留を解除します",
            "Accept it: it is posted, and its issuer is notified. Refused when absent: its holds are released";
        "notice": "利用者へのお知らせ", "Notices to residents";
        "notice list": "未配信のお知らせを表示します。配信不能のものも含みます", "Owed notices, dead-lettered ones included";
        "notice retry": "配信不能のお知らせをもう一度送ります", "Tries a dead-lettered notice again";
        "notice retry <notice>": "お知らせの番号（例：123-0）", "Its number, like 123-0";
        "policy": "取引の決済ルール", "The rules of a tap";
        "policy check": "決済ルールのファイルを読み、誤りのある行をすべて表示します", "Reads a policy file and names the line of every mistake";
        "policy diff": "有効な決済ルールからの変更点を表示します", "The changes against the policy in force";
        "policy --config": "この設定のジャーナル。読むだけなので、スイッチの動作中も使えます", "The journal of this configuration; it is only read, also while a switch runs";
        "policy activate": "決済ルールを有効にします。版の番号とともにジャーナルに記録します", "Puts a policy into force. It is a record of the journal, with a version number";
        "policy show": "有効な決済ルールと、事業ごとの資金を表示します", "The policy in force, with its programmes' money";
        "policy replay": "過去の取引を決済ルールの案で試算し、判定が変わるものを表示します", "Plays past taps through a draft and shows which decisions change";
        "policy replay <file>": "決済ルールの案", "The draft";
        "policy replay --list": "表示する件数。件数の集計は全件が対象です", "Changes to list; all are counted";
        "points": "ポイント事業", "Point programmes";
        "points simulate": "過去の取引をポイント事業の案で試算し、費用と受給者を表示します", "Plays past taps through a draft's point programmes, and shows their cost and winners";
        "points simulate <file>": "決済ルールの案", "The draft";
        "points simulate --config":
            "この設定のジャーナル。読むだけなので、スイッチの動作中も使えます",
            "The journal of this configuration; it is only read, also while a switch runs";
        "points simulate --winners": "受給者全員を書き出すCSVファイル。本人だけが読めます", "Write all winners to this CSV file, which only you may read";
        "statement": "利用者の利用明細", "A resident's statement";
        "statement --from": "開始日", "First day";
        "statement --until": "終了日", "Last day";
        "statement --why": "閲覧の理由。名前とともにセキュリティ記録に残ります", "The reason for your look: the security log keeps it with your name";
        "statement --out": "書出し先のファイル（.xlsx、.csv、.pdf）", "Write it to this file: .xlsx, .csv or .pdf";
        "merchant": "加盟店と端末", "Merchants and their terminals";
        "merchant import":
            "ファイル（.xlsxまたはCSV）から取り込みます。行に書かれていない項目は変わりません。不備は行ごとに表示し、ほかの行には影響しません",
            "Imports a file (.xlsx or CSV); what a row does not say stays as it is. Bad rows are reported by line and never block the others";
        "merchant import <file>": "ファイル。.xlsx、またはUTF-8、UTF-16、シフトJISのCSV", "The file: .xlsx, or CSV in UTF-8, UTF-16 or Shift_JIS";
        "merchant list": "すべての加盟店を表示します", "Every merchant";
        "merchant terminals":
            "店舗の端末ごとに、最後の電文と、契約会社の日計照合の結果を表示します",
            "Terminals of a shop: when each was last seen, and whether its acquirer's totals agreed";
        "merchant terminals <merchant>":
            "店舗（契約会社とID、例：27000001/M10000000000001）。省略時は自分の店舗すべて",
            "The shop: its acquirer and ID, 27000001/M10000000000001; all of your shops when absent";
        "merchant payouts":
            "店舗への振込を、予定、承認済、送信済、入金済、組戻の別に表示します",
            "What is paid to your shops: planned, approved, sent to the bank, paid, returned";
        "merchant payouts <merchant>":
            "店舗（契約会社とID、例：27000001/M10000000000001）。省略時は自分の店舗すべて",
            "The shop: its acquirer and ID, 27000001/M10000000000001; all of your shops when absent";
        "merchant payouts --before": "この番号より前の精算の振込だけを表示します（次のページ）", "Only of settlements with a lower number: the next page";
        "merchant payouts --limit": "1ページの件数（最大200）。省略時は50", "Rows of a page, at most 200; 50 when absent";
        "merchant terms": "店舗の契約の条件を表示します", "The terms of a shop's contract";
        "merchant terms <merchant>":
            "店舗（契約会社とID、例：27000001/M10000000000001）", "The shop: its acquirer and ID, 27000001/M10000000000001";
        "merchant terms --day": "営業日。省略時は今日", "The business day; today when absent";
        "merchant show": "加盟店の登録内容をすべて表示します", "All that is registered of a merchant";
        "merchant show <merchant>": "加盟店のID、または契約会社とID（例：27000001/M10000000000001）", "Its ID, or its acquirer and ID: 27000001/M10000000000001";
        "payment": "決済の検索", "Payments";
        "payment find":
            "決済を検索します。指定した条件のすべてに合うものを、新しい順に表示します",
            "Finds payments: every option that is given must hold. The newest come first";
        "payment find --ppid": "支払った人のPPID。`--why` とともに指定します", "The person who paid; with --why";
        "payment find --rrn": "照会番号（DE37）", "The retrieval reference number, DE37";
        "payment find --stan": "伝票番号（DE11）", "The system trace audit number, DE11";
        "payment find --approval": "承認番号（DE38）", "The approval code, DE38";
        "payment find --last-four": "カードまたは口座の下4桁", "The last four digits of the card or account";
        "payment find --amount": "ちょうどこの金額（円）", "Exactly this amount, yen";
        "payment find --about": "およその金額。前後1割を含みます", "About this amount: a tenth more or less";
        "payment find --amount-from": "この金額以上", "At least this amount";
        "payment find --amount-until": "この金額以下", "At most this amount";
        "payment find --terminal": "端末（DE41）", "The terminal, DE41";
        "payment find --merchant":
            "店舗。ID、契約会社とID、または名称の一部", "The shop: its ID, its acquirer and ID, or part of its name";
        "payment find --kind": "種別（`purchase`、`refund`、`reversal` など）", "What was asked for: purchase, refund, reversal, …";
        "payment find --state":
            "状態（`pending`、`approved`、`declined`、`partly_refunded`、`refunded`、`reversed`）",
            "pending, approved, declined, partly_refunded, refunded or reversed";
        "payment find --from": "最初の営業日、または時差付きの日時", "The first business day, or moment with its offset";
        "payment find --until": "最後の営業日、または時差付きの日時", "The last business day, or moment with its offset";
        "payment find --limit": "件数の上限。省略時は50件", "Payments at most; 50 when absent";
        "payment find --why":
            "支払った人を表示する理由。名前とともにセキュリティ記録に残ります",
            "The reason to see who paid: the security log keeps it with your name";
        "payment show": "決済と、その返品、取消、売上確定を表示します", "A payment, and what refunds, reverses or completes it";
        "payment show <record>": "記録の番号", "Its record";
        "payment show --why":
            "支払った人を表示する理由。名前とともにセキュリティ記録に残ります",
            "The reason to see who paid: the security log keeps it with your name";
        "payment events":
            "ジャーナルのある位置より後の出来事を、順に表示します",
            "Lists what happened after a point of the journal, in its order";
        "payment events --after": "最後に読んだ番号。省略すると初めから", "The sequence that was read last; the journal's beginning when absent";
        "payment events --limit": "件数の上限。1から1,000、省略すると100", "Events at most, 1 to 1,000; 100 when absent";
        "payment takings": "店舗の営業日ごとの売上を、端末別に表示します", "What a shop took on a business day, terminal by terminal";
        "payment takings <merchant>": "店舗。契約会社とID（例：27000001/M10000000000001）", "The shop: its acquirer and ID, 27000001/M10000000000001";
        "payment takings --day": "営業日。省略すると今日", "The business day; today's when absent";
        "link find": "問い合わせた利用者を、読み上げられたIDまたはレシートから探します", "Finds the resident who calls: by the ID that is read out, or by a receipt";
        "link find --ppid": "PPIDまたは仮ID。区切り方は自由です", "A PPID or temporary ID, in any groups";
        "link find --terminal": "レシートの端末番号", "The terminal that the receipt names";
        "link find --at": "レシートの日付、または時差付きの日時", "The receipt's day, or its time with the offset";
        "link find --amount": "レシートの金額（円）", "The receipt's amount, yen";
        "link find --why": "理由。名前とともにセキュリティ記録に残ります", "The reason, which the security log keeps with your name";
        "link waiting":
            "職員の確認を待つ紐付けを表示します。別の人が紐付けている決済手段のものです",
            "Lists links that wait for staff: another person has the instrument linked";
        "link allow --fingerprint":
            "確認した内容の照合値。`approval show` が表示します。先頭の12文字で足ります",
            "The fingerprint of what you looked at, as `approval show` prints it; its first twelve characters are enough";
        "link allow":
            "職員の確認を待つ紐付けを認めます。`--approve` がなければ否認します", "Allows a link that waits for staff; denied when --approve is absent";
    }
}
