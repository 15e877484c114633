"""HTML to PDF in a child process, so that a document that eats memory or never ends takes nothing else with it."""

import os
import subprocess
import sys
from dataclasses import dataclass

from core.errors import InputError
from core.settings import ROOT

MEMORY_BYTES = 1_500_000_000  # a report takes some 150 MB; measured address space with fonts and tags is below 1 GB
SECONDS = 120
KEPT_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "FONTCONFIG_FILE", "FONTCONFIG_PATH", "XDG_CACHE_HOME")


@dataclass(frozen=True)
class Rendered:
    """A PDF and its number of pages."""

    content: bytes
    pages: int


def render(html: str, memory_bytes: int = MEMORY_BYTES, seconds: int = SECONDS) -> Rendered:
    """The PDF of a page whose addresses all start with ``report:///`` or ``data:``.

    The child gets no secret: its environment is a short list of names. Raises ``InputError`` where the child fails, is
    killed or takes too long.
    """
    environment = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
    environment["PYTHONHASHSEED"] = "0"  # the order of sets must not reach the bytes
    command = [sys.executable, "-m", "exports.render_child", str(memory_bytes), str(seconds)]
    try:
        done = subprocess.run(command, input=html.encode(), capture_output=True, cwd=ROOT, env=environment, timeout=seconds, check=False)  # noqa: S603  # our own module
    except subprocess.TimeoutExpired as error:
        raise _failure(f"quá {seconds} giây", f"it took more than {seconds} s") from error
    if done.returncode < 0:
        raise _failure(f"tiến trình bị dừng (tín hiệu {-done.returncode})", f"the process was killed (signal {-done.returncode})")
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["?"]
        raise _failure(last[0][:500], last[0][:500])
    pages, _newline, content = done.stdout.partition(b"\n")
    if not pages.isdigit() or not content.startswith(b"%PDF-"):
        raise _failure("kết quả không phải là PDF", "what came back is no PDF")
    return Rendered(content, int(pages))


def _failure(reason_vi: str, reason_en: str) -> InputError:
    return InputError(
        f"Chưa dựng được báo cáo: {reason_vi}. Bản đã lưu trước đó không thay đổi; có thể yêu cầu dựng lại.",
        f"The report could not be made: {reason_en}. What was stored before is unchanged; ask for it again.",
    )
