"""The report as a reader sees it: in a browser, from the disk. A page that is spoiled fails the check it should."""

import base64
import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from selenium import webdriver
from selenium.common.exceptions import TimeoutException
from selenium.webdriver.support.ui import WebDriverWait

from flashhead_engine.bake.project.file import load_project
from flashhead_engine.bake.project.ledger import Ledger
from flashhead_engine.bake.project.report import write_report

from .conftest import DIALOGUE, csv_source, write_wav
from .test_bake_project import run, start

HEAD = """
version = "1.0"
output = "baked"
formats = ["json"]
settings = { size = 256, follow_text = false }

[characters.guard]

[characters.heroine]
avatar = "heroine"
formats = ["mp4"]
"""
HOSTILE_ID = "<script>document.title='taken'</script>"
HOSTILE_TEXT = "</script><img src=x onerror=\"document.title='taken'\"><b>&amp;"
WAITING = 150
"""Lines that were added since the last run: more rows than are built at once."""
STATES = ["failed", "beyond the limits", "waiting", "good"]


@pytest.fixture(scope="module")
def page(tmp_path_factory, speech) -> Path:
    folder = tmp_path_factory.mktemp("report")
    path = folder / "dialogue.toml"
    path.write_text(HEAD + csv_source(), encoding="utf-8")
    write_wav(folder / "voice" / "silent.wav", np.zeros(8_000))
    write_wav(folder / "voice" / "a #1%.wav", speech[:48_000])
    rows = [
        "id,character,language,audio,text",
        'halt,guard,en,voice/a #1%.wav,"Halt! Nobody passes."',
        f"gate,heroine,de,{DIALOGUE / 'guard_de.mp3'},",
        "silent,guard,en,voice/silent.wav,",
        f'{HOSTILE_ID},guard,en,voice/silent.wav,"x"',
        'hostile,guard,en,voice/silent.wav,"{}"'.format(HOSTILE_TEXT.replace('"', '""')),
    ]
    (folder / "lines.csv").write_text("\n".join(rows))
    code, summary = run(path)
    assert (code, summary["baked"]) == (1, 4), summary
    rows += [f"later_{number},guard,fr,voice/silent.wav," for number in range(WAITING)]
    (folder / "lines.csv").write_text("\n".join(rows))
    process = start("report", path)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0 and "report.html" in errors, errors
    return folder / "baked" / "report.html"


@pytest.fixture(scope="module")
def opened() -> Iterator:
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    # A container's root has no sandbox and little shared memory.
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
    driver.set_window_size(1400, 900)
    yield driver
    driver.quit()


@pytest.fixture
def browser(need_program, request):
    need_program("chromium")
    need_program("chromedriver")
    return request.getfixturevalue("opened")


def texts(browser, selector: str) -> list[str]:
    script = "return [...document.querySelectorAll(arguments[0])].map((element) => element.textContent)"
    return browser.execute_script(script, selector)


def choose(browser, **fields: str) -> list[str]:
    """Set filters, all others to none, and return the names of the lines that are shown."""
    browser.execute_script(
        """for (const id of ["search", "state", "character", "language"]) {
             const field = document.getElementById(id);
             field.value = arguments[0][id] ?? "";
             field.dispatchEvent(new Event("input"));
           }""",
        fields,
    )
    return texts(browser, "#lines th b")


def waited(browser, script: str) -> bool:
    """Whether a script comes to return true while the browser's test has patience."""
    try:
        waiting = WebDriverWait(browser, browser.patience_s, poll_frequency=0.05)
        return waiting.until(lambda driver: driver.execute_script(script))
    except TimeoutException:
        return False


def no_errors(browser) -> None:
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []


def worst_first(browser) -> None:
    choose(browser)
    states = [STATES.index(state) for state in texts(browser, "#lines .badge")]
    assert states == sorted(states) and states[:4] == [0, 1, 1, 2]


def built_as_scrolled(browser) -> None:
    choose(browser)
    rows = "document.querySelectorAll('#lines tr').length"
    assert browser.execute_script(f"return {rows}") == 100
    browser.execute_script("document.getElementById('more').scrollIntoView()")
    assert waited(browser, f"return {rows} === {WAITING + 5}")
    browser.execute_script("scrollTo(0, 0)")


def filters(browser) -> None:
    assert choose(browser, language="de") == ["de/gate"]
    assert choose(browser, character="heroine") == ["de/gate"]
    assert set(choose(browser, state="done")) == {"de/gate", "en/halt"}
    assert choose(browser, search="NOBODY pass") == ["en/halt"]
    assert choose(browser, search="silence above", state="beyond") == ["en/hostile", "en/silent"]
    assert choose(browser, search="nothing like this") == []
    assert browser.find_element("id", "nothing").is_displayed()
    assert len(choose(browser, language="fr")) == 100 and texts(browser, "#shown") == ["150 of 155 lines"]


def sorts(browser) -> None:
    choose(browser, state="done")
    by_name = browser.find_element("xpath", "//thead//button[text()='Line']")
    for expected in (["de/gate", "en/halt"], ["en/halt", "de/gate"]):
        by_name.click()
        assert texts(browser, "#lines th b") == expected
    by_name.click()
    assert browser.find_elements("css selector", "th[aria-sort]") == []
    choose(browser, character="guard", language="en")
    by_state = browser.find_element("xpath", "//thead//button[text()='State']")
    by_state.click()
    by_state.click()
    assert texts(browser, "#lines .badge") == ["good", "beyond the limits", "beyond the limits"]
    by_state.click()


def plays(browser) -> None:
    assert choose(browser, search="halt") == ["en/halt"]
    browser.find_element("css selector", "button.play").click()
    playing = "const media = document.querySelector('audio'); return media.currentTime > 0.2 && !media.paused"
    assert waited(browser, playing), "the audio plays"
    assert waited(browser, "return document.querySelector('.player svg line').getAttribute('x1') > 3"), "its cursor"
    assert browser.execute_script("return document.querySelector('.player svg path').getBBox().height") > 20
    choose(browser, language="de")
    browser.find_element("css selector", "button.play").click()
    playing = "const media = document.querySelector('video'); return media.currentTime > 0.2 && media.videoWidth > 0"
    assert waited(browser, playing), "the video plays"
    choose(browser)
    assert browser.find_elements("css selector", "audio, video") == []


def thumbnails(browser) -> None:
    choose(browser, state="done")
    script = "return [...document.querySelectorAll('#lines img')].map((image) => image.naturalWidth)"
    assert waited(browser, "return [...document.querySelectorAll('#lines img')].every((image) => image.complete)")
    assert browser.execute_script(script) == [96, 96]


def harmless(browser) -> None:
    choose(browser)
    assert browser.title == "dialogue.toml: baked lines"
    assert texts(browser, "#lines th b")[0] == f"en/{HOSTILE_ID}"
    choose(browser, search="hostile")
    assert HOSTILE_TEXT in texts(browser, "#lines th p")
    assert browser.find_elements("css selector", "[onerror], #lines script") == []


CHECKS = (no_errors, worst_first, built_as_scrolled, filters, sorts, plays, thumbnails, harmless)


def test_it_works_in_a_browser(page, browser):
    browser.patience_s = 20  # of a busy machine
    browser.get(page.as_uri())
    for check in CHECKS:
        check(browser)
    no_errors(browser)


@pytest.mark.parametrize(
    ("check", "right", "wrong"),
    [
        (no_errors, "  choose();\n})();", "  choose();\n  choose.nothing.here;\n})();"),
        (worst_first, "let shown = rows;", "rows.reverse(); let shown = rows;"),
        (built_as_scrolled, "ROWS_AT_ONCE = 100", "ROWS_AT_ONCE = 1e6"),
        (filters, "row.language === wanted.language", "row.language !== ''"),
        (filters, "words.every(", "words.some("),
        (sorts, "descending ? compare(b, a)", "descending ? compare(a, b)"),
        (plays, "media.src = row.video ?? row.audio", "media.src = 'nowhere.wav'"),
        (plays, "media.currentTime * curveHz", "0 * curveHz"),
        (thumbnails, "picture.src = row.thumbnail", "picture.src = 'data:image/jpeg;base64,AAAA'"),
        (harmless, 'add(cell, "p", row.text)', 'add(cell, "p").innerHTML = row.text'),
    ],
)
def test_a_spoiled_page_is_noticed(page, browser, check: Callable, right: str, wrong: str):
    spoiled = page.with_name("spoiled.html")
    spoiled.write_text(with_program(page.read_text("utf-8"), right, wrong), "utf-8")
    browser.patience_s = 2
    browser.get(spoiled.as_uri())
    with pytest.raises(AssertionError):
        check(browser)
    browser.get_log("browser")


def with_program(page: str, right: str, wrong: str) -> str:
    """The page with a change in its program, which its security policy lets run all the same."""
    [before] = re.findall(r"<script>(\"use strict\".*?)</script>", page, re.DOTALL)
    assert right in before
    after = before.replace(right, wrong)
    old, new = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (before, after))
    assert old in page
    return page.replace(before, after).replace(old, new)


def test_nothing_but_its_own_program_may_run(page, browser):
    """Were a text ever written as HTML, the policy of the page stops what is in it."""
    spoiled = page.with_name("foreign.html")
    text = page.read_text("utf-8")
    spoiled.write_text(text.replace("</body>", "<script>document.title = 'taken'</script></body>"), "utf-8")
    browser.get(spoiled.as_uri())
    assert browser.title == "dialogue.toml: baked lines"
    assert "violates" in str(browser.get_log("browser"))
    spoiled.write_text(re.sub("<meta http-equiv[^>]*>", "", spoiled.read_text("utf-8")), "utf-8")
    browser.get(spoiled.as_uri())
    assert browser.title == "taken", "without the policy it would run"


def rows_of(page: Path) -> dict[str, dict]:
    text = page.read_text("utf-8")
    [data] = re.findall(r'<script id="data" type="application/json">(.*?)</script>', text, re.DOTALL)
    return {row["name"]: row for row in json.loads(data)["rows"]}


def test_a_track_that_is_damaged_is_noted_and_pictures_are_for_the_worst(page, tmp_path):
    shutil.copytree(page.parents[1], tmp_path / "copy")
    project = load_project(tmp_path / "copy" / "dialogue.toml")
    (project.output / "en" / "halt.json").write_text("{}")
    (project.output / "de" / "gate.mp4").write_bytes(b"no video")
    with Ledger(project.output) as ledger:
        assert write_report(project, ledger, tmp_path / "pages" / "page.html", thumbnails=1) == WAITING + 5
    rows = rows_of(tmp_path / "pages" / "page.html")
    assert [name for name, row in rows.items() if "thumbnail" in row] == ["en/hostile"]
    assert "cannot be read" in rows["en/halt"]["notes"][0] and "mouth" not in rows["en/halt"]
    assert rows["en/halt"]["audio"] == "../copy/voice/a%20%231%25.wav"
    assert rows["en/silent"]["mouth"].strip("A") == "", "a silent line's mouth is shut"
    with Ledger(project.output) as ledger:
        write_report(project, ledger, project.output / "report.html", thumbnails=200)
    assert "cannot be read" in rows_of(project.output / "report.html")["de/gate"]["notes"][0]


def test_nothing_was_baked_yet(tmp_path):
    path = tmp_path / "dialogue.toml"
    path.write_text(HEAD + csv_source(), encoding="utf-8")
    process = start("report", path)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1 and "nothing was baked there yet" in errors
    assert not (tmp_path / "baked").exists()
