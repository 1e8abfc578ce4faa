import pytest

from accountmap.account_map import build_map
from accountmap.report import headline, summary_sentences
from accountmap.report.wording import percent
from tests.account_map.examples import account_list, one_account_map, prepared_list, session


def test_one_of_each_is_singular() -> None:
    result = one_account_map(segment="opportunity", amount=2500.0)
    assert headline(result) == "You and Contoso share 1 company."
    sentences = summary_sentences(result)
    assert sentences[0].startswith(
        "Start with the 1 company that is your opportunity and their customer (2,500 open in your list)."
    )
    assert sentences[1] == ("The play with the most open money: ask for an introduction (2,500 in 1 company).")
    assert sentences[2].startswith("They can introduce you to 1 company:")
    assert sentences[3].startswith("You can introduce them to 0 companies:")


def test_money_has_its_currency() -> None:
    result = one_account_map(segment="opportunity", amount=2500.0, currency="EUR")
    assert "(EUR 2,500 open in your list)" in summary_sentences(result)[0]


def test_shares_say_what_they_are_of() -> None:
    accounts = account_list({"account_id": str(i)} for i in range(10))
    result = build_map(
        accounts, prepared_list(accounts), session({"entity": i, "their_segment": "prospect"} for i in range(3))
    )
    assert headline(result) == "You and Contoso share 3 companies."
    assert summary_sentences(result)[3].startswith(
        "You share 30% of your 10 companies, and at least 5.0% of theirs. They announced at most 60:"
    )
    assert summary_sentences(result)[-1] == "Only on your list: 7 companies."


def test_nothing_shared_is_said_plainly() -> None:
    accounts = account_list([{"account_id": "1"}])
    result = build_map(accounts, prepared_list(accounts), session([]))
    assert headline(result) == "You and Contoso share none of the accounts that were compared."
    assert len(summary_sentences(result)) == 1


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "0.0%"), (0.0001, "less than 0.1%"), (0.0512, "5.1%"), (0.256, "26%"), (1.0, "100%")],
)
def test_percent(share: float, text: str) -> None:
    assert percent(share) == text
