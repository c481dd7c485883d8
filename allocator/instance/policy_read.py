"""From what policy.toml says to a Policy, with every fault told."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from allocator.instance.faultlog import FaultLog, nearest
from allocator.instance.goals import SUMS, goal_faults, parse_goals
from allocator.instance.policy import Policy
from allocator.instance.schema import Setting, settings

_NONE = object()
_LARGEST = 1e300


def read_policy(given: Mapping[str, Any], label: str, log: FaultLog) -> Policy:
    """Return the policy; keys that are wrong are told and keep their default."""
    known = settings()
    values: dict[str, Any] = {}
    for key, value in given.items():
        where = f"{label}:{key}"
        if key not in known:
            action = "correct the key or remove it; see: allocator schema policy"
            log.add("E1402", where, "the key is unknown", action, key, nearest(str(key), known))
        elif value is not None:
            read = _READERS[known[key].type](value, known[key], where, log)
            values |= {} if read is _NONE else {key: read}
    policy = Policy(**values)
    _check_give_up(policy, f"{label}:give_up", log)
    return policy


def _check_give_up(policy: Policy, where: str, log: FaultLog) -> None:
    goals = [spec.name for spec in parse_goals(policy.goals)]
    for name in policy.give_up:
        if name not in goals and name.split(".")[0] not in goals:
            rule = f"give_up names no goal of this policy ({', '.join(goals)})"
            action = "name a goal, or one of its tiers such as remaining.2"
            log.add("E1407", where, rule, action, name, nearest(name, goals))


def policy_values(policy: Policy, *, all_keys: bool = False) -> dict[str, Any]:
    """Return the policy as plain values in the order of policy.csv, without defaults."""
    usual = Policy()
    values: dict[str, Any] = {}
    for key in settings():
        value = getattr(policy, key)
        if value is None or (not all_keys and value == getattr(usual, key)):
            continue
        if isinstance(value, tuple):
            value = list(value)
        values[key] = dict(value) if isinstance(value, Mapping) else value
    return values


def check_policy(policy: Policy, log: FaultLog) -> None:
    """Tell what is wrong with a policy made in Python."""
    read_policy(policy_values(policy), "policy", log)


def _string(value: Any, spec: Setting, where: str, log: FaultLog) -> Any:
    if not isinstance(value, str):
        return _wrong_type(value, "a text", where, log)
    if spec.values and value not in spec.values:
        rule = f"{spec.name} must be {' or '.join(spec.values)}"
        log.add("E1405", where, rule, "use one of the words", value, nearest(value, spec.values))
        return _NONE
    return value


def _boolean(value: Any, spec: Setting, where: str, log: FaultLog) -> Any:
    return value if isinstance(value, bool) else _wrong_type(value, "true or false", where, log)


def _number(value: Any, spec: Setting, where: str, log: FaultLog) -> Any:
    if not _is_finite(value):
        return _wrong_type(value, "a finite number", where, log)
    low = -math.inf if spec.minimum is None else spec.minimum
    high = math.inf if spec.maximum is None else spec.maximum
    if not low <= value <= high:
        rule = f"{spec.name} must be between {low:g} and {high:g}"
        log.add("E1404", where, rule, "correct the value", value)
        return _NONE
    return float(value)


def _is_finite(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < math.inf and abs(value) <= _LARGEST


def _integer(value: Any, spec: Setting, where: str, log: FaultLog) -> Any:
    number = _number(value, spec, where, log)
    if number is _NONE:
        return _NONE
    return int(number) if number.is_integer() else _wrong_type(value, "a whole number", where, log)


def _list(value: Any, spec: Setting, where: str, log: FaultLog) -> Any:
    if not isinstance(value, list | tuple) or not all(isinstance(part, str) for part in value):
        return _wrong_type(value, "a list of texts", where, log)
    if spec.name not in SUMS:
        return _words(value, spec, where, log)
    faults = goal_faults(value, where, SUMS[spec.name])
    log.faults += faults
    return _NONE if faults else tuple(value)


def _words(value: Sequence[str], spec: Setting, where: str, log: FaultLog) -> Any:
    wrong = [word for word in value if word not in spec.values]
    for word in wrong:
        rule = f"{spec.name} is a list of {', '.join(spec.values)}"
        action = "use these words"
        log.add("E1405", where, rule, action, word, nearest(word, spec.values))
    if not wrong and (not value or len(set(value)) < len(value)):
        rule = f"{spec.name} must hold one word at least and none twice"
        log.add("E1406", where, rule, "correct the list", "|".join(value))
        wrong = [""]
    return _NONE if wrong else tuple(value)


def _table(value: Any, spec: Setting, where: str, log: FaultLog) -> Any:
    if not isinstance(value, Mapping):
        return _wrong_type(value, "a table of goals and shares", where, log)
    shares = {
        str(name): _number(share, spec, f"{where}.{name}", log) for name, share in value.items()
    }
    return MappingProxyType({name: share for name, share in shares.items() if share is not _NONE})


def _wrong_type(value: Any, wanted: str, where: str, log: FaultLog) -> Any:
    log.add("E1403", where, f"the value must be {wanted}", "correct the value", value)
    return _NONE


_READERS = {
    "string": _string,
    "boolean": _boolean,
    "number": _number,
    "integer": _integer,
    "list": _list,
    "table": _table,
}
