"""The package makes the keys that the reference makes, also of what nobody writes."""

from collections.abc import Mapping
from itertools import chain

from hypothesis import given
from hypothesis import strategies as st
from protocols.reference.canonical.account import keys_of
from protocols.reference.canonical.vectors import made_anew, text_of

from accountmap.linkage.keys import explain
from accountmap.linkage.prepared import PROFILES
from tests.linkage.hostile import COMPANIES, NOBODY

PIECES = {
    "name": "Alba|Lanternex|Bank|The |Group|GmbH|co ltd|A.B.|s.p.a.| & | y |/DE/|(ex |(formerly |)|上海|有限公司"
    "|ホテル|ッ|ー|ト|А|оs|Юа|зг|ου|Σ|İ|٣|½|、|é|ue|7|12345|'|_|-"
    "| |Japan|Zhejiang|a͵ос|DO NOT USE|(INACTIVE)|- |[|)|DUPLICATE"
    "|Dublette|停用|dba |t/a |formerly |Mr. |John |Smith"
    "|100234 - |#4711|n/a|unknown|北京|（|）|Sparkasse |Köln|&amp;"
    "|&amp;auml;|Ã¼|www.|.com|様|:|ESRI|Delta|Path|\u0378|🚀|\u0301|\x1c",
    "website": "alba|lantern-ex|www.|https://|HTTP/|//|jo@|:80|/x|%2e|%E3%80%82|%C3%BC|%FF|。|…|ü|Σ|İ|ß|_|xn--|."
    "|..|.de|.com|.co.uk|.kawasaki.jp|city|.рф|gmail.com| |,|google.com"
    "|apps.apple.com|bayern.de|stmgp.|/en/|/shop|test.com|alba.com;|\x1c|\u200b|\u0378|\U0002ebf0",
    "country": "Germany|DE|the |The\t|Republic of |Kingdom of the |Korea|Netherlands|, |,|(|)| / |-|&|Bosnia"
    "|Herzegovina|Türkiye|ı|ſ|²|௰|\u0378|\x1f| ",
    "vat": "DE|136695976|GB|EL|FR|CH|CHE|NO|MVA|IVA|404833048|732829320|100155212|995525828|5560370485|SE| |-|;"
    "|:|５",
}
CELLS = {
    column: st.lists(st.sampled_from(pieces.split("|")), max_size=6).map("".join)
    for column, pieces in PIECES.items()
}


def keys_of_package(account: Mapping[str, str]) -> dict[str, str]:
    return {
        key.slot.name: key.value for key in explain(account, PROFILES["identifiers"]).keys if key.value is not None
    }


def keys_of_reference(account: Mapping[str, str]) -> dict[str, str]:
    return {slot: value for slot, (value, _) in keys_of(account).items()}


@given(st.fixed_dictionaries({}, optional=CELLS))
def test_any_account(account: dict[str, str]) -> None:
    assert keys_of_package(account) == keys_of_reference(account)


def test_hostile_names() -> None:
    accounts = [{"name": name} for name in (*NOBODY, *chain.from_iterable(COMPANIES.values()))]
    assert list(map(keys_of_package, accounts)) == list(map(keys_of_reference, accounts))


def test_a_wrong_key_is_made_anew_and_what_is_not_seen_is_escaped() -> None:
    made = made_anew({"purpose": "", "accounts": [{"account": {"name": "Lantern\u200bex Ltd"}, "keys": {}}]})
    assert made["accounts"][0]["keys"] == {"name": "lanternex"}
    assert '"Lantern\\u200bex Ltd"' in text_of(made)
