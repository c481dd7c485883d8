"""Nothing is lost: kills, full disks and two runs at once leave an intact plan."""

import os
import subprocess
import sys
import textwrap

import pandas as pd
import pytest

from allocator.errors import NoPlanError
from allocator.plan import Plan, Status, load_plan, save_plan

posix = pytest.mark.skipif(os.name == "nt", reason="signals and limits of POSIX")

WRITE = """
    import sys
    import pandas as pd
    from allocator.plan import Plan, Status, save_plan

    def plan(size, number):
        frame = pd.DataFrame({"from_id": "S", "to_id": "C", "item_id": "i",
                              "period": range(1, size + 1), "quantity": float(number)})
        return Plan("dispatch", {"shipments": frame}, Status("completed", "valid"),
                    summary={"number": number})
"""


def make(number: int) -> Plan:
    frame = pd.DataFrame({"from_id": ["S"], "to_id": "C", "item_id": "i", "period": 1})
    tables = {"shipments": frame.assign(quantity=1.0)}
    return Plan("dispatch", tables, Status("completed", "valid"), summary={"number": number})


KILL = """
    import os, random, signal, time
    from allocator.plan import load_plan

    target, moments = sys.argv[1], random.Random(0)
    save_plan(plan(500, 0), target)
    start = time.perf_counter()
    save_plan(plan(500, 0), target)
    took = min(time.perf_counter() - start, 0.1)
    for _ in range(50):
        child = os.fork()
        number = load_plan(target).summary["number"]
        while child == 0:
            number += 1
            save_plan(plan(500, number), target)
        time.sleep(moments.uniform(0.1, 2.5) * took)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        left = {entry.partition("plan")[2] for entry in os.listdir(os.path.dirname(target))}
        read = load_plan(target)
        assert len(read.shipments) == 500
        assert (read.shipments["quantity"] == read.summary["number"]).all()
        print(read.summary["number"], *sorted(left))
"""


def script(body: str, target: object) -> list[str]:
    return [sys.executable, "-c", textwrap.dedent(WRITE) + textwrap.dedent(body), str(target)]


@posix
def test_kill_at_fifty_random_moments(tmp_path):
    done = subprocess.run(
        script(KILL, tmp_path / "plan"), capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 50
    assert int(lines[-1].split()[0]) > 1, "every kill came before the first plan was written"
    assert any(".tmp" in line for line in lines), "no kill fell into the writing"


def test_a_crash_between_the_renames_is_recovered(tmp_path):
    plan = make(1)
    save_plan(plan, tmp_path / "plan")
    (tmp_path / "plan").rename(tmp_path / "plan.prev")
    (tmp_path / "plan.tmp").mkdir()
    assert load_plan(tmp_path / "plan").summary == {"number": 1}
    save_plan(make(2), tmp_path / "plan")
    assert load_plan(tmp_path / "plan").summary == {"number": 2}
    assert {entry.name for entry in tmp_path.iterdir()} <= {"plan", ".plan.lock"}


FULL = """
    import resource, signal
    from allocator.errors import NoPlanError

    save_plan(plan(10, 1), sys.argv[1])
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
    try:
        save_plan(plan(10_000, 2), sys.argv[1])
    except NoPlanError as fault:
        print(fault.code)
"""


@posix
def test_a_full_disk_keeps_the_old_plan(tmp_path):
    done = subprocess.run(
        script(FULL, tmp_path / "plan"), capture_output=True, text=True, timeout=120
    )
    assert done.stdout.strip() == "E5012", done.stderr
    assert load_plan(tmp_path / "plan").summary == {"number": 1}
    assert {entry.name for entry in tmp_path.iterdir()} <= {"plan", ".plan.lock"}


HOLD = """
    from allocator.plan import held

    with held(__import__("pathlib").Path(sys.argv[1])):
        print("held", flush=True)
        sys.stdin.read()
"""


def test_two_runs_at_once_are_refused(tmp_path):
    target = tmp_path / "plan"
    command = script(HOLD, target)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline().strip() == b"held"
        with pytest.raises(NoPlanError) as caught:
            save_plan(make(1), target)
        other.communicate(b"")
    assert caught.value.code == "E5011"
    save_plan(make(1), target)
