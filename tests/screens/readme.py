"""Runs README's commands in a terminal of 80 columns and holds what they print against the screens that README shows.

    python tests/screens/readme.py target/debug/backtrail

Every block that begins with `$ backtrail` is run, but for those that need S3 or a cluster. A line of `…` or `[…]` stands for
lines that README leaves out. What differs from run to run (seconds, the lake's size, which follows the paths of the logs) is not
compared. Needs no package; exits with 1 when a screen differs.
"""

import difflib
import fcntl
import os
import pathlib
import pty
import re
import struct
import sys
import tempfile
import termios

PACKAGE = pathlib.Path(__file__).resolve().parents[2]
STORIES = PACKAGE / "testdata" / "stories"
ROWS, COLUMNS = 50, 80
LEFT_OUT = {"…", "[…]"}


def blocks(readme):
    """Command, and the lines that README shows of it."""
    for block in re.findall(r"^```[a-z]*\n(.*?)^```", readme, re.S | re.M):
        if not block.startswith("$ backtrail") or "s3://" in block or "df://" in block or "cluster" in block:
            continue
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            lines = part.rstrip("\n").split("\n")
            command = lines.pop(0)
            while command.count('"') % 2:
                command += "\n" + lines.pop(0)
            if any(line.strip() for line in lines):
                yield command, [line.rstrip() for line in lines]


def folder_of(command, here):
    """A snapshot called `iam` is that of a story, whose commands are run in its folder."""
    if "--snapshot iam" not in command:
        return here
    return STORIES / ("unused" if command.startswith("backtrail unused") else "proposed-scp")


def printed(command, folder, environment):
    """What a command writes to a terminal, as lines."""
    pid, terminal = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        os.chdir(folder)
        os.execvpe("sh", ["sh", "-c", command], environment)
    written = b""
    while True:
        try:
            some = os.read(terminal, 65536)
        except OSError:
            break
        if not some:
            break
        written += some
    os.close(terminal)
    os.waitpid(pid, 0)
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written.decode().replace("\r\n", "\n"))
    return [line.rsplit("\r", 1)[-1].rstrip() for line in text.strip("\n").split("\n")]


def steady(lines):
    """The lines without what differs from run to run; how long a reading took is said once it is over."""
    lines = [line for line in lines if not re.fullmatch(r"[\d,]+ events in [\d.]+ (s|min)(: .*)?", line)]
    lines = [re.sub(r" in \d+\.\d s \(", " in … s (", line) for line in lines]
    return [re.sub(r"^(  lake .*), [\d.]+ [KM]iB$", r"\1, … KiB", line) for line in lines]


def is_as(shown, got):
    """Whether a printed line is the one shown, whose end may be left out."""
    return got.startswith(shown.removesuffix("[…]").rstrip()) if shown.endswith("[…]") else got == shown


def begins_with(got, shown):
    return len(got) >= len(shown) and all(map(is_as, shown, got))


def parts(shown):
    """The runs of lines between those that are left out."""
    part = []
    for line in shown:
        if line.strip() not in LEFT_OUT:
            part.append(line)
        if line.endswith("…") or line.endswith("[…]"):
            yield part
            part = []
    yield part


def differs(shown, got):
    """Why the lines shown are not those got, but for what is left out; None where they are."""
    at = 0
    for number, part in enumerate(parts(shown)):
        text = [line for line in "\n".join(part).strip("\n").split("\n") if part]
        places = range(at, len(got) + 1) if number else [0]
        found = next((place for place in places if begins_with(got[place:], text)), None)
        if found is None:
            begin = next((place for place in range(at, len(got)) if is_as(text[0], got[place])), at)
            near = got[begin : begin + len(text)]
            return "\n".join(difflib.unified_diff(text, near, "README", "printed", n=1, lineterm=""))
        at = found + len(text)
    if not shown[-1].endswith("…") and not shown[-1].endswith("[…]") and at < len(got):
        return "README leaves out the end:\n" + "\n".join(got[at:])
    return None


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    readme = (PACKAGE / "README.md").read_text()
    failed = run = 0
    with tempfile.TemporaryDirectory() as name:
        here = pathlib.Path(name)
        (here / "bin").mkdir()
        (here / "bin" / "backtrail").symlink_to(program)
        (here / "testdata").symlink_to(PACKAGE / "testdata")
        environment = {
            "PATH": f"{here / 'bin'}:{os.environ['PATH']}",
            "BACKTRAIL_CACHE": str(here / "cache"),
            "HOME": name,
            "LANG": "C.UTF-8",
            "NO_COLOR": "1",
            "TERM": "xterm",
        }
        for command, shown in blocks(readme):
            run += 1
            got = steady(printed(command, folder_of(command, here), environment))
            difference = differs(steady(shown), got)
            if difference is not None:
                failed += 1
                print(f"$ {command}\n{difference}\n")
    print(f"screens: {run - failed} as printed, {failed} not")
    return 1 if failed or not run else 0


if __name__ == "__main__":
    sys.exit(main())
