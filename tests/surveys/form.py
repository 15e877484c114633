"""The form with a catalogue behind it, and every state that a person can see of it."""

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

from core.calendar import utc_now
from core.database import writing
from procedures.models import Component, Procedure, RegisterConnection, StandardComponent, StateRegister, Unit
from surveys import posters
from surveys.models import TEST, Invitation
from tests.surveys.helpers import NOW, PROCEDURE, invited
from tests.surveys.reach import put_units

if TYPE_CHECKING:
    from playwright.sync_api import Page

LONG_NAME = "Liên thông các thủ tục hành chính về đăng ký khai sinh, cấp Thẻ bảo hiểm y tế cho trẻ em dưới 6 tuổi"
WITNESSES = (
    "Văn bản của người làm chứng xác nhận về việc sinh; nếu không có người làm chứng thì phải có giấy cam đoan về việc sinh của người đi"
    " đăng ký khai sinh"
)
POINT = "Bộ phận Tiếp nhận và Trả kết quả phường Ba Đình, cơ sở hai"
TURNED_AWAY = "button[value=turned_away]"


def put_catalogue(long_papers: int = 2) -> None:
    """Units, and a procedure with a long name and papers: one in a register that Hà Nội can look into, one in a register whose day of
    publication is not known, and so many with long names that are in none."""
    put_units()
    with writing() as session:
        civil = StateRegister(
            code="civil_status", name="Cơ sở dữ liệu hộ tịch điện tử", name_en="Electronic Civil Status Database", keeper="Bộ Tư pháp",
            keeper_en="Ministry of Justice", published_from=date(2025, 12, 10), source_document="QĐ 3458/QĐ-BTP",
        )  # fmt: skip
        people = StateRegister(
            code="population", name="Cơ sở dữ liệu quốc gia về dân cư", name_en="National Population Database", keeper="Bộ Công an",
            keeper_en="Ministry of Public Security", published_from=None, source_document="NQ 66.7/2025/NQ-CP",
        )  # fmt: skip
        session.add_all([civil, people])
        session.flush()
        marriage = StandardComponent(code="marriage", name="Giấy chứng nhận kết hôn", name_en="Marriage certificate", register_id=civil.id)
        identity = StandardComponent(code="identity_card", name="Thẻ căn cước", name_en="Identity card", register_id=people.id)
        session.add_all([marriage, identity])
        session.flush()
        hanoi = session.query(Unit).filter_by(code="01").one()
        session.add(RegisterConnection(register_id=civil.id, unit_id=hanoi.id, connected_from=date(2026, 1, 1)))
        procedure = session.query(Procedure).filter_by(code=PROCEDURE).one()
        procedure.name = LONG_NAME
        for paper in procedure.components:
            paper.standard_id = marriage.id if "kết hôn" in paper.name else None
        card = Component(procedure_id=procedure.id, position=3, name="Thẻ căn cước của cha, mẹ", standard_id=identity.id)
        session.add_all([card, *(Component(procedure_id=procedure.id, position=4 + n, name=WITNESSES) for n in range(long_papers))])


def on_trial(number: int) -> str:
    """The token of an invitation that tries the form out."""
    token = invited(number, simulated=False)
    with writing() as session:
        session.query(Invitation).order_by(Invitation.id.desc()).first().stratum = TEST  # type: ignore[union-attr]
    return token


def states(page: "Page", address: str, language: str) -> Iterator[str]:
    """Lead the page through every state a person can see behind a link; gives each state's name. Needs no script."""

    def go(path: str) -> None:
        page.goto(f"{address}{path}{'&' if '?' in path else '?'}lang={language}")

    def tick(name: str, value: str) -> None:
        page.locator(f"input[name={name}][value='{value}']").check(force=True)

    def send() -> None:
        with page.expect_navigation():
            page.locator("form button").click()

    token = invited(1)
    go(f"/s/{token}")
    yield "start"
    page.locator("summary").click()
    yield "start, what is kept"
    send()
    yield "start, nothing chosen"
    page.locator("label.choice").nth(3).click()
    yield "start, chosen"
    send()
    yield "screen 1"
    tick("supplement_count", "2+")
    tick("asked_again", "yes")
    send()
    yield "screen 2"
    tick("how_asked", "mouth")
    if page.locator("select").count():
        page.locator("select").select_option(index=1)
    else:
        page.locator("input[name=which_paper]").first.check(force=True)
    send()
    yield "screen 3"
    tick("ease", "na")
    send()
    yield "screen 4"
    send()
    yield "screen 5"
    send()
    yield "screen 6"
    page.locator("textarea").fill("Đi lại nhiều lần. " * 40)
    send()
    yield "screen 6, too long"
    page.locator("textarea").fill("Đi lại nhiều lần.")
    send()
    yield "thanks, papers"
    go(f"/s/{token}")
    yield "start, answered before"
    go(f"/s/{token}/delete")
    yield "delete"
    send()
    yield "deleted"
    go(f"/s/{invited(2, occasion='supplement-1', end_point='supplement', applicant_type='enterprise')}")
    yield "short form"
    page.locator("label.choice").first.click()
    send()
    yield "short form, screen 1"
    send()
    yield "short form, screen 2"
    send()
    yield "short form, thanks"
    refused = invited(3, end_point="refused", occasion="refused", channel="in_person", supplements=0)
    go(f"/s/{refused}")
    yield "refused"
    page.locator("label.choice").last.click()
    send()
    go(f"/s/{refused}/thanks")
    yield "thanks"
    go(f"/s/{on_trial(4)}")
    yield "trial"
    go(f"/s/{invited(5, expires_on=date(2026, 1, 1))}")
    yield "expired"
    go(f"/s/{'a' * 26}")
    yield "unknown"


def open_states(page: "Page", address: str, language: str, mode: str) -> Iterator[str]:
    """Every state of a poster's link (``open``) or a kiosk. Needs no script."""

    def send(button: str = "form.more button") -> None:
        with page.expect_navigation():
            page.locator(button).click()

    place = posters.open_place("00004", POINT, mode, NOW)
    first = f"{address}/q/{place.code}?lang={language}"
    page.goto(first)
    yield f"{mode}, first"
    send(TURNED_AWAY)
    yield f"{mode}, procedure"
    page.locator("#find").fill("khong co thu tuc nay")
    send(".find button")
    yield f"{mode}, nothing found"
    page.locator("#find").fill("khai sinh")
    send(".find button")
    yield f"{mode}, found"
    page.locator("label.choice").first.click()
    send()
    yield f"{mode}, questions"
    page.locator("label.choice").first.click()
    send()
    yield f"{mode}, thanks with papers"
    page.goto(first)
    send("button[value=filed]")
    yield f"{mode}, filed"
    send()
    yield f"{mode}, thanks"
    if mode == "kiosk":
        page.goto(first)
        visit = (page.locator("form").get_attribute("action") or "").partition("?")[0].rpartition("/")[2]
        posters.begin(place, visit, "filed", utc_now(), "vi")
        posters.end(place, visit)
        send(TURNED_AWAY)
        yield "kiosk, the visit was over"
    if mode == "open":
        page.goto(f"{address}/q/AAAAAA?lang={language}")
        yield "open, unknown"
        other = posters.open_place("00008", POINT, mode, NOW)
        posters.close_place(other.code, NOW)
        page.goto(f"{address}/q/{other.code}?lang={language}")
        yield "open, closed"
