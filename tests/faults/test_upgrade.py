"""An upgrade while people work, by the steps of docs/operations.md: to a version with a column more, and back.

The next version is this one with a migration that adds a column and a model that has it, in a folder of its own. Every
row tells by that column which version wrote it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .run import Run
from .stack import PATIENCE, ROOT, InvalidRun, Proc, answers, provision, until

pytestmark = pytest.mark.stack

MIGRATION = """
from django.db import migrations, models

class Migration(migrations.Migration):
    dependencies = [("transactions", "{last}")]
    operations = [migrations.AddField("transaction", "written_by", models.CharField(max_length=9, null=True))]
"""
MODEL = """
from django.db.models import CharField
CharField(max_length=9, null=True, default="next").contribute_to_class(Transaction, "written_by")
"""


@pytest.fixture
def next_version(tmp_path: Path) -> Path:
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True)
    tree = tmp_path / "next"
    for name in filter(lambda name: (ROOT / name).exists(), listed.stdout.splitlines()):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tree / name)
    package = tree / "transactions"
    last = max(path.stem for path in (package / "migrations").glob("0*.py"))
    (package / "migrations" / "9999_written_by.py").write_text(MIGRATION.format(last=last))
    with (package / "models" / "__init__.py").open("a") as models:
        models.write(MODEL)
    return tree


class Proxy:
    """nginx before the web processes; people know only its address."""

    def __init__(self, family: provision.Family, home: Path, port: int) -> None:
        self._home = home
        self.url = provision.start_nginx(family, home, [f"127.0.0.1:{port}"], log=home.parent / "nginx.log")
        self._process = family.members[-1][1]

    def _workers(self) -> set[str]:
        return set(Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split())

    def point_at(self, port: int) -> None:
        """From now on requests go there; returns when those on their way elsewhere have been answered."""
        before = self._workers()
        provision.write_upstreams(self._home, [f"127.0.0.1:{port}"])
        self._process.send_signal(provision.signal.SIGHUP)
        until(lambda: not before & self._workers(), PATIENCE, "nginx has finished what it had begun")


@pytest.fixture
def proxy(run_of_faults: Run, tmp_path: Path) -> Iterator[Proxy]:
    family = provision.Family()
    try:
        yield Proxy(family, tmp_path / "nginx", run_of_faults.stack.port)
    finally:
        family.end()


def end(proc: Proc) -> None:
    """As the run-book says: SIGTERM, and it finishes what it has begun."""
    proc.supervised = False
    proc.stop(patience=30)


def change_over(run: Run, proxy: Proxy, tree: Path, port: int) -> None:
    """Steps 3 and 4: web processes beside the old ones, the proxy, then worker and beat."""
    stack = run.stack
    web, old = stack.gunicorn(port, tree=tree), stack.web
    web.start()
    until(lambda: answers(f"http://127.0.0.1:{port}/readyz"), 60, "the other version is ready")
    proxy.point_at(port)
    stack.web = web
    end(old)
    for role in ("worker", "beat"):
        end(getattr(stack, role))
        fresh = stack.celery(role, tree=tree)
        fresh.start()
        setattr(stack, role, fresh)


def written(run: Run) -> dict[str | None, int]:
    return dict(run.stack.sql("SELECT written_by, count(*) FROM transactions_transaction GROUP BY 1"))


def work_goes_on(run: Run, many: int = 6) -> None:
    before = len(run.history.of("submit", "ok"))
    until(lambda: len(run.history.of("submit", "ok")) >= before + many, PATIENCE, "people are at work")


def test_an_upgrade_and_the_way_back_are_noticed_by_nobody(run_of_faults, next_version, proxy):
    run = run_of_faults
    begun = len(run.history.ops)
    with run.load(threads=2, url=proxy.url):
        work_goes_on(run)
        subprocess.run([sys.executable, "manage.py", "prepare"], cwd=next_version, env=run.stack.env, check=True)
        before = written(run)
        work_goes_on(run)
        assert set(written(run)) == {None}, "the old version goes on beside the new tables"
        change_over(run, proxy, next_version, provision.free_port())
        work_goes_on(run)
        upgraded = written(run)
        change_over(run, proxy, ROOT, run.stack.port)
        work_goes_on(run)
    if not upgraded.get("next"):
        raise InvalidRun("the next version took nothing")
    assert written(run)[None] > upgraded[None] > before[None]
    noticed = [op for op in run.history.ops[begun:] if op.outcome not in ("ok", "refused")]
    assert [(op.kind, op.status, op.answer) for op in noticed] == []
