"""A Python process inside a project, which many tests can ask without starting one each."""

import json
import subprocess
from pathlib import Path

# Reads a JSON text a line, runs it, and answers with the value of `result`, or with the error.
LOOP = """
import io, json, sys, traceback
import django
django.setup()
answers = sys.stdout
for line in sys.stdin:
    sys.stdout = output = io.StringIO()
    space = {}
    try:
        exec(json.loads(line), space)
        answer = {"result": space.get("result")}
    except BaseException as error:
        kinds = [kind.__name__ for kind in type(error).__mro__]
        answer = {"error": str(error), "kinds": kinds, "traceback": traceback.format_exc()}
    answer["output"] = output.getvalue()
    print(json.dumps(answer, default=str), file=answers, flush=True)
"""

# Sends 200 MB to the storage and reads it back. The result is the growth of the peak memory in MB
# after each, whether the content is the same, and its size.
MEMORY = """
import hashlib
from tempfile import TemporaryFile
def peak():
    return int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]) // 1024
with TemporaryFile() as file:
    block = bytes(range(256)) * 4096
    digest = hashlib.sha256()
    for _ in range(200):
        file.write(block)
        digest.update(block)
    # A first small file, so that the library itself is loaded and not counted.
    storage.open(storage.save('small.bin', ContentFile(b'x'))).close()
    before = peak()
    name = storage.save('200.bin', File(file, name='200.bin'))
    up = peak() - before
received = hashlib.sha256()
with storage.open(name) as file:
    for chunk in file.chunks():
        received.update(chunk)
result = up, peak() - before, received.hexdigest() == digest.hexdigest(), storage.size(name)
storage.delete(name)
"""


class Failed(Exception):
    """What was run in the project raised an error; `kinds` are its classes by name."""

    def __init__(self, answer: dict) -> None:
        super().__init__(answer["traceback"])
        self.kinds, self.said = answer["kinds"], answer["error"]


class Console:
    """A process with a project's Django set up; warnings are errors in it."""

    def __init__(self, python: Path, project: Path, env: dict[str, str]) -> None:
        self.log = project.parent / f"{project.name}-console.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [str(python), "-W", "error", "-c", LOOP],
                cwd=project,
                env=env | {"DJANGO_SETTINGS_MODULE": "config.settings"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                encoding="utf-8",
            )

    def run(self, code: str):
        """Run code; return what it leaves in `result`. Raises Failed with the project's error."""
        self.process.stdin.write(json.dumps(code) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, self.log.read_text(encoding="utf-8")
        answer = json.loads(line)
        self.output = answer["output"]
        if "error" in answer:
            raise Failed(answer)
        return answer["result"]

    def close(self) -> None:
        """End the process."""
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(timeout=10)
