"""The repository itself: layers hold, nothing is unused, what is written in two places agrees."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest
from django.core.management import call_command, get_commands
from django.template.loader import get_template

ROOT = Path(__file__).parents[1]
APPS = ("geo", "matchmaker", "consortia", "allotment", "frontend", "accounts", "config")
FOUND_BY_DJANGO = {"400.html", "403.html", "403_csrf.html", "404.html", "500.html", "registration/login.html"}


@cache
def tracked() -> tuple[Path, ...]:
    """Files of the repository as git knows them."""
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
    ).stdout
    return tuple(path for name in listed.split("\0") if name and (path := ROOT / name).is_file())


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def sources(*suffixes: str) -> dict[str, str]:
    return {str(path.relative_to(ROOT)): path.read_text("utf-8") for path in tracked() if path.suffix in suffixes}


# ---------------------------------------------------------------- layers


def test_the_contracts_between_layers_are_kept() -> None:
    ran = subprocess.run(
        [Path(sys.executable).parent / "lint-imports"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout
    assert "0 broken" in ran.stdout


def test_every_app_stands_under_the_contracts() -> None:
    contracts = tomllib.loads(read("pyproject.toml"))["tool"]["importlinter"]
    assert set(contracts["root_packages"]) == set(APPS)
    assert set(contracts["contracts"][0]["layers"]) == set(APPS)
    rooms = {name for contract in contracts["contracts"][1:] for name in contract["source_modules"]}
    there = {f"{app}.{room}" for app in APPS for room in ("domain", "sources") if (ROOT / app / room).is_dir()}
    assert rooms == there


@pytest.mark.parametrize(
    ("room", "banned"),
    [
        ("domain", {"django", "ninja", "celery", "psycopg", "redis", "requests", "httpx", "duckdb", "lxml"}),
        ("sources", {"django", "ninja", "celery", "psycopg"}),
    ],
)
def test_domain_and_sources_run_where_the_frameworks_do_not_exist(room: str, banned: set[str]) -> None:
    """Really imported, in a fresh process, with those packages out of reach."""
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in tracked()
        if path.suffix == ".py" and path.parent.name == room and path.parents[1].name in APPS
    ]
    assert len(modules) > 10
    code = (
        "import importlib, sys\n"
        "class Wall:\n    def find_spec(self, name, *_):\n"
        f"        if name.split('.')[0] in {banned!r}:\n"
        "            raise ImportError(f'{name} is out of reach here')\n"
        "sys.meta_path.insert(0, Wall())\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-2000:]


def test_the_domain_never_reads_the_clock_nor_the_environment() -> None:
    """Legal rules take the consultation's date as an argument."""
    read_clock = {"now", "today", "utcnow", "localdate", "getenv", "environ", "time"}
    found = [
        f"{name}:{node.lineno}"
        for name, text in sources(".py").items()
        if "/domain/" in name and not name.startswith("tests/")
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Attribute)
        and node.attr in read_clock
        and isinstance(node.value, ast.Name)
        and node.value.id in {"datetime", "date", "time", "os", "timezone"}
    ]
    assert found == []


# ---------------------------------------------------------------- database and pages


@pytest.mark.django_db
def test_migrations_are_up_to_date_with_the_models() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def _templates() -> dict[str, str]:
    folder = ROOT / "frontend" / "templates"
    return {str(path.relative_to(folder)): path.read_text("utf-8") for path in sorted(folder.rglob("*.html"))}


def test_every_template_is_used() -> None:
    texts = [text for name, text in sources(".py", ".html").items() if not name.startswith("tests/")]
    unused = [
        name
        for name in _templates()
        if name not in FOUND_BY_DJANGO and not any(f'"{name}"' in text or f"'{name}'" in text for text in texts)
    ]
    assert unused == []


@pytest.mark.parametrize("name", _templates())
def test_every_template_and_all_it_includes_can_be_read(name: str) -> None:
    get_template(name)
    for wanted in re.findall(r'{%\s*(?:include|extends)\s+"([^"]+)"', _templates()[name]):
        get_template(wanted)


# ---------------------------------------------------------------- what is said twice


def _settings_names() -> set[str]:
    return {f"MAILLAGE_{name}" for name in re.findall(r'\benv\("([A-Z_]+)"', read("config/settings.py"))}


def test_compose_speaks_of_settings_that_exist() -> None:
    said = set(re.findall(r"^\s+(MAILLAGE_[A-Z_]+):", read("compose.yaml"), flags=re.MULTILINE))
    assert said
    assert said <= _settings_names()
    image = set(re.findall(r"\b(MAILLAGE_[A-Z_]+)=", read("Dockerfile")))
    assert image <= _settings_names()


def test_compose_gives_all_that_reaches_the_database_and_the_broker() -> None:
    said = set(re.findall(r"^\s+(MAILLAGE_[A-Z_]+):", read("compose.yaml"), flags=re.MULTILINE))
    assert {f"MAILLAGE_DB_{name}" for name in ("HOST", "PORT", "NAME", "USER", "PASSWORD")} <= said
    assert {"MAILLAGE_REDIS_URL", "MAILLAGE_SECRET_KEY", "MAILLAGE_ALLOWED_HOSTS"} <= said


def test_compose_has_the_services_the_product_needs() -> None:
    services = re.findall(r"^  ([a-z]+):", read("compose.yaml").split("\nservices:\n")[1], flags=re.MULTILINE)
    assert {"db", "redis", "web", "worker", "beat"} <= set(services)


def test_compose_and_run_start_commands_that_exist() -> None:
    known = set(get_commands())
    said = set(re.findall(r"manage\.py ([a-z_]+)", read("compose.yaml")))
    said |= set(re.findall(r"^\s*manage ([a-z_]+)", read("run"), flags=re.MULTILINE))
    assert {"migrate", "load_reference", "load_territory"} <= said
    assert said <= known


def test_every_setting_is_documented() -> None:
    page = read("docs/operations.md")
    missing = [name for name in _settings_names() if name not in page and f"`_{name.split('_', 2)[2]}`" not in page]
    assert missing == []


def test_ci_does_what_a_person_does() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert re.search(r"^exec \./run test$", script.read_text("utf-8"), flags=re.MULTILINE)
    assert os.access(ROOT / "run", os.X_OK)


def test_python_is_the_same_everywhere() -> None:
    wanted = tomllib.loads(read("pyproject.toml"))["project"]["requires-python"]
    assert wanted == ">=3.13,<3.14"
    assert read(".python-version").strip().startswith("3.13")
    assert set(re.findall(r"python:(\d+\.\d+)", read("Dockerfile"))) == {"3.13"}


def test_what_the_project_depends_on_is_locked_with_hashes() -> None:
    project = tomllib.loads(read("pyproject.toml"))["project"]
    locked = set(re.findall(r"^([a-z0-9][a-z0-9.-]*)(?:\[[^]]*\])?==", read("requirements.lock"), flags=re.MULTILINE))
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {re.split(r"[\[<>=!~ ]", line)[0].lower().replace("_", "-") for line in wanted}
    assert names <= locked
    assert read("requirements.lock").count("--hash=sha256:") >= len(locked)


# ---------------------------------------------------------------- no trace of a machine

PLACES = re.compile(r"(?<![\w.])/(?:home|Users|root|work|mnt)/[A-Za-z0-9]")
HOSTS = re.compile(r"https?://[^\s\"')]*(?:pypi|npmjs|pythonhosted|artifact|nexus|jfrog|mirror|registry)[^\s\"')]*")


def test_no_tracked_file_names_a_machine_s_folder_or_a_registry() -> None:
    found = []
    for path in tracked():
        if path == Path(__file__) or path.suffix in (".png", ".woff2", ".gz"):
            continue
        text = path.read_text("utf-8", errors="replace")
        found += [f"{path.relative_to(ROOT)} : {match[0]}" for match in (*PLACES.finditer(text), *HOSTS.finditer(text))]
    assert found == []


def test_locks_name_packages_and_hashes_never_addresses() -> None:
    for name in ("requirements.lock", "requirements-data.lock", "frontend/package-lock.json"):
        assert "://" not in re.sub(r'"(?:url|funding)": "[^"]*"', "", read(name)), name


def test_no_generated_or_heavy_file_is_tracked() -> None:
    heavy = [str(path.relative_to(ROOT)) for path in tracked() if path.stat().st_size > 1_000_000]
    made = [str(path.relative_to(ROOT)) for path in tracked() if path.suffix in (".pyc", ".mo", ".sqlite3")]
    assert (heavy, made) == ([], [])


def test_every_rule_of_the_stylesheet_is_closed() -> None:
    """Browsers and the bundler take a forgotten brace in silence: all that follows is then nested, and lost."""
    depth = 0
    for number, line in enumerate(
        re.sub(r"/\*.*?\*/", "", read("frontend/assets/style.css"), flags=re.S).split("\n"), 1
    ):
        assert depth == 0 or line[:1] in (" ", "}", ""), f"style.css, line {number} (comments apart): {line}"
        depth += line.count("{") - line.count("}")
    assert depth == 0
