"""Rules of beds: classes, stays, wards and patients that contradict themselves."""

from __future__ import annotations

import numpy as np

from allocator.instance.checked import CheckedTables

_CENT = 1e-6


def check_care(checked: CheckedTables) -> None:
    """Tell shares of those who wait that are above 1, and those who get worse into nothing."""
    frame, source, log = checked.frames["care"], checked.sources["care"], checked.log
    gone = (frame["leaves"] + frame["worsens"]).to_numpy(float)
    rule = "leaves and worsens add up to more than 1"
    rows = np.flatnonzero(gone > 1 + _CENT)
    log.rows("E1371", source, "worsens", rows, rule, "lower one of them")
    names, worse = checked.strings("care", "severity"), checked.strings("care", "worsens_to")
    some = checked.numbers("care", "worsens") > 0
    rule = "worsens_to must name another class wherever worsens is above 0"
    rows = np.flatnonzero(some & ((worse == "") | (worse == names)))
    log.rows("E1372", source, "worsens_to", rows, rule, "name the class, or leave worsens out")
    mix = float(np.nansum(checked.numbers("care", "mix")))
    if mix and abs(mix - 1) > 1e-3:
        rule = "the mix of the classes must add up to 1"
        log.add("E1373", source.label, rule, "correct the column mix", f"{mix:g}")


def check_stays(checked: CheckedTables) -> None:
    """Tell shares of a class that do not add up to 1, and stays that lead nowhere new."""
    source, log = checked.sources["stays"], checked.log
    names, after = checked.strings("stays", "severity"), checked.strings("stays", "steps_to")
    share = checked.numbers("stays", "share")
    total = {name: float(share[names == name].sum()) for name in np.unique(names)}
    off = np.array([abs(total[name] - 1) > 1e-3 for name in names], dtype=bool)
    rule = "the shares of a class must add up to 1"
    log.rows("E1374", source, "share", np.flatnonzero(off), rule, "correct the shares")
    same = np.flatnonzero((names == after) & (names != ""))
    rule = "a stay must lead to another class, or nowhere"
    log.rows("E1375", source, "steps_to", same, rule, "correct it, or leave it blank")
    rows = np.flatnonzero(_round_and_round(names, np.where(share > 0, after, names)) & ~off)
    rule = "its steps lead round and round: nobody of the class ever leaves"
    log.rows("W1372", source, "steps_to", rows, rule, "add a stay with steps_to blank")


def _round_and_round(names: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Return the stays from which no steps lead out: to nowhere, or to a class that stays."""
    out = set(after) - set(names)
    for _ in names:
        out |= set(names[np.isin(after, list(out))])
    return ~np.isin(names, list(out))


def check_beds(checked: CheckedTables) -> None:
    """Tell wards that close before they open, and conversions that cannot be."""
    frame, source, log = checked.frames["beds"], checked.sources["beds"], checked.log
    first = frame["opens"] + np.where(frame["surge"], frame["lead_periods"], 0)
    rows = np.flatnonzero((frame["closes"] < first).to_numpy())
    rule = "the ward closes before its first patient can come"
    log.rows("E1376", source, "closes", rows, rule, "correct opens, lead_periods or closes")
    given, site = checked.strings("beds", "converts_from"), checked.strings("beds", "site_id")
    surge = frame["surge"].to_numpy(bool)
    where = dict(zip(checked.strings("beds", "ward_id"), site, strict=True))
    other = np.array(
        [one in where and where[one] != at for one, at in zip(given, site, strict=True)]
    )
    rows = np.flatnonzero((given != "") & (other | ~surge))
    rule = "converts_from is for surge wards, and names a ward of the same site"
    log.rows("E1377", source, "converts_from", rows, rule, "correct it, or leave it blank")


def check_patients(checked: CheckedTables) -> None:
    """Tell patients without a class where there is no mix, and classes that no bed is for."""
    source, log = checked.sources["patients"], checked.log
    kinds = checked.strings("patients", "severity")
    if not np.nansum(checked.numbers("care", "mix")):
        rule = "the patients have no severity, and care has no mix to split them by"
        rows = np.flatnonzero(kinds == "")
        log.rows("E1378", source, "severity", rows, rule, "fill in severity, or the column mix")
    if checked.untrusted & {"beds", "care"}:
        return
    also = {word for text in checked.words("beds", "also") for word in text.split("|")}
    known = checked.words("beds", "severity") | also
    bare = sorted(checked.words("patients", "severity") - known - {""})
    rows = np.flatnonzero(np.isin(kinds, bare))
    rule = "no row of beds is for the class: these patients can be admitted nowhere"
    log.rows("W1371", source, "severity", rows, rule, "add beds of the class, or name it in also")


def check_inpatients(checked: CheckedTables) -> None:
    """Tell inpatients who have stayed longer than any stay of their class."""
    source, log = checked.sources["inpatients"], checked.log
    names, length = checked.strings("stays", "severity"), checked.numbers("stays", "periods")
    longest = {name: float(length[names == name].max()) for name in np.unique(names)}
    kinds, age = (
        checked.strings("inpatients", "severity"),
        checked.numbers("inpatients", "periods_in"),
    )
    over = [days > longest.get(kind, np.inf) for kind, days in zip(kinds, age, strict=True)]
    rule = "they have been in longer than any stay of their class"
    rows = np.flatnonzero(np.array(over, dtype=bool))
    log.rows("E1379", source, "periods_in", rows, rule, "lower periods_in, or add a longer stay")
