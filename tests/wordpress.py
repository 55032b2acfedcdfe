"""A real WordPress (Debian's package) with our plugin, on a MariaDB of its own; both write to one folder alone."""

import os
import shutil
import socket
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import urllib3
from bs4 import BeautifulSoup

from tests.live_server import free_port
from tests.proxies import needs, program
from tests.waiting import until

_ROOT = Path(__file__).parents[1]
_PACKAGED = Path("/usr/share/wordpress")
_START_WITHIN = 60.0
USER, PASSWORD = "admin", "a-password-for-tests"
_CONFIG = """<?php
define('DB_NAME', 'wordpress'); define('DB_USER', 'root'); define('DB_PASSWORD', '');
define('DB_HOST', '127.0.0.1:%(database)d'); define('DB_CHARSET', 'utf8mb4'); define('DB_COLLATE', '');
foreach (['AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE'] as $name) {
  define($name . '_KEY', 'of a test');
  define($name . '_SALT', 'of a test');
}
define('WP_HTTP_BLOCK_EXTERNAL', true); define('DISABLE_WP_CRON', true); define('AUTOMATIC_UPDATER_DISABLED', true);
define('WP_DEBUG', true); define('WP_DEBUG_DISPLAY', false); define('WP_DEBUG_LOG', '%(log)s');
$table_prefix = 'wp_';
if (!defined('ABSPATH')) define('ABSPATH', __DIR__ . '/');
require_once ABSPATH . 'wp-settings.php';
"""
_INSTALL = """
define('WP_INSTALLING', true); require '%(folder)s/wp-load.php'; require ABSPATH . 'wp-admin/includes/upgrade.php';
wp_install('Example', '%(user)s', 'admin@example.com', true, '', '%(password)s');
update_option('siteurl', '%(url)s'); update_option('home', '%(url)s');
require_once ABSPATH . 'wp-admin/includes/plugin.php'; $said = activate_plugin('handbell/handbell.php');
switch_theme('plain');
if (is_wp_error($said)) { fwrite(STDERR, $said->get_error_message()); exit(1); }
"""
# Debian's themes are packages of their own.
_THEME = """<!doctype html>
<html <?php language_attributes(); ?>><head><meta charset="utf-8"><title>A blog</title><?php wp_head(); ?></head><body>
<main><?php while (have_posts()) { the_post(); the_content(); } ?></main><?php wp_footer(); ?></body></html>
"""


@dataclass(frozen=True, slots=True)
class WordPress:
    """A running WordPress with an administrator, USER and PASSWORD; `log` has PHP's complaints."""

    url: str
    folder: Path
    php: str
    log: Path

    def run(self, code: str) -> str:
        """What this PHP code prints within WordPress."""
        whole = f"require '{self.folder}/wp-load.php'; {code}"
        return subprocess.run([self.php, "-r", whole], check=True, capture_output=True, text=True, timeout=60).stdout

    def set(self, **options: object) -> None:
        """Store these settings of the plugin as they are."""
        pairs = ", ".join(f"{name!r} => {_php(value)}" for name, value in options.items())
        self.run(f"remove_all_filters('sanitize_option_handbell'); update_option('handbell', [{pairs}]);")

    def post(self, content: str) -> str:
        """The address of a new page with this content."""
        return self.run(
            "echo get_permalink(wp_insert_post(wp_slash(['post_type' => 'page', 'post_status' => 'publish', "
            f"'post_title' => 'A page', 'post_content' => {_php(content)}])));"
        )

    def get(self, address: str) -> BeautifulSoup:
        """The page as a visitor gets it."""
        answer = urllib3.request("GET", address, timeout=60)
        assert answer.status == 200, answer.data
        return BeautifulSoup(answer.data, "html.parser")


def _php(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"base64_decode('{b64encode(str(value).encode()).decode()}')"


@contextmanager
def wordpress(folder: Path) -> Iterator[WordPress]:
    """WordPress in this folder. Without its package the test is skipped; with CI=true it is installed."""
    php = program("php", "php-cli")
    program("mariadbd", "mariadb-server")
    needs("wordpress", _PACKAGED / "wp-load.php")  # brings PHP's driver for MariaDB
    here = folder / "wordpress"
    shutil.copytree(_PACKAGED, here, symlinks=False, ignore=shutil.ignore_patterns("wp-config.php", "languages"))
    shutil.copytree(_ROOT / "integrations" / "wordpress" / "handbell", here / "wp-content" / "plugins" / "handbell")
    theme = here / "wp-content" / "themes" / "plain"
    theme.mkdir(parents=True)
    (theme / "style.css").write_text("/* Theme Name: Plain */", "utf-8")
    (theme / "index.php").write_text(_THEME, "utf-8")
    database, port = free_port(), free_port()
    url, log = f"http://127.0.0.1:{port}", folder / "php.log"
    (here / "wp-config.php").write_text(_CONFIG % {"database": database, "log": log}, "utf-8")
    with _mariadb(folder / "mariadb", database):
        subprocess.run(
            [php, "-r", f"(new mysqli('127.0.0.1', 'root', '', '', {database}))->query('CREATE DATABASE wordpress');"],
            check=True,
            timeout=60,
        )
        values = {"folder": here, "user": USER, "password": PASSWORD, "url": url}
        subprocess.run([php, "-r", _INSTALL % values], check=True, timeout=120)
        environment = {**os.environ, "PHP_CLI_SERVER_WORKERS": "4"}
        command = [php, "-d", "opcache.enable_cli=1", "-S", f"127.0.0.1:{port}", "-t", str(here)]
        with (folder / "server.log").open("wb") as said, _ended(command, said, environment):
            assert until(lambda: _listens(port), _START_WITHIN)
            yield WordPress(url, here, php, log)


@contextmanager
def _mariadb(folder: Path, port: int) -> Iterator[None]:
    folder.mkdir()
    own = ["--no-defaults", f"--datadir={folder}", "--user=root"]
    make = [program("mariadb-install-db", "mariadb-server"), *own, "--auth-root-authentication-method=normal"]
    subprocess.run([*make, "--skip-test-db"], check=True, capture_output=True, timeout=120)
    run = [program("mariadbd", "mariadb-server"), *own, f"--port={port}", "--bind-address=127.0.0.1"]
    with (folder / "said").open("wb") as said, _ended([*run, f"--socket={folder}/s"], said, dict(os.environ)):
        assert until(lambda: _listens(port), _START_WITHIN), (folder / "said").read_text("utf-8")
        yield


@contextmanager
def _ended(command: list[str], said: IO[bytes], environment: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=said, stderr=said, env=environment, start_new_session=True)
    try:
        yield
    finally:
        os.killpg(process.pid, 15)
        process.wait(30)


def _listens(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0
