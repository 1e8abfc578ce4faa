import pytest
from hypothesis import given
from hypothesis import strategies as st

from accountmap.linkage import domains
from accountmap.linkage.data import read_rows
from accountmap.linkage.domains import domain_label, registrable_domain


@pytest.mark.parametrize(
    "text",
    [
        "acme.com",
        "ACME.com",
        "www.acme.com.",
        "https://www.acme.com/",
        "http://shop.eu.acme.com:8443/de?x=1#top",
        "https://user:secret@acme.com/path@home",
        "//acme.com/a",
        "http:/acme.com",
        "http//acme.com",
        "https:\\\\www.acme.com\\about",
        "http://http://acme.com",
        "info@mail.acme.com",
        "mailto:Info@Acme.com",
        "Acme <info@acme.com>",
        "{{URL|www.acme.com}}",
        "[https://acme.com Acme]",
        '<a href="https://acme.com">',
        "acme.com; acme.de",
        "n/a, acme.com",
        "see www.linkedin.com/company/acme or acme.com",
        "jo.doe@gmail.com / jo@acme.com",
        "www\u3002acme\uff0ecom",
        "acme\u200b.com",
        "\uff41cme.com",
        "%61cme.com",
    ],
)
def test_finds_the_domain_in_what_people_write(text: str) -> None:
    assert registrable_domain(text) == "acme.com"


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("www.acme.co.uk", "acme.co.uk"),
        ("http://www.acme.ide.kyoto.jp", "acme.ide.kyoto.jp"),
        ("foo.city.kawasaki.jp", "city.kawasaki.jp"),
        ("shop.acme.uk.com", "acme.uk.com"),
        ("acme.myshopify.com", "acme.myshopify.com"),
        ("https://acme.github.io/site", "acme.github.io"),
    ],
)
def test_cuts_below_the_public_suffix(text: str, domain: str) -> None:
    assert registrable_domain(text) == domain


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        " ",
        "-",
        "n/a",
        "none.",
        "Acme Inc.",
        "localhost",
        "10.0.0.1",
        "http://[2001:db8::1]/",
        "acme.invalid",
        "acme.corp",
        "com",
        ".com",
        "co.uk",
        "a..com",
        "-acme-.com",
        "ac_me.com",
        "x" * 64 + ".com",
        "x." * 200 + "y" * 10_000,
        "\x00\x01",
        "😀",
        "http://\ud800.com",
    ],
)
def test_gives_nothing_for_what_is_no_domain(text: str | None) -> None:
    assert registrable_domain(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "jo@gmail.com",
        "jo@mail.ru",
        "jo@docomo.ne.jp",
        "jo@mailinator.com",
        "www.facebook.com/acme",
        "uk.linkedin.com/company/acme",
        "https://www.google.com/maps?q=acme",
        "bit.ly/acme",
        "acme.example.com",
        "myshopify.com",
        "www.myshopify.com",
        "github.io",
    ],
)
def test_a_shared_domain_is_no_company_key(text: str) -> None:
    assert registrable_domain(text) is None


def test_international_names_meet_in_their_ascii_form() -> None:
    spellings = ["MÜLLER.de", "mu\u0308ller.de", "xn--mller-kva.de", "XN--MLLER-KVA.DE", "jo@m%C3%BCller.de"]
    assert {registrable_domain(s) for s in spellings} == {"xn--mller-kva.de"}


def test_sharp_s_is_a_letter_of_its_own() -> None:
    assert registrable_domain("weiß.de") == "xn--wei-7ka.de"


def test_international_suffixes() -> None:
    assert registrable_domain("www.пример.рф") == "xn--e1afmkfd.xn--p1ai"


@pytest.mark.parametrize(
    ("domain", "label"),
    [
        ("acme.com", "acme"),
        ("acme.co.uk", "acme"),
        ("xn--mller-kva.co.at", "müller"),
        ("xn--99999999999.com", None),
        (None, None),
    ],
)
def test_label(domain: str | None, label: str | None) -> None:
    assert domain_label(domain) == label


def test_mail_domains_are_registrable() -> None:
    entries = [word for row in read_rows("mail_domains.txt") for word in row]
    assert [e for e in entries if domains.registrable(e) != e] == []
    assert len(entries) == len(set(entries))


def test_a_shared_host_is_listed_once_and_can_be_a_companys() -> None:
    entries = [word for row in read_rows("shared_hosts.txt") for cell in row for word in cell.split()]
    assert len(entries) == len(set(entries))
    for entry in entries:
        domain = domains.registrable(entry)
        assert domain is not None
        assert domain == entry or domain not in entries


@given(st.text(max_size=60) | st.from_regex(r"(https?://)?[\w.@:/-]{1,40}\.(com|de|рф)(/\w*)?", fullmatch=True))
def test_no_text_breaks_it_and_a_domain_reads_as_itself(text: str) -> None:
    domain = registrable_domain(text)
    assert domain is None or (domain.isascii() and registrable_domain(domain) == domain)


def test_usual_hosts_are_cut_as_the_library_cuts_them() -> None:
    names, _ = domains._rules()
    listed = sorted(name for name in names if name.isascii() and "xn--" not in name)
    assert len(listed) > 5_000
    for at, name in enumerate(listed):
        host = ("", "a.", "a.b.", "x.y.z.")[at % 4] + name
        if "." in host:
            assert domains._below_suffix(host) == domains.public_suffixes().privatesuffix(host), host
