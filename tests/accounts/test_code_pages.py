"""Lists in code pages are read as what they are, or the user is asked: never as garbage."""

from pathlib import Path

import pytest

from accountmap.accounts.encoding import CODE_PAGES, text_encoding
from accountmap.accounts.read import read_accounts
from accountmap.errors import InputError
from tests.accounts.conftest import ReadText

LISTS = {
    "German": "Name;Ort\nBäckerei Müller;Köln\nStraßenbau Weiß GmbH;München\n",
    "French": "Name,City\nCafé de la Gare,Orléans\nÉlectricité Générale,Besançon\nForêt Bâtiment,Sète\n",
    "Danish": "Name,City\nSønderjysk Købmand,Århus\nBlåbjerg Møbler,Ærøskøbing\n",
    "Polish": "Name,City\nSpółka Żywiec,Łódź\nWęgiel Śląski,Kraków\n",
    "Czech": "Name,City\nPlzeň strojírna,Děčín\nŘeznictví Kůň,Třebíč\n",
    "Russian": "Name;City\nСеверсталь;Череповец\nЗавод Луч;Пермь\n",
    "Greek": "Name;City\nΤερκενλής;Θεσσαλονίκη\nΓαλακτοκομικά Ήλιος;Πάτρα\n",
    "Turkish": "Name;City\nŞişecam;İstanbul\nYıldız Gıda;Eskişehir\n",
    "Japanese": "Name,City\n青空電機株式会社,大阪\nヤマネコ運輸,東京\n",
    "Korean": "Name,City\n푸른하늘전자,서울\n산들바람식품,부산\n",
    "Chinese": "Name,City\n北京青禾科技有限公司,北京\n上海宏图机械厂,上海\n",
    "Taiwanese": "Name,City\n臺灣青雲科技股份有限公司,臺北\n大同電機公司,高雄\n",
    "Hebrew": "Name,City\nבזק תקשורת,תל אביב\nמאפיית הצפון,חיפה\n",
    "Arabic": "Name,City\nشركة النور للتجارة,دبي\nمصنع الخليج,جدة\n",
}
PAGES = {
    "German": ["cp1252", "mac_roman", "cp850"],
    "French": ["cp1252", "mac_roman", "cp850"],
    "Danish": ["cp1252", "mac_roman"],
    "Polish": ["cp1250", "mac_latin2"],
    "Czech": ["cp1250"],
    "Russian": ["cp1251", "koi8_r"],
    "Greek": ["cp1253"],
    "Turkish": ["cp1254"],
    "Japanese": ["cp932", "euc_jp", "iso2022_jp"],
    "Korean": ["cp949"],
    "Chinese": ["gb18030"],
    "Taiwanese": ["cp950"],
    "Hebrew": ["cp1255"],
    "Arabic": ["cp1256"],
}


@pytest.mark.parametrize(
    ("language", "page"), [(language, page) for language in PAGES for page in PAGES[language]]
)
def test_a_short_list_in_a_code_page_is_read_right(read_text: ReadText, language: str, page: str) -> None:
    text = LISTS[language]
    names = [line.replace(";", ",").split(",")[0] for line in text.splitlines()[1:]]
    assert read_text(text, page).table["name"].to_pylist() == names


def test_the_code_page_is_noted(read_text: ReadText) -> None:
    notes = read_text(LISTS["Japanese"], "cp932").notes
    assert any(note.startswith("The file was read as Shift-JIS") for note in notes)


def test_old_macs_end_lines_with_a_carriage_return(read_text: ReadText) -> None:
    accounts = read_text(LISTS["German"].replace("\n", "\r"), "mac_roman")
    assert accounts.table["city"].to_pylist() == ["Köln", "München"]


def test_the_user_may_name_the_encoding(read_text: ReadText) -> None:
    for name in ("Windows-1257", "cp1257"):
        accounts = read_text("Name\nŠiaulių grūdai\n", "cp1257", encoding=name)
        assert accounts.table["name"].to_pylist() == ["Šiaulių grūdai"]
        assert not any("encoding" in note for note in accounts.notes)


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ("klingon", "no encoding 'klingon'"),
        ("base64", "no encoding 'base64'"),
        ("Shift-JIS", "is not in the encoding"),
    ],
)
def test_an_encoding_that_does_not_fit_is_refused(read_text: ReadText, named: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        read_text("Name\nCafé\n", "cp1252", encoding=named)
    assert caught.value.hint


def refused(tmp_path: Path, data: bytes) -> InputError:
    path = tmp_path / "list.csv"
    path.write_bytes(data)
    with pytest.raises(InputError) as caught:
        text_encoding(path)
    return caught.value


def test_what_several_code_pages_make_names_of_is_asked(tmp_path: Path) -> None:
    error = refused(tmp_path, b"Name\nM\x9fller\n")
    assert "may be" in str(error)
    assert "--encoding" in error.hint
    assert "ller" not in str(error) + error.hint


def test_bytes_that_are_no_names_are_refused(tmp_path: Path) -> None:
    noise = bytes(range(0x80, 0xA0)) * 20
    error = refused(tmp_path, b"Name\n" + noise + b"\n")
    assert "not recognised" in str(error)
    assert "--encoding" in error.hint


def test_signs_are_no_reason_to_refuse(read_text: ReadText) -> None:
    text = "Name\nAcme® Tools\nGlobex – Europe\n“Initech”\n"
    for page in ("cp1252", "mac_roman"):
        assert read_text(text, page).table["name"].to_pylist() == ["Acme® Tools", "Globex – Europe", "“Initech”"]


def test_every_code_page_that_is_tried_exists(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(b"Name\nAcme\n")
    for codec, label in CODE_PAGES.items():
        assert text_encoding(path, label) == codec
        assert len(read_accounts(path, encoding=codec)) == 1
