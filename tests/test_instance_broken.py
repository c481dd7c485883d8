"""Broken folders give codes, never tracebacks: several hundred of them, each from a seed."""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import re
import shutil
import stat
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from allocator.errors import InstanceError
from allocator.instance import Instance, load, save, validate
from tests.admit_cases import random_case as bed_case
from tests.instance_cases import good_instance
from tests.reserve_cases import reserve_instance
from tests.route_instances import town
from tests.staff_cases import random_case as staff_case

Mutation = Callable[[Path, random.Random], None]
SEEDS = 16
CODE = re.compile(r"[EW]1[1-5]\d\d")


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(good_instance(), tmp_path_factory.mktemp("good") / "case")


def outcome(path: Path) -> tuple[str, ...]:
    """Load what may be broken: the codes of its errors, none when it is a valid instance."""
    try:
        assert isinstance(load(path), Instance)
    except InstanceError as error:
        faults = error.faults
    else:
        return ()
    for fault in faults:
        assert CODE.fullmatch(fault.code), fault
        assert fault.rule
        assert fault.where
    codes = tuple(fault.code for fault in faults if fault.severity == "error")
    assert codes
    return codes


def pick(folder: Path, dice: random.Random) -> Path:
    return dice.choice(sorted(folder.rglob("*.csv")))


def edit_cell(folder: Path, dice: random.Random, change: Callable[[str], str]) -> None:
    path = pick(folder, dice)
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    row = dice.randrange(1, len(lines))
    cells = lines[row].split(",")
    column = dice.randrange(len(cells))
    cells[column] = change(cells[column])
    lines[row] = ",".join(cells)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def truncated(folder: Path, dice: random.Random) -> None:
    path = pick(folder, dice)
    data = path.read_bytes()
    path.write_bytes(data[: dice.randrange(len(data))])


def bytes_flipped(folder: Path, dice: random.Random) -> None:
    path = dice.choice(sorted(path for path in folder.rglob("*") if path.is_file()))
    data = bytearray(path.read_bytes())
    for _ in range(dice.randint(1, 4)):
        data[dice.randrange(len(data))] = dice.randrange(256)
    path.write_bytes(bytes(data))


def other_encoding(folder: Path, dice: random.Random) -> None:
    path = pick(folder, dice)
    text = path.read_text(encoding="utf-8-sig").replace("e", "é")
    path.write_bytes(
        text.encode(dice.choice(["utf-16", "latin-1", "utf-32", "gb18030"]), "replace")
    )


def binary(folder: Path, dice: random.Random) -> None:
    pick(folder, dice).write_bytes(dice.randbytes(dice.randint(1, 3000)))


def odd_value(folder: Path, dice: random.Random) -> None:
    odd = ["nan", "NaN", "inf", "-inf", "-1", "1e400", "1e300", "9" * 400, "0x10", "1_000", "", " "]
    odd += ["yes", "=1+1", "١٢", "½", "1e-400", "C1 ", "\ufeff", "\u202e", "\x07", "x" * 300, '"']
    edit_cell(folder, dice, lambda _: dice.choice(odd))


def doubled_row(folder: Path, dice: random.Random) -> None:
    path = pick(folder, dice)
    lines = path.read_text(encoding="utf-8").splitlines()
    lines += [dice.choice(lines)] * dice.randint(1, 40)
    path.write_text("\n".join(lines), encoding="utf-8")


def in_a_circle(folder: Path, dice: random.Random) -> None:
    """Links, overlays and packages that lead back to themselves."""
    place = dice.choice(["W1", "C1", "H1"])
    (folder / "links.csv").write_text(f"from_id,to_id,minutes\n{place},{place},5\n")
    head = "scenario_id,table,selector,field,op,value\n"
    rows = "wave,overlays,,value,set,2\nwave,scenarios,,probability,scale,2\n"
    (folder / "scenarios" / "overlays.csv").write_text(head + rows)


def wrong_cells(folder: Path, dice: random.Random) -> None:
    edit_cell(folder, dice, lambda cell: cell + "," * dice.randint(1, 3))


def missing_file(folder: Path, dice: random.Random) -> None:
    pick(folder, dice).unlink()


def folder_instead(folder: Path, dice: random.Random) -> None:
    path = pick(folder, dice)
    path.unlink()
    path.mkdir()


def header_changed(folder: Path, dice: random.Random) -> None:
    path = pick(folder, dice)
    first, _, rest = path.read_text(encoding="utf-8-sig").partition("\n")
    names = first.split(",")
    place = dice.randrange(len(names))
    names[place] = dice.choice(
        ["", names[0], names[place] + "s", names[place].upper(), "a\tb", '"']
    )
    path.write_text(",".join(names) + "\n" + rest, encoding="utf-8")


def no_rows(folder: Path, dice: random.Random) -> None:
    path = pick(folder, dice)
    header = path.read_text(encoding="utf-8").split("\n")[0]
    path.write_text(dice.choice(["", "\n\n", header, header + "\n"]), encoding="utf-8")


def climbing_package(folder: Path, dice: random.Random) -> None:
    path = dice.choice(
        ["../needs.csv", "/etc/passwd", "C:\\needs.csv", "a/../../needs.csv", 7, None]
    )
    package = {"resources": dice.choice([[{"name": "needs", "path": path}], {"needs": path}, 3])}
    (folder / "datapackage.json").write_text(json.dumps(package))


def broken_package(folder: Path, dice: random.Random) -> None:
    text = dice.choice(["", "{", "[]", "nul", "[" * 100_000, '{"resources": {}}', '{"a": 1}}'])
    (folder / "datapackage.json").write_text(text)


def broken_policy(folder: Path, dice: random.Random) -> None:
    lines = [
        "fairnes = 'none'",
        "fairness = 3",
        "budget = 'much'",
        "budget = nan",
        "goals = 'cost'",
    ]
    lines += ["goals = ['cost + fairness']", "goals = []", "goals = ['2*']", "give_up = 3", "a = ["]
    lines += ["lanes_k = 1e400", "lanes_k = 0", f"lanes_k = {'9' * 500}", "give_up.x = 0.1", "\x00"]
    (folder / "policy.toml").write_text("\n".join(dice.sample(lines, dice.randint(1, 3))))


def bad_gzip(folder: Path, dice: random.Random) -> None:
    path = pick(folder, dice)
    data = gzip.compress(path.read_bytes())
    path.unlink()
    cut = data[: dice.randrange(len(data))] if dice.random() < 0.7 else dice.randbytes(50)
    path.with_name(path.name + ".gz").write_bytes(cut)


MUTATIONS: list[Mutation] = [
    truncated,
    bytes_flipped,
    bytes_flipped,
    other_encoding,
    binary,
    odd_value,
    odd_value,
    odd_value,
    doubled_row,
    in_a_circle,
    wrong_cells,
    missing_file,
    folder_instead,
    header_changed,
    no_rows,
    climbing_package,
    broken_package,
    broken_policy,
    bad_gzip,
]
MUST_FAIL = {binary, in_a_circle, climbing_package, broken_package, broken_policy}


@pytest.mark.parametrize("mutation", sorted(set(MUTATIONS), key=lambda one: one.__name__))
def test_broken_folder(mutation: Mutation, good: Path, tmp_path: Path) -> None:
    rounds = SEEDS * MUTATIONS.count(mutation)
    for seed in range(rounds):
        folder = tmp_path / str(seed)
        shutil.copytree(good, folder)
        mutation(folder, random.Random(f"{mutation.__name__} {seed}"))
        codes = outcome(folder)
        assert codes or mutation not in MUST_FAIL, f"seed {seed} went unnoticed"


def test_there_are_hundreds_of_broken_folders() -> None:
    assert SEEDS * len(MUTATIONS) >= 300


@pytest.mark.parametrize(
    "make",
    [reserve_instance, lambda: staff_case(3), lambda: bed_case(2), town],
    ids=["reserves", "staff", "beds", "routes"],
)
def test_broken_tables_of_the_other_decisions(make: Callable[[], Instance], tmp_path: Path) -> None:
    whole = save(make(), tmp_path / "whole")
    for path in sorted(whole.rglob("*.csv")):
        for seed in range(5 if path.read_text(encoding="utf-8-sig").count("\n") > 1 else 0):
            folder = shutil.copytree(whole, tmp_path / f"{path.stem}-{seed}")
            there = folder / path.relative_to(whole)
            lines = there.read_text(encoding="utf-8-sig").splitlines()
            dice = random.Random(f"{path.stem} {seed}")
            if seed < 2:
                lines.append(dice.choice(lines[1:]))
            else:
                row = dice.randrange(1, len(lines))
                cells = lines[row].split(",")
                odd = ["-1", "0", "0.5", "nan", "1e12", "", "x", "25:00"]
                cells[dice.randrange(len(cells))] = dice.choice(odd)
                lines[row] = ",".join(cells)
            there.write_text("\n".join(lines) + "\n", encoding="utf-8")
            outcome(folder)
            shutil.rmtree(folder)


@pytest.mark.parametrize("ending", [".zip", ".json", ".xlsx"])
def test_broken_packing(ending: str, good: Path, tmp_path: Path) -> None:
    data = save(load(good), tmp_path / f"case{ending}").read_bytes()
    dice = random.Random(ending)
    for seed in range(12):
        broken = bytearray(data)
        if seed % 2:
            del broken[dice.randrange(len(broken)) :]
        for _ in range(dice.randint(0 if seed % 2 else 1, 5)):
            if broken:
                broken[dice.randrange(len(broken))] = dice.randrange(256)
        path = tmp_path / f"{seed}{ending}"
        path.write_bytes(bytes(broken))
        codes = outcome(path)
        assert codes or not seed % 2, "a file cut off went unnoticed"


def members(good: Path) -> dict[str, bytes]:
    files = (path for path in good.rglob("*") if path.is_file())
    return {path.relative_to(good).as_posix(): path.read_bytes() for path in files}


def write_zip(path: Path, content: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return path


@pytest.mark.parametrize(
    "name", ["../needs.csv", "/needs.csv", "a/../../b.csv", "C:\\b.csv", "..\\b"]
)
def test_zip_member_that_climbs_out(name: str, good: Path, tmp_path: Path) -> None:
    path = write_zip(tmp_path / "case.zip", members(good) | {name: b"x"})
    assert outcome(path) == ("E1506",)
    assert not (tmp_path / "b.csv").exists()


def test_zip_in_a_folder_of_its_own_is_understood(good: Path, tmp_path: Path) -> None:
    inside = {f"case/{name}": data for name, data in members(good).items()}
    clutter = {"__MACOSX/case/._needs.csv": b"\0\1"}
    assert not outcome(write_zip(tmp_path / "case.zip", inside | clutter))


def test_zip_bomb_is_refused_before_it_unpacks(good: Path, tmp_path: Path) -> None:
    content = members(good)
    bomb = b"C1,rice,1,1\n" * 4_000_000
    path = write_zip(tmp_path / "case.zip", content | {"needs.csv": bomb})
    assert outcome(path) == ("E1505",)


def test_zip_bomb_that_lies_about_its_size(good: Path, tmp_path: Path) -> None:
    size = 48_000_000
    content = members(good) | {"needs.csv": b"0" * size}
    data = write_zip(tmp_path / "case.zip", content).read_bytes()
    path = tmp_path / "lie.zip"
    path.write_bytes(data.replace(size.to_bytes(4, "little"), (100).to_bytes(4, "little")))
    assert "E1507" in outcome(path)


def test_gzip_bomb_is_refused(good: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(good, tmp_path / "case")
    (folder / "needs.csv").unlink()
    (folder / "needs.csv.gz").write_bytes(gzip.compress(b"\n" * 60_000_000))
    assert "E1505" in outcome(folder)


def test_too_many_members(tmp_path: Path) -> None:
    many = {f"{number}.csv": b"" for number in range(1500)}
    assert outcome(write_zip(tmp_path / "case.zip", many)) == ("E1505",)


def test_zip_with_a_link_or_twice_the_same_file(good: Path, tmp_path: Path) -> None:
    path = write_zip(tmp_path / "link.zip", members(good))
    with zipfile.ZipFile(path, "a") as archive:
        info = zipfile.ZipInfo("owners2.csv")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    assert outcome(path) == ("E1506",)
    path = write_zip(tmp_path / "twice.zip", members(good))
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("needs.csv", "x")
    assert outcome(path) == ("E1507",)


def test_workbook_bomb_is_refused(tmp_path: Path) -> None:
    sheet = io.BytesIO()
    with zipfile.ZipFile(sheet, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 50_000_000)
    path = tmp_path / "case.xlsx"
    path.write_bytes(sheet.getvalue())
    assert outcome(path) == ("E1505",)


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_links_that_leave_the_folder(good: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.csv"
    shutil.copy(good / "needs.csv", outside)
    folder = shutil.copytree(good, tmp_path / "case")
    (folder / "needs.csv").unlink()
    (folder / "needs.csv").symlink_to(outside)
    assert "E1506" in outcome(folder)
    (folder / "needs.csv").unlink()
    shutil.copy(outside, folder / "needs.csv")
    assert not outcome(folder)
    (folder / "scenarios").rename(tmp_path / "scenarios")
    (folder / "scenarios").symlink_to(tmp_path / "scenarios")
    assert set(outcome(folder)) == {"E1506"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_does_not_make_us_wait(good: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(good, tmp_path / "case")
    (folder / "needs.csv").unlink()
    os.mkfifo(folder / "needs.csv")
    assert "E1504" in outcome(folder)


@pytest.mark.parametrize(
    "name", ["nothing", "case.txt", "case.zip", "case.json", "case.xlsx", "a\0b"]
)
def test_paths_that_are_no_instance(name: str, tmp_path: Path) -> None:
    if name == "case.txt":
        (tmp_path / name).write_text("x")
    assert outcome(tmp_path / name)
    assert not validate(tmp_path / name).valid


def test_empty_folder_names_every_required_table(tmp_path: Path) -> None:
    assert outcome(tmp_path) == ("E1101",) * 4
